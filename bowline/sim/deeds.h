// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "bowline/base/ids.h"

namespace bowline::sim {

// What machines did, all nodes together: where each call was done, and the state after an entry.
// Each answers with what is wrong; empty: nothing.
class Deeds {
 public:
  static constexpr std::string_view call_begins = "call ";  // and no other command does

  // A machine was given this command, and did it.
  std::string did(LogId, std::string_view command);
  // After this entry a machine had this state.
  std::string stood(LogId, std::uint64_t digest);

  // A client was told so.
  std::string called_done(std::string_view command) const;
  std::string called_void(std::string_view command);
  // Where a call was done; 0: nowhere.
  Index find(std::string_view command) const;

  // What another log became the truth of: the rest never happened.
  void keep(const std::function<bool(LogId)>& holds);

 private:
  std::map<std::string, LogId, std::less<>> done_;
  std::set<std::string, std::less<>> void_;
  std::map<LogId, std::uint64_t> states_;
};

}  // namespace bowline::sim
