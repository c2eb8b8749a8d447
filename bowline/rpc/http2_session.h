// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "bowline/rpc/bucket.h"
#include "bowline/rpc/http2_stream.h"
#include "bowline/rpc/lean_memory.h"
#include "bowline/rpc/limits.h"
#include "bowline/rpc/session.h"

namespace bowline::rpc {

// HTTP/2 by nghttp2, which knows frames, header compression and windows. Here is what gRPC makes of
// them, and what none of it may cost.
class Http2Session final : public Session {
 public:
  Http2Session(Router&, const Limits&, std::string peer, Time now, Wakes);
  ~Http2Session() override;
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  void received(std::string_view bytes, Time now) override;
  void take(std::string& out, std::uint64_t room, Time now) override;
  void tick(Time now) override;
  Time deadline() const override;
  void drain(Time now) override;
  bool over() const override { return over_; }
  bool holds() const override { return queued_ > limits_.most_queued_bytes; }
  std::uint64_t queued() const override { return queued_; }
  std::uint64_t held() const override { return queued_ + unfinished_ + kept_; }
  std::uint64_t calls() const override { return streams_.size(); }
  std::string why() const override { return why_; }

 private:
  friend class Http2Stream;
  struct Callbacks;  // http2_callbacks.cc: from nghttp2 to the functions below
  struct Closes {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  // http2_session.cc
  void settle();
  void close(std::string why, std::uint32_t error, std::string_view told = {});
  void wake_at(Time);
  void wake();
  void end_drain();
  void cancel_all(Cancelled);
  void begun(const nghttp2_frame_hd&);
  void framed(const nghttp2_frame&);
  void pinged(const nghttp2_frame&);
  void look_after_life();
  void look_after_streams();
  Time look_after(Http2Stream&);

  // http2_requests.cc
  void open(std::int32_t id);
  void header(Http2Stream&, std::string_view name, std::string_view value);
  void head_header(Http2Stream&, std::string_view name, std::string_view value);
  void head_ends(Http2Stream&);
  void decide(Http2Stream&);
  bool check_call(Http2Stream&);
  void data(Http2Stream&, std::string_view bytes);
  void take_messages(Http2Stream&, std::string_view bytes);
  bool check_prefix(Http2Stream&, std::string_view bytes);
  void came(Http2Stream&, std::string_view message);
  void wait(Http2Stream&, std::string_view message);
  void keep(Http2Stream&, std::string_view bytes);
  void check_unfinished(Http2Stream&);
  void expect_more(Http2Stream&);
  void request_ends(Http2Stream&);
  void run_unary(Http2Stream&);
  void run_plain(Http2Stream&);
  void deliver(Http2Stream&);
  void grant(Http2Stream&, std::uint64_t message_bytes);
  void release(Http2Stream&);
  void grant_next();
  void closed(Http2Stream&, std::uint32_t error);

  // http2_answers.cc
  void ready(Http2Stream&);
  void serve_ready();
  void respond(Http2Stream&);
  void respond_plain(Http2Stream&);
  void submit(Http2Stream&, std::span<const nghttp2_nv>, bool with_body);
  void serve(Http2Stream&);
  void refuse(Http2Stream&, Status, int http_status = 200);
  void refuse_plain(Http2Stream&, int http_status, std::string sentence);
  void cancel(Http2Stream&, Cancelled, Status);
  void respond_with_trailers_only(Http2Stream&, int http_status);
  void send_data(Http2Stream&, const std::uint8_t* head, std::size_t bytes);
  void taken(Http2Stream&, std::uint64_t before);
  void trailers(Http2Stream&);
  void sent(const nghttp2_frame&);
  void bury(std::unique_ptr<CallHooks>);
  void bury(std::unique_ptr<ExchangeHooks>);

  Router& router_;
  Limits limits_;
  std::string peer_;
  Wakes wakes_;
  bool has_woken_ = false;
  bool is_inside_ = false;  // received(), take() or tick() runs: no need to wake anybody
  Time now_;                // of the last of these

  LeanMemory memory_;
  std::unique_ptr<nghttp2_session, Closes> session_;
  std::vector<std::shared_ptr<Http2Stream>> streams_;  // that are open
  std::vector<std::shared_ptr<Http2Stream>> spare_;    // to be used again
  Http2Stream* current_ = nullptr;                     // whose header comes
  std::int32_t newest_ = 0;                            // the last that was opened
  std::vector<Http2Stream*> ready_;                    // something is to be done for them
  std::vector<Http2Stream*> serving_;                  // and just now it is done; null: closed
  std::vector<std::unique_ptr<CallHooks>> buried_;     // may be running
  std::vector<std::unique_ptr<ExchangeHooks>> buried_plain_;

  std::uint64_t queued_ = 0;              // bytes of all answers
  std::uint64_t unfinished_ = 0;          // bytes of all requests
  std::uint64_t kept_ = 0;                // by handlers, for their calls
  std::uint64_t granted_ = 0;             // window, beyond what each stream has
  std::vector<std::int32_t> want_grant_;  // in this order
  std::size_t to_consume_ = 0;

  std::string* out_ = nullptr;  // within take()
  std::uint64_t out_end_ = 0;

  Time look_at_ = never;  // when a stream may be late
  Time begun_at_;
  bool has_begun_ = false;  // the client's settings came
  Time heard_at_;
  Time pinged_at_ = never;  // and no answer yet
  Time client_pinged_at_{};
  bool client_has_pinged_ = false;
  int strikes_ = 0;
  bool forgives_ = false;  // something was sent since the last ping of the client
  Time idle_since_;
  Time drains_since_ = never;
  bool drain_is_told_ = false;
  Bucket resets_;
  Bucket controls_;
  std::uint32_t continuations_ = 0;
  bool closing_ = false;  // a last word is to be sent, and nothing is heard any more
  bool over_ = false;
  std::string why_;

  static constexpr std::array<std::uint8_t, 8> drain_mark = {'d', 'r', 'a', 'i',
                                                             'n', 'i', 'n', 'g'};
};

}  // namespace bowline::rpc
