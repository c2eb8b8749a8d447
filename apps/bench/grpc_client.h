// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "bowline/base/result.h"

namespace bowline::bench {

// One connection to a gRPC server, of a client that costs as little as it can: no threads, no
// queues, one call of the kernel for all requests of a turn. Its owner waits for the socket.
class GrpcClient {
 public:
  using Tag = std::uint64_t;  // of a call; the owner's
  struct Hooks {
    // It is over; `answer` is its last message, if there was one.
    std::function<void(Tag, int code, std::string_view answer)> ended;
    // One message of a stream.
    std::function<void(Tag, std::string_view message)> message = {};
  };

  static Result<std::unique_ptr<GrpcClient>> connect(const std::string& address, Hooks);
  GrpcClient(int socket, Hooks);
  ~GrpcClient();
  GrpcClient(const GrpcClient&) = delete;
  GrpcClient& operator=(const GrpcClient&) = delete;

  int socket() const { return socket_; }
  void call(std::string_view path, std::string_view request, Tag);  // unary

  using Stream = std::size_t;
  Stream open(std::string_view path, Tag);  // sends and receives any number of messages
  void send(Stream, std::string_view message);
  void half_close(Stream);
  void cancel(Stream);

  // Of the call whose ended() is running: what the server says of its code, as it is on the wire.
  std::string_view grpc_message() const { return grpc_message_; }

  bool receive();  // what is there; false: the connection is gone
  bool flush();    // what can be sent; false: likewise
  bool is_waiting() const { return sent_ < out_.size(); }  // for the socket, to send the rest

  static constexpr int no_code = -1;  // ended() without a status: the stream broke

 private:
  struct Callbacks;
  struct Closes {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  struct Slot {
    Tag tag = 0;
    std::size_t place = 0;  // among the slots
    std::string request;
    std::size_t sent = 0;
    std::string answer;
    std::string grpc_message;
    std::int32_t id = 0;
    int code = no_code;
    bool is_stream = false;
    bool ends = false;
    bool waits = false;
  };
  Slot& free_slot();
  void submit(std::string_view path, Slot&);
  void take_messages(Slot&);

  int socket_;
  Hooks hooks_;
  std::unique_ptr<nghttp2_session, Closes> session_;
  std::deque<Slot> slots_;
  std::vector<std::size_t> free_;
  std::string out_;
  std::size_t sent_ = 0;
  std::vector<char> in_;
  std::string grpc_message_;
};

}  // namespace bowline::bench
