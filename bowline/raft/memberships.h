// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>

#include "bowline/base/few.h"
#include "bowline/raft/membership.h"

namespace bowline::raft {

// The configurations of a log: the base's, and each that an entry brought. The latest is in force
// from the moment it is appended (dissertation 4.1), and cutting the log brings the one before it
// back.
class Memberships {
 public:
  Memberships() = default;
  Memberships(const Base& base, std::span<const Config> in_log);

  const Config& latest() const { return configs_.back(); }
  const Config& at(Index) const;              // the one in force at this index
  std::span<const Config> from(Index) const;  // those that came at this index or later
  void append(Config);
  void insert(Config);         // one whose entry was lost and came back
  bool cut_after(Index keep);  // true if the latest changed
  void rebase(Index base);     // those that were replaced by then are forgotten
  void committed(Index);       // ... and what the group began with, if nobody can ask for it
  void restart_from(const Base&);

 private:
  friend class Abstraction;

  Few<Config> configs_;  // invariant: never empty, by rising index
};

}  // namespace bowline::raft
