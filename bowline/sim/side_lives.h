// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "bowline/base/ids.h"

namespace bowline::sim {

// Groups that are destroyed and founded again under the same id have many lives; each has a number
// of its own. What is done in one is kept apart from all others, whoever does it: each has one row
// of commands, of which no member may see another, lose one, or see one of another life. Empty: it
// is as it should be; else what is not (I27).
class SideLives {
 public:
  using Life = std::uint64_t;

  static std::string command(Life, std::uint64_t number);  // no two are alike
  // Of a machine that was given a command.
  static std::uint64_t digest(std::uint64_t before, LogId, std::string_view command);

  // A machine that belongs to this life was given this.
  std::string did(Life, LogId, std::string_view command, std::uint64_t before);
  // It took in a snapshot: the last command of it, and its digest.
  std::string stood(Life, LogId last, std::uint64_t digest) const;
  // A client was told that its command is done.
  std::string told(Life, LogId, std::string_view command);
  // A client was told that it reads what a machine has, which has applied so much. It asked when
  // known() was `least`.
  static std::string read(Life, Index least, Index applied);
  // What clients know to be done.
  Index known(Life life) const;

 private:
  struct Deed {
    LogId id;
    std::string command;
    std::uint64_t digest = 0;  // behind it
  };
  struct Row {
    std::map<Index, Deed> deeds;
    Index known;
  };
  std::map<Life, Row> rows_;
};

}  // namespace bowline::sim
