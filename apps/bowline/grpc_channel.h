// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "apps/bowline/client_socket.h"
#include "apps/bowline/client_tls.h"
#include "bowline/base/result.h"
#include "bowline/rpc/client_session.h"

namespace bowline::apps {

using rpc::CallEnd;

// One connection to a gRPC server, for a program that waits: one call at a time.
class GrpcChannel {
 public:
  // "host:port", or "https://host:port", for which `tls` is needed. The error is a sentence; no
  // call has been made.
  static Result<std::unique_ptr<GrpcChannel>> connect(const std::string& endpoint,
                                                      const ClientTls* tls, Until);
  GrpcChannel(std::unique_ptr<ClientSocket>, std::string address, std::string scheme);
  GrpcChannel(const GrpcChannel&) = delete;
  GrpcChannel& operator=(const GrpcChannel&) = delete;

  // One message there, and one back.
  std::variant<std::string, CallEnd> call(std::string_view path, std::string_view request, Until);

  // Any number of messages there and back. What is sent leaves with next().
  void open(std::string_view path, std::optional<Until> deadline,
            std::vector<rpc::ClientField> metadata = {});
  void send(std::string_view message);
  void half_close();
  // The next message, or the end. `late`: nothing came until then, and the call goes on.
  struct Late {};
  std::variant<std::string, CallEnd, Late> next(Until);
  void cancel();  // nobody wants to hear more of it

  bool is_broken() const { return broken_ || !session_.takes_calls(); }  // it is of no more use

 private:
  Result<void> await_first_word(Until);
  void forget_call();
  bool flush();    // false: the connection is gone
  bool receive();  // likewise
  void lose(const std::string& why);
  CallEnd end_of_call();

  std::unique_ptr<ClientSocket> socket_;
  std::string address_;
  rpc::ClientSession session_;
  std::string out_;  // bytes for the socket
  std::size_t sent_ = 0;
  bool has_heard_ = false;  // anything at all
  bool broken_ = false;

  // Of the call that is open.
  rpc::ClientCall call_;
  rpc::ClientSession::Tag tag_ = 0;  // its number; others are over
  bool is_unary_ = false;
  std::deque<std::string> messages_;
  std::optional<CallEnd> end_;
  bool left_ = false;  // a byte of it may have reached the server
};

}  // namespace bowline::apps
