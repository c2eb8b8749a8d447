// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <expected>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <google/protobuf/io/coded_stream.h>

#include "bowline/base/encoding.h"
#include "bowline/etcd/errors.h"
#include "bowline/etcd/readable.h"
#include "bowline/rpc/call.h"
#include "bowline/rpc/router.h"

// Methods whose bytes are messages.
namespace bowline::etcd {

inline constexpr std::uint64_t most_message_bytes = std::numeric_limits<std::int32_t>::max();

template <class Message>
bool parse(Message& message, std::string_view bytes) {
  return bytes.size() <= most_message_bytes &&
         message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) &&
         is_readable(message);
}

// Transactions nest as deep as their budget lets them, which is deeper than protobuf goes unless it
// is told: each is two messages. Hardly any does, so the slower way is the second one.
inline bool parse(etcdserverpb::TxnRequest& message, std::string_view bytes) {
  constexpr int most_nested = 300;
  if (bytes.size() > most_message_bytes) return false;
  const auto size = static_cast<int>(bytes.size());
  if (!message.ParseFromArray(bytes.data(), size)) {
    google::protobuf::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                              size);
    in.SetRecursionLimit(most_nested);
    if (!message.ParseFromCodedStream(&in) || !in.ConsumedEntireMessage()) return false;
  }
  return is_readable(message);
}

inline rpc::Status unreadable() {
  return {rpc::Code::internal, "grpc: error unmarshalling request: the bytes are no such message"};
}

// A message of a stream: gRPC's Go library has other words for it.
inline rpc::Status unreadable_message() {
  return {rpc::Code::internal,
          "grpc: failed to unmarshal the received message: the bytes are no such message"};
}

// In the words of gRPC's Go library, which clients know: it would be so many bytes.
inline rpc::Status too_large_to_send(std::uint64_t bytes, std::uint64_t most) {
  return {rpc::Code::resource_exhausted, "grpc: trying to send message larger than max (" +
                                             std::to_string(bytes) + " vs. " +
                                             std::to_string(most) + ")"};
}

// The bytes of a message; an error is what the client is told. Protobuf gives no bytes for a
// message that is longer than any may be, and none is what an empty message has, too.
template <class Message>
std::expected<std::string, rpc::Status> to_bytes(const Message& message,
                                                 std::uint64_t most = most_message_bytes) {
  const std::uint64_t size = message.ByteSizeLong();
  if (size > most) return std::unexpected(too_large_to_send(size, most));
  std::string bytes(size, '\0');
  message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(bytes.data()));
  return bytes;
}

template <class Message>
void answer(rpc::Call& call, const Message& message) {
  auto bytes = to_bytes(message);
  if (!bytes) return call.finish(std::move(bytes.error()));
  call.answer(*std::move(bytes));
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

// Its client would rather have an error than wait for a leader.
inline bool wants_leader(const rpc::Call& call) { return call.metadata("hasleader") == "true"; }

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
