// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/side_lives.h"

#include <algorithm>

#include "bowline/base/crc32c.h"
#include "bowline/sim/hash.h"

namespace bowline::sim {
namespace {

std::string head(SideLives::Life life) { return "life " + std::to_string(life) + " "; }
std::string at(LogId id) { return "entry " + std::to_string(id.index.value); }

}  // namespace

std::string SideLives::command(Life life, std::uint64_t number) {
  return head(life) + "write " + std::to_string(number);
}

std::uint64_t SideLives::digest(std::uint64_t before, LogId id, std::string_view command) {
  return mixed(mixed(before, id.index.value), crc32c(command));
}

std::string SideLives::did(Life life, LogId id, std::string_view command, std::uint64_t before) {
  if (!command.starts_with(head(life)))
    return "a member of " + head(life) + "was given \"" + std::string(command) + "\"";
  std::map<Index, Deed>& deeds = rows_[life].deeds;
  const Deed deed{id, std::string(command), digest(before, id, command)};
  if (const auto known = deeds.find(id.index); known != deeds.end()) {
    const Deed& same = known->second;
    if (same.id == id && same.command == command && same.digest == deed.digest) return {};
    return "in " + head(life) + at(id) + " was \"" + same.command + "\", and is \"" + deed.command +
           "\" for somebody, or he lacks what came before";
  }
  const std::uint64_t newest = deeds.empty() ? 0 : deeds.rbegin()->second.digest;
  const bool follows = deeds.empty() || deeds.rbegin()->first < id.index;
  if (!follows || before != newest)
    return "in " + head(life) + at(id) + " does not go on from what was done before";
  deeds.emplace(id.index, deed);
  return {};
}

std::string SideLives::stood(Life life, LogId last, std::uint64_t digest) const {
  if (last == LogId{} && digest == 0) return {};
  if (const auto row = rows_.find(life); row != rows_.end())
    if (const auto deed = row->second.deeds.find(last.index); deed != row->second.deeds.end())
      if (deed->second.id == last && deed->second.digest == digest) return {};
  return "a snapshot through " + at(last) + " is none of " + head(life);
}

std::string SideLives::told(Life life, LogId id, std::string_view command) {
  Row& row = rows_[life];
  const auto deed = row.deeds.find(id.index);
  if (deed == row.deeds.end() || deed->second.id != id || deed->second.command != command)
    return "a client of " + head(life) + "is told that " + at(id) + " is done, and nobody did it";
  row.known = std::max(row.known, id.index);
  return {};
}

std::string SideLives::read(Life life, Index least, Index applied) {
  if (applied < least)
    return "a client of " + head(life) + "reads from " + std::to_string(applied.value) +
           ", and somebody knew of " + std::to_string(least.value) + " before";
  return {};
}

Index SideLives::known(Life life) const {
  const auto row = rows_.find(life);
  return row == rows_.end() ? Index{} : row->second.known;
}

}  // namespace bowline::sim
