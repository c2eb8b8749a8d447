// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bowline/wal/identity.h"
#include "bowline/wal/inspect.h"

namespace bowline::apps {

// A log's directory as plain files: they are read and never written, and nothing is locked.
struct LogFiles {
  std::string path;
  wal::Identity identity;
  bool identity_mended = false;  // one of its two halves is bad
  std::string identity_wrong;    // why it cannot be used; then no segment can be judged
  std::string holder;            // which process has the directory; empty: none that we know of
  wal::Findings findings;

  bool refused() const { return !identity_wrong.empty() || findings.refused(); }
  bool harmed() const { return refused() || identity_mended || findings.harmed(); }
};

// Told now and then how many bytes were read, of how many.
using ReadSoFar = std::function<void(std::uint64_t done, std::uint64_t all)>;

// An error: there is no log in this place, or it cannot be looked at.
Result<LogFiles> look_into(const std::string& path, const ReadSoFar&);

// One segment once more, the older ones first. Its batches; those that can still be read, if it
// cannot be judged. `bytes` are its blocks, mended as an opening would.
struct SegmentAgain {
  const wal::SegmentReport& report;
  std::vector<wal::Batch> batches;
  const std::string& bytes;
};
void each_segment(
    const LogFiles&, const std::function<void(const SegmentAgain&)>&,
    const ReadSoFar& = [](std::uint64_t, std::uint64_t) {});

}  // namespace bowline::apps
