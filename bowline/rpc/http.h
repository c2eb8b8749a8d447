// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bowline/rpc/call.h"
#include "bowline/rpc/metadata.h"

// Plain HTTP beside gRPC, as handlers see it: whether it came by HTTP/1.1 or HTTP/2 makes no
// difference to them.
namespace bowline::rpc {

struct HttpRequest {
  std::string method;  // "GET"; HEAD comes as GET, and its body is left out on the way
  std::string path;    // "/v3/kv/range": before the question mark, as it was sent
  std::string query;   // after it
  std::string host;    // the Host header or :authority
  std::string peer;
  Metadata headers;  // names in lower case
  std::string body;  // all of it
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  Metadata headers = {};  // more of them
};

struct ExchangeHooks {
  std::move_only_function<void(Cancelled)> cancelled = {};  // as of a call
  std::move_only_function<void()> drained = {};
};

class ExchangeChannel {
 public:
  virtual ~ExchangeChannel() = default;
  virtual void listen(ExchangeHooks) = 0;
  virtual void begin(HttpAnswer) = 0;
  virtual void body(std::string bytes) = 0;
  virtual void end(bool whole) = 0;
  virtual std::uint64_t queued() const = 0;
  virtual bool over() const = 0;
  virtual void keeps(std::uint64_t bytes) { static_cast<void>(bytes); }
};

// One request, and the right to answer it: at once, later, or piece by piece. One that is dropped
// before it has begun is answered 500; one that is dropped in its midst is cut off, so that
// the client sees that something is missing.
class Exchange {
 public:
  Exchange() = default;
  explicit Exchange(std::shared_ptr<ExchangeChannel> channel) : channel_(std::move(channel)) {}
  ~Exchange() { drop(); }
  Exchange(Exchange&&) noexcept = default;
  Exchange& operator=(Exchange&& other) noexcept {
    if (this != &other) drop();
    begun_ = other.begun_;
    channel_ = std::move(other.channel_);
    return *this;
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  explicit operator bool() const { return channel_ != nullptr; }

  void listen(ExchangeHooks hooks) { channel_->listen(std::move(hooks)); }
  void answer(HttpAnswer answer) {  // all in one
    begin(std::move(answer));
    end();
  }
  // The head, and the first of the body; of HTTP/1.1 the rest then comes in chunks.
  void begin(HttpAnswer answer) {
    begun_ = true;
    channel_->begin(std::move(answer));
  }
  void body(std::string bytes) { channel_->body(std::move(bytes)); }  // more of it
  void end() { std::exchange(channel_, nullptr)->end(true); }

  std::uint64_t queued() const { return channel_->queued(); }
  bool over() const { return channel_->over(); }
  void keeps(std::uint64_t bytes) { channel_->keeps(bytes); }  // as of a call

 private:
  void drop() {
    if (!channel_) return;
    if (begun_) return std::exchange(channel_, nullptr)->end(false);
    answer({.status = 500, .body = "the server gave this request up\n"});
  }
  std::shared_ptr<ExchangeChannel> channel_;
  bool begun_ = false;
};

}  // namespace bowline::rpc
