// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/sim/log_rig.h"

namespace bowline::sim {

// One group of one log, and what its core would ask for.
struct GroupRig {
  GroupRig() { ensure(rig.start()); }

  static wal::Options options() {
    return {.segment_bytes = 64 * env::block_bytes,
            .batch_bytes = 4 * env::block_bytes,
            .tail_bytes = 1,
            .most_segments = 1000};
  }

  Write next() {
    Write write;
    write.seq = {++seqs};
    return write;
  }
  void entries(std::uint64_t count) {
    Write write = next();
    const Image& image = rig.shadow(group).written();
    Index last = image.last();
    const Line* line = image.at(last);
    std::uint64_t prefix = line == nullptr ? image.base_prefix : line->prefix;
    for (; count > 0; --count) {
      last = last.next();
      raft::Entry entry{{{1}, last}, raft::Kind::command, Bytes::own(std::string(1000, 'x'))};
      prefix = extended(prefix, entry);
      write.entries.push_back({std::move(entry), prefix});
    }
    rig.submit(group, std::move(write));
  }
  void vote() {
    Write write = next();
    write.hard = raft::HardState{{++terms}, {2}, {3}};
    rig.submit(group, std::move(write));
  }
  void release(std::uint64_t keeps) {
    Write write = next();
    const Image& image = rig.shadow(group).written();
    const Index at{image.last().value - keeps};
    write.base = raft::Base{image.at(at)->entry.id, image.base.membership, {}, {1}};
    write.base_prefix = image.at(at)->prefix;
    rig.submit(group, std::move(write));
  }
  bool done() { return rig.drain(std::chrono::seconds(5)); }

  static constexpr GroupId group{1};
  LogRig rig{1, options()};
  std::uint64_t seqs = 0;
  std::uint64_t terms = 0;
};

}  // namespace bowline::sim
