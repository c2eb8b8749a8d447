// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/journals.h"

#include <fstream>
#include <sstream>

namespace bowline::chaos {

Result<void> Journals::read(const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (file.eof()) break;  // the process was killed while it wrote this one
    std::istringstream words(line);
    std::uint64_t index = 0;
    Entry entry{.path = path};
    if (!(words >> index >> entry.mark >> entry.sum))
      return std::unexpected(Error{Fault::corrupt, path + ": cannot make sense of '" + line + "'"});
    const auto [known, fresh] = entries_.try_emplace(index, entry);
    if (fresh && entry.mark != 0) indices_[entry.mark].push_back(index);
    if (known->second.mark == entry.mark && known->second.sum == entry.sum) continue;
    return std::unexpected(Error{Fault::corrupt, path + " and " + known->second.path +
                                                     " differ about what was applied at " +
                                                     std::to_string(index)});
  }
  return {};
}

check::History Journals::place(const std::vector<Recorded>& recorded) const {
  check::History history;
  for (const Recorded& one : recorded) {
    history.push_back(one.operation);
    const auto known = indices_.find(one.mark);
    if (one.operation.verb != check::Verb::get && known != indices_.end())
      history.back().places = known->second;
  }
  return history;
}

}  // namespace bowline::chaos
