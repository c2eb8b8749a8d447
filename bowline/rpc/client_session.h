// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "bowline/base/time.h"
#include "bowline/rpc/bucket.h"
#include "bowline/rpc/client_call.h"

namespace bowline::rpc {

// What a call says beside its path: a lower-case name and a value of printable characters.
struct ClientField {
  std::string name;
  std::string value;
};

struct ClientOptions {
  std::string authority;  // "127.0.0.1:2379"
  std::string scheme = "http";
  std::string user_agent = "bowline";

  // What a server may cost us. What is above ends its call, or the connection.
  std::uint64_t most_message_bytes = 64UL << 20U;
  std::uint64_t most_unfinished_bytes = 256UL << 20U;  // of messages that came in part, all calls
  std::uint32_t most_header_bytes = 64U << 10U;        // of one call, with its trailers
  std::uint32_t most_headers = 200;
  std::uint32_t most_heads = 8;  // frames of headers of one call: what is to come, then trailers
  std::uint32_t continuations = 16;       // of one header block
  std::uint32_t controls_a_second = 200;  // SETTINGS, PING, empty frames, headers of no call
  std::uint32_t controls_at_once = 2'000;
  std::uint32_t stream_window = 16U << 20U;
  std::uint32_t connection_window = 64U << 20U;

  // While calls are open.
  Duration ping_after = never.since_start;  // nothing was heard
  Duration ping_within = std::chrono::seconds(20);
};

// The client's side of one gRPC connection, from bytes to bytes, on nghttp2: of sockets and clocks
// it knows nothing. Its owner passes in what comes and the time, takes what is to be sent, also
// after each call that it makes, and calls tick() when deadline() has passed. A unary call costs
// no memory once as many were open before. Calls above what the server allows at once wait here.
class ClientSession {
 public:
  using Tag = ClientHooks::Tag;

  ClientSession(ClientOptions, ClientHooks, Time now);
  ~ClientSession();
  ClientSession(const ClientSession&) = delete;
  ClientSession& operator=(const ClientSession&) = delete;

  // One message there, and one back. After the deadline the call is over, here and there.
  ClientCall call(std::string_view path, std::string_view request, Tag, Time deadline = never);
  // Any number of messages there and back. At most `most_metadata` fields.
  ClientCall open(std::string_view path, Tag, Time deadline = never,
                  std::vector<ClientField> metadata = {});
  static constexpr std::size_t most_metadata = 8;
  void send(ClientCall, std::string_view message);
  void half_close(ClientCall);
  void cancel(ClientCall);  // nobody wants to hear more of it
  // While held, no message is told of, and soon the server may not send any more.
  void hold(ClientCall, bool held);
  std::uint64_t queued(ClientCall) const;  // bytes that the server has not made room for

  void received(std::string_view bytes, Time now);
  // Appends what is to be sent, about `room` bytes at most.
  void take(std::string& out, std::uint64_t room, Time now);
  void tick(Time now);
  Time deadline() const;
  void lost(const std::string& why);  // the connection is gone; so are all calls

  // Others end at once, untouched: the server goes, or the connection is of no use any more.
  bool takes_calls() const { return !is_leaving_ && !closing_; }
  bool over() const { return over_; }  // close the connection, once what was taken has been sent
  const std::string& why() const { return why_; }
  std::size_t calls() const { return open_; }
  std::uint64_t unfinished() const { return unfinished_; }

 private:
  struct Callbacks;  // client_callbacks.cc: from nghttp2 to the functions below
  struct Closes {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  struct Slot;

  // client_callbacks.cc
  void submit(Slot&);

  // client_session.cc
  Slot& begin(std::string_view path, Tag, Time deadline);
  Slot* find(ClientCall);
  const Slot* find(ClientCall) const;
  void submit_waiting();
  bool has_room() const;
  void resume(Slot&);
  void append(Slot&, std::string_view message);
  void settle();
  void close(std::string why, std::uint32_t error);
  void end_all();
  void look_after_calls();
  void look_after_life();
  void free(Slot&);

  // client_answers.cc
  void begun(const nghttp2_frame_hd&);
  void framed(const nghttp2_frame&);
  void header(Slot&, std::string_view name, std::string_view value);
  void head_ends(Slot&);
  void data(Slot&, std::string_view bytes);
  std::size_t take_messages(Slot&, std::string_view bytes);
  bool check_prefix(Slot&, std::string_view prefix);
  void keep(Slot&, std::string_view bytes);
  void came(Slot&, std::string_view message);
  void release(Slot&);
  void answer_ends(Slot&);
  void closed(Slot&, std::uint32_t error);
  void fail(Slot&, std::string why, std::uint32_t error = NGHTTP2_CANCEL);
  void finish(Slot&, const CallEnd&);
  void sent(const nghttp2_frame&);
  void not_sent(const nghttp2_frame&);

  ClientOptions options_;
  ClientHooks hooks_;
  Time now_;
  std::unique_ptr<nghttp2_session, Closes> session_;

  std::deque<Slot> slots_;  // they stay where they are
  std::vector<std::uint32_t> free_;
  std::deque<ClientCall> waiting_;  // for the server to allow them
  std::vector<ClientCall> ready_;   // something is to be done for them at the end of a turn
  std::size_t open_ = 0;            // calls whose end was not told
  std::size_t submitted_ = 0;       // streams of nghttp2
  std::string answer_;              // that is being told
  std::uint64_t unfinished_ = 0;

  std::string* out_ = nullptr;  // within take()
  std::uint64_t out_end_ = 0;

  Time look_at_ = never;  // when a call may be late
  Time heard_at_;
  Time pinged_at_ = never;
  Bucket controls_;
  std::uint32_t continuations_ = 0;
  bool is_leaving_ = false;  // it said GOAWAY
  bool closing_ = false;     // a last word is to be sent, and nothing is heard any more
  bool over_ = false;
  std::string why_;
};

}  // namespace bowline::rpc
