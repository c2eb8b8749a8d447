// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/frame.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"

namespace bowline::wire {
namespace {

// magic u16 | kind u8 | 0 u8 | size u32 | sum of the body u32 | sum of these twelve bytes u32
constexpr std::uint16_t magic = 0x6c62;         // "bl"
constexpr std::uint16_t tls_greeting = 0x0316;  // how TLS begins, whatever its version
constexpr std::size_t size_at = 4;
constexpr std::size_t body_sum_at = 8;
constexpr std::size_t head_sum_at = 12;

// Memory is taken as bytes come, and not because somebody says that many will.
constexpr std::size_t taken_at_once = 256 << 10;

std::unexpected<Error> bad(std::string what) {
  return std::unexpected(Error{Fault::corrupt, std::move(what)});
}

Version since(FrameKind kind) {
  if (kind == FrameKind::pulse) return pulse_since;
  if (kind > FrameKind::answer) return errands_since;
  return kind > FrameKind::pulse ? admin_since : oldest_version;
}

std::optional<FrameKind> kind_of(std::uint8_t number, Version version) {
  const auto kind = static_cast<FrameKind>(number);
  const bool known =
      kind >= FrameKind::hello && kind <= FrameKind::errand_answers && since(kind) <= version;
  return known ? std::optional(kind) : std::nullopt;
}

}  // namespace

std::string begin_frame(FrameKind kind) {
  std::string frame(frame_head_bytes, '\0');
  store(frame.data(), magic);
  frame[2] = static_cast<char>(kind);
  return frame;
}

void end_frame(std::string& frame) {
  ensure(frame.size() >= frame_head_bytes);
  const std::string_view body = std::string_view(frame).substr(frame_head_bytes);
  ensure(body.size() <= std::numeric_limits<std::uint32_t>::max());
  store(frame.data() + size_at, static_cast<std::uint32_t>(body.size()));
  store(frame.data() + body_sum_at, crc32c(body));
  store(frame.data() + head_sum_at, crc32c({frame.data(), head_sum_at}));
}

Result<std::optional<Frame>> FrameReader::take(std::string_view& bytes) {
  while (!bytes.empty()) {
    std::string& part = in_body_ ? body_ : head_;
    const std::size_t wanted = in_body_ ? size_ : frame_head_bytes;
    const std::size_t taken = std::min(bytes.size(), wanted - part.size());
    part.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (part.size() < wanted) break;
    if (in_body_) return end();
    if (Result<void> begun = begin(); !begun) return std::unexpected(begun.error());
    if (size_ == 0) return end();
  }
  return std::nullopt;
}

Result<void> FrameReader::feed(std::string_view bytes, std::vector<Frame>& whole) {
  while (!bytes.empty()) {
    Result<std::optional<Frame>> frame = take(bytes);
    if (!frame) return std::unexpected(frame.error());
    if (*frame) whole.push_back(**std::move(frame));
  }
  return {};
}

Result<void> FrameReader::begin() {
  if (load<std::uint16_t>(head_.data()) == tls_greeting)
    return bad("what came is TLS, which this node does not speak: give it a certificate, too");
  if (load<std::uint16_t>(head_.data()) != magic)
    return bad("what came is no frame: is it another program?");
  if (load<std::uint32_t>(head_.data() + head_sum_at) != crc32c({head_.data(), head_sum_at}))
    return bad("the head of a frame was damaged on the way");
  const std::optional<FrameKind> kind = kind_of(static_cast<std::uint8_t>(head_[2]), version_);
  if (!kind || head_[3] != 0) return bad("a frame of a kind that is not known here");
  kind_ = *kind;
  size_ = load<std::uint32_t>(head_.data() + size_at);
  sum_ = load<std::uint32_t>(head_.data() + body_sum_at);
  if (size_ > most_bytes_)
    return bad("a frame of " + std::to_string(size_) + " bytes, where at most " +
               std::to_string(most_bytes_) + " are allowed");
  head_.clear();
  body_.reserve(std::min<std::size_t>(size_, taken_at_once));
  in_body_ = true;
  return {};
}

Result<std::optional<Frame>> FrameReader::end() {
  in_body_ = false;
  if (crc32c(body_) != sum_) return bad("a frame was damaged on the way");
  return Frame{kind_, std::make_shared<const std::string>(std::exchange(body_, {}))};
}

}  // namespace bowline::wire
