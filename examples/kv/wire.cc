// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/wire.h"

#include "bowline/base/encoding.h"

namespace bowline::examples::kv {
namespace {

constexpr std::size_t head_bytes = 4;

std::string begin_frame() { return std::string(head_bytes, '\0'); }

std::string end_frame(std::string frame) {
  store(frame.data(), static_cast<std::uint32_t>(frame.size() - head_bytes));
  return frame;
}

}  // namespace

std::string frame_of(const Request& request) {
  std::string frame = begin_frame();
  frame += static_cast<char>(request.kind);
  put_varint(frame, request.id);
  return end_frame(frame + request.body);
}

std::string frame_of(const Response& response) {
  std::string frame = begin_frame();
  frame += static_cast<char>(response.kind);
  put_varint(frame, response.id);
  put_varint(frame, response.leader.value);
  put_varint(frame, response.place.value);
  return end_frame(frame + response.body);
}

std::optional<Request> decode_request(std::string_view body) {
  Cursor cursor(body);
  Request request;
  request.kind = static_cast<Request::Kind>(cursor.u8_below(2));
  request.id = cursor.varint();
  request.body = cursor.take(cursor.left());
  if (!cursor.good()) return std::nullopt;
  return request;
}

std::optional<Response> decode_response(std::string_view body) {
  Cursor cursor(body);
  Response response;
  response.kind = static_cast<Response::Kind>(cursor.u8_below(4));
  response.id = cursor.varint();
  response.leader = NodeId{cursor.varint()};
  response.place = Index{cursor.varint()};
  response.body = cursor.take(cursor.left());
  if (!cursor.good()) return std::nullopt;
  return response;
}

bool Frames::feed(std::string_view bytes, const std::function<bool(std::string_view)>& take) {
  text_ += bytes;
  std::string_view rest = text_;
  while (rest.size() >= head_bytes) {
    const auto size = load<std::uint32_t>(&rest.front());
    if (size > most_frame_bytes) return false;
    if (rest.size() - head_bytes < size) break;
    if (!take(rest.substr(head_bytes, size))) return false;
    rest.remove_prefix(head_bytes + size);
  }
  text_.erase(0, text_.size() - rest.size());
  return true;
}

}  // namespace bowline::examples::kv
