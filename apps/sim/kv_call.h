// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bowline/rpc/call.h"

namespace bowline::apps {

// One call of a client to the front of a simulated node. What the service sends is told at once, in
// the midst of what it does: whoever is told may only take notes.
class KvCall final : public rpc::CallChannel {
 public:
  struct Told {
    std::function<void(std::string_view bytes)> message = {};
    std::function<void(const rpc::Status&)> finished = {};
    std::function<void()> lost = {};  // the process of the node is over, and said nothing more
  };
  KvCall(std::string method, Told told) : told_(std::move(told)) {
    head_.method = std::move(method);
  }

  // For the client, but from within the process of the node.
  void send(std::string_view bytes) {
    if (!over_ && hooks_.message) hooks_.message(bytes);
  }
  void half_close() {
    if (!over_ && hooks_.half_closed) hooks_.half_closed();
  }
  void cancel() {
    if (over_) return;
    over_ = true;
    if (hooks_.cancelled) hooks_.cancelled(rpc::Cancelled::by_client);
  }
  void read_on() {
    reads_ = true;
    if (!over_ && hooks_.drained) hooks_.drained();
  }
  void stop_reading() { reads_ = false; }
  void lose() {
    if (std::exchange(over_, true)) return;
    if (told_.lost) told_.lost();
  }
  // What the service asked to be told. Not from within any of these.
  void let_go() { hooks_ = {}; }

  // ---- for the service
  const rpc::CallHead& head() const override { return head_; }
  void listen(rpc::CallHooks hooks) override { hooks_ = std::move(hooks); }
  void message(std::string bytes) override {
    if (!over_ && told_.message) told_.message(bytes);
  }
  void finish(rpc::Status status) override {
    if (std::exchange(over_, true)) return;
    if (told_.finished) told_.finished(status);
  }
  void hold(bool) override {}
  std::uint64_t queued() const override { return reads_ ? 0 : ~std::uint64_t{0}; }
  bool over() const override { return over_; }

 private:
  rpc::CallHead head_;
  rpc::CallHooks hooks_;
  Told told_;
  bool reads_ = true;
  bool over_ = false;
};

}  // namespace bowline::apps
