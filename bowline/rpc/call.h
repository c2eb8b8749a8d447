// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bowline/base/time.h"
#include "bowline/rpc/metadata.h"
#include "bowline/rpc/status.h"

namespace bowline::rpc {

// Why nobody waits for the answer any more.
enum class Cancelled : std::uint8_t {
  by_client,        // it reset the stream
  by_deadline,      // it was answered DEADLINE_EXCEEDED
  with_connection,  // which ended, or broke the rules
  by_us             // a limit of ours: the client was told which
};

// What a handler wants to hear of its call. All may be left out. They are called while the session
// works off what it received or its time, never from within a method of Call, so a handler is
// not re-entered. Any of them may finish the call, drop it or change the hooks.
struct CallHooks {
  // A message arrived. The bytes are there during the call only. Not for unary calls.
  std::move_only_function<void(std::string_view bytes)> message = {};
  // The client sends no more messages; it still waits for ours. After all messages.
  std::move_only_function<void()> half_closed = {};
  // Nobody waits any more: what is sent from now on goes nowhere. Called at most once, and not
  // after finish().
  std::move_only_function<void(Cancelled)> cancelled = {};
  // All of what was sent has been taken (see queued()), at least down to the session's low mark.
  std::move_only_function<void()> drained = {};
};

// What was known when the call began.
struct CallHead {
  std::string method;  // "/etcdserverpb.KV/Range"
  std::string peer;    // "127.0.0.1:4711"
  Time deadline = never;
  Metadata metadata;  // without what gRPC and HTTP need for themselves, but with user-agent
};

// What is behind a call: a stream of a session. A test of a service may have one of its own.
class CallChannel {
 public:
  virtual ~CallChannel() = default;
  virtual const CallHead& head() const = 0;
  virtual void listen(CallHooks) = 0;
  virtual void message(std::string bytes) = 0;
  virtual void finish(Status) = 0;
  virtual void hold(bool held) = 0;
  virtual std::uint64_t queued() const = 0;
  virtual bool over() const = 0;
  virtual std::uint64_t queued_beside() const { return queued(); }
  virtual void keeps(std::uint64_t bytes) { static_cast<void>(bytes); }
};

// One call, and the right to answer it. Whoever has it answers when it likes, within the call of
// the handler or much later; a call that is dropped without finish() is answered INTERNAL, so that
// no client waits for ever. It may outlive its connection: then nothing happens any more.
class Call {
 public:
  Call() = default;
  explicit Call(std::shared_ptr<CallChannel> channel) : channel_(std::move(channel)) {}
  ~Call() { drop(); }
  Call(Call&&) noexcept = default;
  Call& operator=(Call&& other) noexcept {
    if (this != &other) drop();
    channel_ = std::move(other.channel_);
    return *this;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  explicit operator bool() const { return channel_ != nullptr; }

  const std::string& method() const { return channel_->head().method; }
  const std::string& peer() const { return channel_->head().peer; }
  Time deadline() const { return channel_->head().deadline; }  // `never`: the client waits
  const Metadata& metadata() const { return channel_->head().metadata; }
  std::string_view metadata(std::string_view name) const { return metadata()[name]; }

  // For streams; at best at once. Messages that came before are kept for whoever listens. Hooks
  // that hold this Call itself are let go when the call is over.
  void listen(CallHooks hooks) { channel_->listen(std::move(hooks)); }
  // Sends one message: one for a unary call, any number for a stream. Leaves at the end of the
  // turn.
  void message(std::string bytes) { channel_->message(std::move(bytes)); }
  // The end of it, once. Of an error, what was sent before still arrives.
  void finish(Status status) {
    const auto channel = std::move(channel_);
    channel->finish(std::move(status));
  }
  void answer(std::string bytes) {  // a unary call, all in one
    message(std::move(bytes));
    finish({});
  }

  // While held, no message arrives, and soon the client may not send any more.
  void hold(bool held) { channel_->hold(held); }
  // Bytes that were sent and that the client has not made room for. Who sends much looks at it, and
  // waits for `drained`: what is queued costs memory of ours.
  std::uint64_t queued() const { return channel_->queued(); }
  // The same of all calls of its connection.
  std::uint64_t queued_beside() const { return channel_->queued_beside(); }
  // So many bytes of memory the handler has for this call at present. They count to what its
  // connection holds, as what waits to be sent does.
  void keeps(std::uint64_t bytes) { channel_->keeps(bytes); }
  // Nobody waits any more; not by finish(), after which there is no call here.
  bool over() const { return channel_->over(); }

 private:
  void drop() {
    if (channel_) finish({Code::internal, "the server gave this call up"});
  }
  std::shared_ptr<CallChannel> channel_;
};

}  // namespace bowline::rpc
