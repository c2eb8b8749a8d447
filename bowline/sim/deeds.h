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

// What machines did, all nodes together: where each call was done, what was written, and the state
// after an entry.
// Each answers with what is wrong; empty: nothing.
class Deeds {
 public:
  static constexpr std::string_view call_begins = "call ";  // and no other command does

  // A machine was given this command, and did it.
  std::string did(LogId, std::string_view command);
  // A machine that had applied so many entries was read, and had this under the key.
  std::string read(std::uint64_t key, Index applied, std::string_view value) const;
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
  std::map<std::uint64_t, std::map<LogId, std::string>> written_;  // by key
};

}  // namespace bowline::sim
