// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/wire/frame.h"
#include "bowline/wire/letter.h"
#include "bowline/wire/version.h"

namespace bowline::wire {

// What a connection is for. Snapshots travel on one of their own: letters never wait behind them.
// Whoever administers is no node: its hello has neither an id nor a disk.
enum class Purpose : std::uint8_t { letters, snapshots, admin };

// The first thing that each side of a connection says.
struct Hello {
  Version oldest = oldest_version;  // that it speaks, through ...
  Version newest = newest_version;
  NodeId self;
  NodeId wanted;  // whom it means to speak to; 0: whoever is there
  Incarnation disk;
  std::uint64_t boot = 0;  // of this process: a new one means that it has started again
  ClusterId cluster;       // of most of its groups, so that letters need not say it; 0: none
  std::uint32_t shard = 0;
  std::uint32_t shards = 1;
  Purpose purpose = Purpose::letters;  // counts only if this side connected
  std::string name;                    // for people
  std::string address;                 // where it takes calls; empty: nowhere
  std::string cluster_name;            // of all its nodes; empty: whichever. Not in version 1
  friend bool operator==(const Hello&, const Hello&) = default;
};

// No hello is longer, so that nobody can send more who has not said who it is.
inline constexpr std::uint32_t most_hello_bytes = 4096;
inline constexpr std::size_t most_name_bytes = 255;

std::string frame_of(const Hello&);
Result<Hello> hello_in(const Frame&);

// Can these two speak? How: what one side leaves out of its letters. Else a sentence for whoever
// has to put it right, said by the side that is `here`.
struct Ways {
  Way out, in;
};
Result<Ways> agree(const Hello& here, const Hello& there);

// Why a connection ends, in a sentence.
std::string refusal_frame(const std::string& why);
std::string refusal_in(const Frame&);

}  // namespace bowline::wire
