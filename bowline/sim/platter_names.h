// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/sim/decisions.h"
#include "bowline/sim/platter_file.h"

namespace bowline::sim {

// What happens to a directory.
struct NameChange {
  enum class Kind : std::uint8_t { create, remove, rename };
  Kind kind = Kind::create;
  std::string name;
  std::string to;           // of a rename: the new name
  std::uint64_t bytes = 0;  // of a new file
};

using Directory = std::map<std::string, FileId, std::less<>>;

// Which file has which name: as processes see it, and as the power leaves it.
class PlatterNames {
 public:
  const Directory& cached() const { return cached_; }
  const Directory& durable() const { return durable_; }
  FileId find(std::string_view name) const;  // 0: no such name
  FileId find_durable(std::string_view name) const;
  std::string name_of(FileId) const;
  bool refers(FileId) const;
  bool pending(std::string_view name) const;  // a change of it waits for a sync

  void apply(NameChange, FileId);

  void sync();
  void fail_sync() { unsynced_.clear(); }  // nobody will try again

  void lose_power(Chance&, Loss);

 private:
  struct Unsynced {
    NameChange change;
    FileId file;
  };
  static void apply(const Unsynced&, Directory&);
  void lose_any(Chance&);

  Directory cached_;
  Directory durable_;
  std::vector<Unsynced> unsynced_;
};

}  // namespace bowline::sim
