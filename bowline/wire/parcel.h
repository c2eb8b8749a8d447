// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "bowline/base/bytes.h"
#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/wire/frame.h"

namespace bowline::wire {

// What two nodes say to each other when one of them fetches snapshots. Who fetches asks, and the
// other answers; each is a frame of its own kind.

struct WantSnapshot {  // the newest, if it covers this entry
  GroupId group;
  LogId at_least;
};
struct HaveSnapshot {  // it stays until the connection ends, or until this is asked again
  GroupId group;
  Bytes manifest;  // not looked into here
};
struct NoSnapshot {
  GroupId group;
  std::string why;  // a sentence for people
};
struct WantPiece {
  GroupId group;
  std::uint64_t identity = 0;  // of the snapshot
  std::uint32_t number = 0;
};
struct Piece {
  GroupId group;
  std::uint64_t identity = 0;
  std::uint32_t number = 0;
  Bytes bytes;
};
struct GonePiece {  // it cannot be had here any more: begin again
  GroupId group;
  std::uint64_t identity = 0;
  std::uint32_t number = 0;
};
// In the order of their kinds of frames.
using Parcel = std::variant<WantSnapshot, HaveSnapshot, NoSnapshot, WantPiece, Piece, GonePiece>;

// Of a frame that holds one.
inline constexpr std::uint32_t most_parcel_bytes = 8 << 20;

GroupId group_of(const Parcel&);
std::string frame_of(const Parcel&);
// The same for a piece that lies elsewhere: it is copied once, and not twice.
std::string piece_frame(GroupId, std::uint64_t identity, std::uint32_t number,
                        std::string_view bytes);

// An error: the frame is of another kind, or was not made by these. The bytes of a piece and those
// of a manifest are parts of the body and not copied.
Result<Parcel> parcel_in(const Frame&);

}  // namespace bowline::wire
