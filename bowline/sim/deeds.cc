// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/deeds.h"

#include <utility>

#include "bowline/sim/notebook.h"

namespace bowline::sim {

std::string Deeds::did(LogId id, std::string_view command) {
  written_[Notebook::key_of(command)].try_emplace(id, command);
  if (!command.starts_with(call_begins)) return {};
  if (void_.contains(command))
    return "'" + std::string(command) + "' was called void, and is done at " +
           std::to_string(id.index.value);
  const auto at = done_.find(command);
  if (at == done_.end()) {
    done_.emplace(command, id);
    return {};
  }
  if (at->second == id) return {};
  return "'" + std::string(command) + "' is done at " + std::to_string(id.index.value) +
         ", and was done at " + std::to_string(at->second.index.value);
}

std::string Deeds::read(std::uint64_t key, Index applied, std::string_view value) const {
  const auto of_key = written_.find(key);
  std::string_view last;
  if (of_key != written_.end())
    for (const auto& [id, command] : of_key->second)
      if (id.index <= applied) last = command;
  if (value == last) return {};
  return "key " + std::to_string(key) + " is '" + std::string(value) + "', and after entry " +
         std::to_string(applied.value) + " it was '" + std::string(last) + "'";
}

std::string Deeds::stood(LogId id, std::uint64_t digest) {
  const auto [at, added] = states_.emplace(id, digest);
  if (added || at->second == digest) return {};
  return "another state after entry " + std::to_string(id.index.value) +
         " than a machine had before";
}

std::string Deeds::called_done(std::string_view command) const {
  if (find(command)) return {};
  return "'" + std::string(command) + "' was called done, and no machine did it";
}

std::string Deeds::called_void(std::string_view command) {
  void_.emplace(command);
  if (!find(command)) return {};
  return "'" + std::string(command) + "' was called void, and is done";
}

Index Deeds::find(std::string_view command) const {
  const auto at = done_.find(command);
  return at == done_.end() ? Index{} : at->second.index;
}

void Deeds::keep(const std::function<bool(LogId)>& holds) {
  std::erase_if(done_, [&](const auto& deed) { return !holds(deed.second); });
  std::erase_if(states_, [&](const auto& state) { return !holds(state.first); });
  for (auto& [key, commands] : written_)
    std::erase_if(commands, [&](const auto& one) { return !holds(one.first); });
  void_.clear();
}

}  // namespace bowline::sim
