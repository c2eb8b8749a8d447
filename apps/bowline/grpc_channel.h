// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "bowline/base/result.h"
#include "bowline/rpc/status.h"

namespace bowline::apps {

// When somebody loses patience.
using Until = std::chrono::steady_clock::time_point;

// How a call ended.
struct CallEnd {
  std::optional<rpc::Status> status;  // of the server; none: it did not come to that
  bool untouched = false;  // nothing was done: it never left, or the server has not looked at it
  std::string why;         // there is no status, for people
};

// One connection to a gRPC server, without TLS, for a program that waits: one call at a time.
class GrpcChannel {
 public:
  // "host:port". The error is a sentence.
  static Result<std::unique_ptr<GrpcChannel>> connect(const std::string& address, Until);
  GrpcChannel(int socket, std::string address);
  ~GrpcChannel();
  GrpcChannel(const GrpcChannel&) = delete;
  GrpcChannel& operator=(const GrpcChannel&) = delete;

  // One message there, and one back.
  std::variant<std::string, CallEnd> call(std::string_view path, std::string_view request, Until);

  // Any number of messages there and back. What is sent leaves with next().
  void open(std::string_view path, std::optional<Until> deadline);
  void send(std::string_view message);
  void half_close();
  // The next message, or the end. `late`: nothing came until then, and the call goes on.
  struct Late {};
  std::variant<std::string, CallEnd, Late> next(Until);
  void cancel();  // nobody wants to hear more of it

  bool is_broken() const { return broken_; }  // it is of no more use

 private:
  struct Callbacks;
  struct Closes {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  bool flush();                         // false: the connection is gone
  bool receive();                       // likewise
  bool greets(std::string_view bytes);  // the first that it says is what a server says first
  bool wait(Until);                     // for the socket; false: it is late
  std::optional<std::string> take();    // a whole message of what came
  CallEnd end_of_call();

  int socket_;
  std::string address_;
  std::unique_ptr<nghttp2_session, Closes> session_;
  std::string greeting_;  // the first bytes that came
  std::string out_;       // bytes for the socket
  std::size_t sent_ = 0;
  bool broken_ = false;
  std::string fault_;  // why

  // Of the call that is open.
  std::int32_t id_ = 0;
  std::string request_;
  bool ends_ = false;   // we send nothing more
  bool waits_ = false;  // for more to send
  bool left_ = false;   // a byte of it may have reached the server
  bool closed_ = false;
  std::uint32_t close_code_ = 0;
  std::string answer_;
  int http_status_ = 0;
  std::optional<int> code_;
  std::string message_;
};

}  // namespace bowline::apps
