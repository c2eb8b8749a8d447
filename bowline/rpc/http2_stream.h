// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/time.h"
#include "bowline/rpc/call.h"
#include "bowline/rpc/head_rules.h"
#include "bowline/rpc/http.h"
#include "bowline/rpc/router.h"

namespace bowline::rpc {

class Http2Session;

// One stream of an HTTP/2 session: what came of its request, and what waits to be sent of its
// answer. The session owns it until the stream is closed, and uses it again for another one if
// nobody else has it by then.
class Http2Stream final : public CallChannel, public std::enable_shared_from_this<Http2Stream> {
 public:
  explicit Http2Stream(Http2Session& session) : session_(&session) {}

  // Of a call.
  const CallHead& head() const override { return head_; }
  void listen(CallHooks) override;
  void message(std::string bytes) override;
  void finish(Status) override;
  void hold(bool held) override;
  std::uint64_t queued() const override { return queued_; }
  bool over() const override { return over_; }
  std::uint64_t queued_beside() const override;
  void keeps(std::uint64_t bytes) override;

  // Of a plain exchange.
  void listen_plain(ExchangeHooks);
  void begin_plain(HttpAnswer);
  void body_plain(std::string bytes);
  void end_plain(bool whole);

  // For nghttp2: so many bytes can be sent now.
  std::ptrdiff_t read(std::size_t room, std::uint32_t& flags);

 private:
  friend class Http2Session;

  enum class Kind : std::uint8_t { unknown, unary, stream, plain };
  static constexpr std::size_t most_spare_bytes = 4096;  // of memory, for the next request

  void reset(std::int32_t id);  // another request begins
  void count_begun();
  void count_finished(Code);
  void push(std::string bytes);
  void tell_cancelled(Cancelled);
  void forget_hooks();

  Http2Session* session_;  // null: the stream is closed
  std::size_t place_ = 0;  // among the session's streams
  std::int32_t id_ = 0;

  // The request's head.
  CallHead head_;
  HeadRules rules_;
  bool is_malformed_ = false;
  std::string verb_;       // :method
  std::string authority_;  // :authority, or host
  std::string content_type_;
  std::string encoding_;  // grpc-encoding
  std::uint32_t header_bytes_ = 0;
  std::uint32_t headers_ = 0;
  std::optional<Duration> timeout_;
  std::string fault_;  // of a header: a sentence
  Kind kind_ = Kind::unknown;
  Method* method_ = nullptr;
  Time begun_ = never;  // if somebody wants to know, and of a unary call what else is told:
  std::uint64_t asked_bytes_ = 0;
  std::uint64_t answered_bytes_ = 0;

  // What came of messages, or of a body.
  std::string in_;                    // not whole yet; gone once a handler has seen it
  std::vector<std::string> waiting_;  // whole; nobody listens, or it is held
  std::size_t first_waiting_ = 0;
  std::uint64_t waiting_bytes_ = 0;
  std::uint64_t unfinished_ = 0;  // of in_; both are counted to the session
  std::uint64_t kept_ = 0;        // by its handler
  std::uint64_t granted_ = 0;     // of window, because a message needs it
  bool wants_grant_ = false;
  Time since_ = never;           // in_ is unfinished
  bool client_is_done_ = false;  // it half-closed
  bool told_done_ = false;
  bool is_held_ = false;
  bool resumes_ = false;  // it was held: only now is it up to the client again

  // The answer.
  std::vector<std::string> out_;
  std::size_t first_out_ = 0;
  std::uint64_t sent_of_first_ = 0;  // its prefix counts
  std::uint64_t queued_ = 0;
  Time waits_since_ = never;  // the client took nothing of what is queued
  bool is_patient_ = false;   // and may take its time, until it is finished
  Status status_;
  std::optional<HttpAnswer> answer_;  // of a plain exchange
  bool finished_ = false;             // nothing is added any more
  bool over_ = false;                 // nobody waits for what is added
  bool submitted_ = false;            // the response has begun
  bool deferred_ = false;             // it waits for more of us
  bool trailed_ = false;              // its trailers are on their way
  bool cut_off_ = false;              // it ends in its midst
  bool is_ready_ = false;             // in the session's list
  bool owes_drained_ = false;         // its hook is to be told

  std::unique_ptr<CallHooks> hooks_;
  std::unique_ptr<ExchangeHooks> plain_hooks_;
};

// The answering side of a plain request.
class Http2Exchange final : public ExchangeChannel {
 public:
  explicit Http2Exchange(std::shared_ptr<Http2Stream> stream) : stream_(std::move(stream)) {}
  void listen(ExchangeHooks hooks) override { stream_->listen_plain(std::move(hooks)); }
  void begin(HttpAnswer answer) override { stream_->begin_plain(std::move(answer)); }
  void body(std::string bytes) override { stream_->body_plain(std::move(bytes)); }
  void end(bool whole) override { stream_->end_plain(whole); }
  std::uint64_t queued() const override { return stream_->queued(); }
  bool over() const override { return stream_->over(); }
  void keeps(std::uint64_t bytes) override { stream_->keeps(bytes); }

 private:
  std::shared_ptr<Http2Stream> stream_;
};

}  // namespace bowline::rpc
