// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/channel.h"
#include "bowline/wire/frame.h"
#include "bowline/wire/hello.h"

namespace bowline::host {

// Whether the other side is the node that its hello says, as far as the network knows.
Result<void> is_proved(const std::optional<env::Identity>&, const wire::Hello& said);

// One connection to another node, from its first byte: each side says who it is, they agree on how
// to speak, and from then on frames come and go. Any hook may destroy it.
class Link final : public Channel {
 public:
  struct Hooks {
    std::move_only_function<void()> agreed;
    std::move_only_function<void(const wire::Frame&)> came;
    // It is of no use any more. Nothing comes after that.
    std::move_only_function<void(std::string why)> ended;
    std::move_only_function<void()> drained;
  };

  Link(std::unique_ptr<env::Connection>, wire::Hello here, std::uint32_t most_frame_bytes);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void begin(Hooks);                                       // once
  void change(Hooks hooks) { hooks_ = std::move(hooks); }  // it belongs to somebody else now
  void leave() { over_ = true; }  // no hook is called any more: its owner is about to destroy it
  bool agreed() const { return ways_.has_value(); }
  const wire::Hello& there() const { return there_; }  // once agreed
  const wire::Ways& ways() const { return *ways_; }
  void send(std::string frame) override { connection_->send(std::move(frame)); }
  std::uint64_t queued() const override { return connection_->queued(); }
  // Also of a frame that is not whole yet: of a large one on a slow link that is all there is.
  std::uint64_t received_bytes() const { return received_bytes_; }
  std::string peer() const { return connection_->peer(); }
  std::optional<env::Identity> identity() const { return connection_->identity(); }

 private:
  void received(std::string_view bytes);
  void take(const wire::Frame&);
  Result<void> greeted(const wire::Frame&);
  void end(std::string why);

  std::unique_ptr<env::Connection> connection_;
  wire::Hello here_;
  wire::Hello there_;
  std::optional<wire::Ways> ways_;
  std::uint32_t most_frame_bytes_;
  wire::FrameReader reader_;
  std::uint64_t received_bytes_ = 0;
  Hooks hooks_;
  bool over_ = false;
  env::Life life_;
};

}  // namespace bowline::host
