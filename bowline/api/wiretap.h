// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <future>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"

namespace bowline {

// Somebody between two nodes, for tests: whoever calls it is led on, and all that callers say is
// kept. A thread of its own.
class Wiretap {
 public:
  Wiretap() : network_(loop_) {
    std::promise<std::string> address;
    network_.listen(
        "127.0.0.1:0",
        [this](std::unique_ptr<env::Connection> caller) { accepted(std::move(caller)); },
        [&](Result<std::unique_ptr<env::Listener>> listener) {
          ensure(listener.has_value());
          listener_ = *std::move(listener);
          address.set_value(listener_->address());
        });
    thread_ = std::thread([this] { loop_.run(); });
    address_ = address.get_future().get();
  }
  ~Wiretap() {
    loop_.stop();
    thread_.join();
    calls_.clear();
    listener_.reset();
  }
  Wiretap(const Wiretap&) = delete;
  Wiretap& operator=(const Wiretap&) = delete;

  const std::string& address() const { return address_; }
  void lead_to(std::string address) {
    on_thread([this, &address] { target_ = std::move(address); });
  }
  // What callers said, one text for each call.
  std::vector<std::string> heard() {
    std::vector<std::string> all;
    on_thread([this, &all] {
      for (const Call& call : calls_) all.push_back(call.heard);
    });
    return all;
  }
  // All calls that are under way end.
  void cut() {
    on_thread([this] {
      for (Call& call : calls_) call.end();
    });
  }

 private:
  struct Call {
    std::unique_ptr<env::Connection> caller;
    std::unique_ptr<env::Connection> target;
    std::string heard;
    std::string early;  // before the target was there

    void end() {
      caller.reset();
      target.reset();
    }
  };

  template <class Work>
  void on_thread(Work work) {
    std::promise<void> done;
    loop_.post([&] {
      work();
      done.set_value();
    });
    done.get_future().get();
  }
  void accepted(std::unique_ptr<env::Connection> caller) {
    Call& call = calls_.emplace_back();
    call.caller = std::move(caller);
    call.caller->begin({.received =
                            [&call](std::string_view bytes) {
                              call.heard += bytes;
                              if (call.target == nullptr) {
                                call.early += bytes;
                              } else {
                                call.target->send(std::string(bytes));
                              }
                            },
                        .closed = [&call](const Error&) { call.end(); },
                        .drained = {}});
    network_.connect(target_, [&call](Result<std::unique_ptr<env::Connection>> target) {
      if (!target || call.caller == nullptr) return call.end();
      call.target = *std::move(target);
      call.target->begin(
          {.received = [&call](std::string_view bytes) { call.caller->send(std::string(bytes)); },
           .closed = [&call](const Error&) { call.end(); },
           .drained = {}});
      call.target->send(std::exchange(call.early, {}));
    });
  }

  runtime::Loop loop_;
  runtime::Network network_;
  std::unique_ptr<env::Listener> listener_;
  std::string address_;
  std::string target_;
  std::list<Call> calls_;
  std::thread thread_;
};

}  // namespace bowline
