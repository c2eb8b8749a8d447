// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "apps/chaos/clients.h"
#include "bowline/base/result.h"
#include "bowline/check/operation.h"

namespace bowline::chaos {

// What the servers have applied, by their journals: at each index the same on all of them, and on
// each of them however often it started and began again from a snapshot.
class Journals {
 public:
  // An error: two lines differ about an index, so two maps do.
  Result<void> read(const std::string& path);

  // The operations, with the places that the log gave them.
  check::History place(const std::vector<Recorded>&) const;
  std::size_t entries() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t mark = 0;
    std::uint64_t sum = 0;
    std::string path;  // who said so first
  };
  std::map<std::uint64_t, Entry> entries_;                       // by index
  std::map<std::uint64_t, std::vector<std::uint64_t>> indices_;  // by mark
};

}  // namespace bowline::chaos
