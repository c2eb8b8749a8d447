// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <expected>
#include <string>
#include <string_view>
#include <utility>

#include "bowline/base/encoding.h"
#include "bowline/etcd/errors.h"
#include "bowline/etcd/readable.h"
#include "bowline/rpc/call.h"
#include "bowline/rpc/router.h"

// Methods whose bytes are messages.
namespace bowline::etcd {

template <class Message>
bool parse(Message& message, std::string_view bytes) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
         is_readable(message);
}

inline rpc::Status unreadable() {
  return {rpc::Code::internal, "grpc: error unmarshalling request: the bytes are no such message"};
}

// A message of a stream: gRPC's Go library has other words for it.
inline rpc::Status unreadable_message() {
  return {rpc::Code::internal,
          "grpc: failed to unmarshal the received message the bytes are no such message"};
}

// handle(Call, Request&&, std::size_t bytes that it had)
template <class Request, class Handle>
void unary(rpc::Router& router, std::string path, Handle handle) {
  router.unary(std::move(path),
               [handle = std::move(handle)](rpc::Call call, std::string_view bytes) mutable {
                 Request request;
                 if (!parse(request, bytes)) return call.finish(unreadable());
                 handle(std::move(call), std::move(request), bytes.size());
               });
}

inline void refuse(rpc::Call& call, Wrong wrong) { call.finish(status_of(wrong)); }

// ---- Between members: what the leader answers in place of the one that was asked.

// A status and a message, as bytes.
inline std::string pack(const rpc::Status& status, std::string_view message) {
  std::string bytes;
  put(bytes, static_cast<std::uint8_t>(status.code));
  put_varint(bytes, status.message.size());
  bytes += status.message;
  bytes += message;
  return bytes;
}
inline std::string pack(Wrong wrong) { return pack(status_of(wrong), {}); }

// Gives the message; an error is what the client is told.
inline std::expected<std::string, rpc::Status> unpack(std::string_view bytes) {
  Cursor in(bytes);
  rpc::Status status;
  status.code = static_cast<rpc::Code>(in.u8_below(rpc::codes));
  status.message = std::string(in.take(in.varint()));
  if (!in.good()) return std::unexpected(status_of(Wrong::timed_out));
  if (!status.ok()) return std::unexpected(std::move(status));
  return std::string(in.take(in.left()));
}

}  // namespace bowline::etcd
