// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "bowline/sim/site.h"

namespace bowline::sim {

// One Persist on its way to the disk, in parts, in the order in which they may survive.
struct Write {
  Seq seq;
  std::optional<raft::HardState> hard;
  std::optional<raft::Base> base;
  std::uint64_t base_prefix = 0;
  bool discard = false;
  std::optional<Index> cut_after;
  std::vector<Line> repaired;
  std::vector<Line> entries;

  std::size_t parts() const { return 3 + repaired.size() + entries.size(); }
};

// Takes over the first `parts` of a write. False if the write makes no sense for this image.
bool apply(const Write&, std::size_t parts, Image&);
inline bool apply(const Write& write, Image& image) { return apply(write, write.parts(), image); }

// A write as the core asked for it, against the image that it changes. Empty: it makes no sense.
std::optional<Write> prepared(const raft::Persist&, const Site&);

// And back: what a log is asked for.
raft::Persist persist_of(const Write&);

// The log discarded, as if it began after this snapshot.
void restart_from(const Snapshot&, Image&);

bool contains(const Image&, LogId);
// Of two entries of one id, which names one content for all time.
bool same_content(const raft::Entry&, const raft::Entry&);
LogId last_of(const Image&);

}  // namespace bowline::sim
