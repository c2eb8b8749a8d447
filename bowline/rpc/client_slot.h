// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "bowline/rpc/client_session.h"

namespace bowline::rpc {

// What a session knows of one call. Used again for another one when nghttp2 has let it go, too.
struct ClientSession::Slot {
  ClientCall self;
  Tag tag = 0;
  std::int32_t id = 0;  // 0: nghttp2 has not heard of it
  Time deadline = never;

  // The request.
  std::string path;
  std::vector<ClientField> metadata;
  std::string request;   // framed
  std::size_t sent = 0;  // of it
  bool is_unary = false;
  bool ends = false;   // we send nothing more
  bool waits = false;  // for more to send
  bool left = false;   // the server may have seen it

  // The answer.
  std::string in;                // a message that is not whole, with its prefix
  std::uint64_t unfinished = 0;  // bytes of it, counted to the session
  std::string waiting;           // what came while it was held
  bool is_held = false;
  bool has_answer = false;  // of a unary call
  std::string answer;
  bool has_head = false;      // the response has begun
  bool is_grpc = false;       // it is said to be
  bool server_ended = false;  // the last of it has come
  int http_status = 0;
  std::string content_type;  // that is not gRPC's
  std::optional<int> code;
  std::string message;  // as it is on the wire
  std::uint32_t header_bytes = 0;
  std::uint32_t headers = 0;
  std::uint32_t heads = 0;

  bool over = false;  // its end was told, or nobody wants to hear it
  bool is_free = false;

  void reset();
};

}  // namespace bowline::rpc
