// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/wire/version.h"

namespace bowline::wire {

// What one node says to another in one piece. All that belongs to one turn goes in one frame.
enum class FrameKind : std::uint8_t {
  hello = 1,  // the first of each side: who I am, and whom I think to speak to
  refusal,    // the last: why this connection cannot be
  letters,    // messages of cores, of any number of groups
  // Parcels, on a connection for snapshots:
  want_snapshot,
  have_snapshot,
  no_snapshot,
  want_piece,
  piece,
  gone_piece,
  pulse,           // nothing to say, and still there; whatever is in it is for later versions
  ask,             // of an operator, on a connection for that
  answer,          // to it
  errands,         // of the program on one node, for that on another ...
  errand_answers,  // ... and what becomes of them
};

// kind | size | sums, see docs/WIRE.md. The head has a sum of its own: nobody waits for as many
// bytes as a damaged size says.
inline constexpr std::size_t frame_head_bytes = 16;

struct Frame {
  FrameKind kind = FrameKind::hello;
  std::shared_ptr<const std::string> body;  // shared with the payloads that were found in it
};

// A frame is begun, its body is appended, and it is ended. So the body is never copied.
std::string begin_frame(FrameKind);
void end_frame(std::string& frame);

// Makes frames of the bytes of a connection, in whatever pieces they come.
class FrameReader {
 public:
  // No frame with a larger body is taken, nor is memory for one.
  explicit FrameReader(std::uint32_t most_bytes) : most_bytes_(most_bytes) {}
  // Nor one of a kind that this version does not have.
  void allow(std::uint32_t most_bytes, Version version) {
    most_bytes_ = most_bytes;
    version_ = version;
  }

  // Takes from the front of these what belongs to the next frame, and gives it if it is whole now.
  // After an error the connection is of no use any more.
  Result<std::optional<Frame>> take(std::string_view& bytes);
  // Takes all of them, and adds the frames that are whole now.
  Result<void> feed(std::string_view bytes, std::vector<Frame>& whole);

 private:
  Result<void> begin();
  Result<std::optional<Frame>> end();

  std::uint32_t most_bytes_;
  Version version_ = newest_version;
  std::string head_;
  FrameKind kind_ = FrameKind::hello;
  std::uint32_t size_ = 0;
  std::uint32_t sum_ = 0;
  std::string body_;
  bool in_body_ = false;
};

}  // namespace bowline::wire
