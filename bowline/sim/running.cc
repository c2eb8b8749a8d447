// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/running.h"

#include "bowline/wal/names.h"

namespace bowline::sim {
namespace {

constexpr Duration no_time{0};

// While a process starts.
DiskClimate timeless() {
  DiskClimate climate;
  climate.floor = climate.write = climate.sync = climate.read = no_time;
  climate.names = climate.each_block = no_time;
  return climate;
}

}  // namespace

Running::Running(Platter& platter, Chance& chance, const Clock& clock, Time now, NodeId node)
    : platter_(platter),
      loop_(chance, now, &clock),
      clock_(loop_),
      climate_(timeless()),
      disk_(platter, loop_, chance, climate_, "the disk of node " + std::to_string(node.value)) {}

wal::Options Running::log_options(std::uint64_t tail_bytes) {
  wal::Options options;
  options.segment_bytes = 128 << 10;
  options.batch_bytes = 32 << 10;
  options.tail_bytes = tail_bytes;
  options.most_segments = 6;
  options.ahead = 1;  // so that a full disk is felt soon
  options.retry_full_after = std::chrono::milliseconds(100);
  return options;
}

bool Running::tells_the_truth(const wal::Log& log) const {
  const wal::Spot at = log.landed_at();
  if (at.segment == 0) return true;
  const std::uint64_t offset = std::uint64_t{at.block} * env::block_bytes;
  return platter_.is_durable(wal::segment_name(at.segment), offset,
                             log.landed_blocks() * env::block_bytes);
}

}  // namespace bowline::sim
