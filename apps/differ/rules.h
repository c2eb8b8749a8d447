// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "apps/differ/peer.h"
#include "apps/differ/step.h"
#include "bowline/base/result.h"

namespace bowline::differ {

// A call and what became of it on both sides.
struct Exchange {
  const Method& method;
  const std::string& bytes;  // that were sent to ours
  const Said& ours;
  const Said& theirs;
};

// Where we mean to differ. docs/ETCD.md has the same list for people.
struct Rule {
  std::string_view name;
  std::string_view reason;
  bool (*allows)(const Exchange&);  // null: of watches, and asked where these are compared
  bool only_3_4 = false;            // what 3.5 does as we do
};
std::span<const Rule> rules();

// The rules of watches, by name.
inline constexpr std::string_view negative_start = "a watch from a negative revision";
inline constexpr std::string_view progress_at_once = "progress before all is told";
inline constexpr std::string_view progress_no_more = "progress after the end of a watch";
inline constexpr std::string_view erased_at_compacted = "a deletion at the compacted revision";

using Tally = std::map<std::string_view, std::uint64_t>;  // how often each rule was needed

// What a server answered, without what no two servers have in common: the term, the ids of leases
// that it chose, and the order of what has none. An error: it is no message of this kind.
Result<std::string> comparable(const Method&, const Said&, const Names&);

// Says how they differ, if they do.
std::optional<std::string> difference(const Exchange&, const Names& ours, const Names& theirs,
                                      Tally&, Release release);

}  // namespace bowline::differ
