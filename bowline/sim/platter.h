// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/sim/decisions.h"
#include "bowline/sim/mishap.h"
#include "bowline/sim/platter_file.h"
#include "bowline/sim/platter_names.h"

namespace bowline::sim {

// A process that uses a platter. Numbers are not used again.
using ProcessId = Ordinal<struct PlatterProcessTag>;

// What belongs to one object, and not to its copies.
template <class Thing>
struct Own {
  Own() = default;
  ~Own() = default;
  Own(const Own&) {}
  Own& operator=(const Own&) { return *this; }
  Thing value{};
};

// All that a disk holds; outlives processes and power. A copy shares what neither changes, so that
// a test can let the power fail at one moment in many ways. Processes see it through a
// SimulatedDisk.
class Platter {
 public:
  // --- the power, and the processes
  // What was not synced is lost in part, and all processes are gone. Each file in its own way,
  // unless one is given.
  void lose_power(Chance&);
  void lose_power(Chance&, std::optional<Loss>);
  // A process is gone. What it has written stays; what was under way ends somehow.
  void kill(Chance&, ProcessId);
  void kill(Chance&);  // all of them

  // --- for the crash sweep
  // Each operation of a process passes a point when it is asked for, and one when it happens.
  std::uint64_t points() const { return points_; }
  // Just before the point with this number is passed. The callee may copy the platter and may let
  // the power fail; it must not destroy the process, which is amid a call.
  void crash_at(std::uint64_t point, std::function<void()> calls);

  // --- what can be asked, by whoever sees through walls
  // What is durable under this name; nullopt: there is none, or it is shorter. What is pending may
  // still change it when the power fails.
  std::optional<std::string> durable(std::string_view name, std::uint64_t offset,
                                     std::uint64_t bytes) const;
  // These bytes are what processes see as well, and nothing is pending there, nor its name.
  bool is_durable(std::string_view name, std::uint64_t offset, std::uint64_t bytes) const;
  std::vector<env::Listed> list() const { return listed(contents_.names.cached()); }
  std::vector<env::Listed> list_durable() const { return listed(contents_.names.durable()); }
  std::uint64_t used_bytes() const;
  std::uint64_t free_bytes() const { return capacity_ - std::min(capacity_, used_bytes()); }
  std::vector<std::uint64_t> unreadable_blocks(std::string_view name) const;
  std::uint64_t files() const { return contents_.files.size(); }  // also such that have no name

  // --- what goes wrong by command. False: it was not allowed, or there is no such thing. What
  // rots, and what cannot be read any more, is counted in sectors. One of the next operations of
  // that kind, on that file or (empty) on any.
  void arrange(Mishap mishap, std::string file = {}, std::uint32_t times = 1);
  bool flip(std::string_view name, std::uint64_t offset, unsigned bit);
  bool rot(std::string_view name, std::uint64_t first, std::uint64_t count, std::uint64_t seed = 1);
  bool spoil(std::string_view name, std::uint64_t first, std::uint64_t count, bool once = false);
  void limit(std::uint64_t bytes) { capacity_ = bytes; }
  // Processes have as many files open as they may: after so many more, none is made, opened or
  // listed.
  void run_out_of_descriptors(bool out, unsigned after = 0) {
    out_of_descriptors_ = out;
    last_descriptors_ = after;
  }
  void lift_limit() { capacity_ = unlimited; }
  // These are for disks that no process uses.
  void wipe();
  void roll_back(const Platter& earlier);
  friend void exchange_contents(Platter&, Platter&);

  // Every mishap has to be allowed. Without a guard all are.
  using Guard = std::function<bool(Mishap, std::string_view file, Stretch)>;
  void guard(Guard allowed) { guard_.value = std::move(allowed); }

  struct Counters {
    std::uint64_t writes = 0;
    std::uint64_t written_bytes = 0;
    std::uint64_t syncs = 0;
    std::uint64_t reads = 0;
    std::uint64_t read_bytes = 0;
    std::uint64_t name_changes = 0;
    std::uint64_t name_syncs = 0;
    std::uint64_t power_losses = 0;
    std::uint64_t kills = 0;
    std::array<std::uint64_t, mishaps> suffered{};
    std::uint64_t of(Mishap mishap) const { return suffered[static_cast<std::size_t>(mishap)]; }
  };
  const Counters& counters() const { return counters_; }
  std::uint64_t hash() const;  // of what is durable

  // --- for a SimulatedDisk. What a process that is gone asks for does not happen.
  ProcessId admit();
  bool alive(ProcessId) const;
  bool lock(ProcessId);  // false: another process has it
  void unlock(ProcessId);

  FileId find(std::string_view name) const { return contents_.names.find(name); }
  std::uint64_t bytes(FileId) const;
  bool has_descriptor() {  // for one call
    if (!out_of_descriptors_) return true;
    if (last_descriptors_ == 0) return false;
    --last_descriptors_;
    return true;
  }
  void opened(FileId file) { ++open_[file]; }
  void closed(ProcessId, FileId);

  bool suffers(Mishap, bool drawn, FileId, Stretch);
  bool suffers(Mishap, bool drawn, std::string_view file, Stretch);

  WriteId begin_write(ProcessId, FileId, std::uint64_t offset, std::string_view data,
                      bool astray = false);
  void finish_write(ProcessId, FileId, WriteId, Reach);
  void fail_write(ProcessId, FileId, WriteId, std::uint64_t sectors);
  WriteId begin_sync(ProcessId, FileId);  // what it covers
  enum class Synced : std::uint8_t { truly, not_yet, failed, failed_and_shows_old };
  void finish_sync(ProcessId, FileId, WriteId through, Synced);
  bool busy(FileId, std::uint64_t offset, std::uint64_t bytes) const;
  Result<void> read(FileId, std::uint64_t offset, std::span<char> into);
  // Where so many blocks may go, or come from, by mistake.
  struct Place {
    FileId file;
    std::uint64_t block = 0;
  };
  std::optional<Place> elsewhere(Chance&, FileId, std::uint64_t block, std::uint64_t count) const;
  bool may_be_hit(const Place&, std::uint64_t count);  // by such a write
  void decay(Chance&, Mishap, FileId);                 // of some bit or sector of it

  std::uint64_t begin_change(ProcessId, NameChange);
  Result<FileId> finish_change(ProcessId, std::uint64_t id, bool full);
  void begin_name_sync(ProcessId);
  void finish_name_sync(ProcessId, Synced);

 private:
  static constexpr std::uint64_t unlimited = 1ULL << 36;
  struct Contents {
    PlatterNames names;
    std::map<FileId, std::shared_ptr<PlatterFile>> files;  // shared with copies of the platter
    std::uint64_t file_ids = 0;
    std::uint64_t write_ids = 0;
  };
  struct UnderWay {
    std::uint64_t id = 0;
    ProcessId process;
    NameChange change;
  };
  struct Arranged {
    Mishap mishap = Mishap::slow;
    std::string file;
    std::uint32_t times = 0;
  };

  bool pass(ProcessId);
  bool allowed(Mishap, std::string_view file, Stretch);
  PlatterFile* changed(FileId);  // ours alone; null: it is gone
  const PlatterFile* file(FileId) const;
  Result<FileId> apply(const NameChange&, bool full);
  void settle(Chance&, const NameChange&, Loss);
  std::vector<env::Listed> listed(const Directory&) const;
  void collect();

  Contents contents_;
  std::vector<UnderWay> changes_;  // of names
  std::vector<ProcessId> alive_;
  ProcessId holder_;
  std::map<FileId, std::uint32_t> open_;
  std::vector<Arranged> arranged_;
  std::uint64_t capacity_ = unlimited;
  bool out_of_descriptors_ = false;
  unsigned last_descriptors_ = 0;
  std::uint64_t process_ids_ = 0;
  std::uint64_t change_ids_ = 0;
  std::uint64_t points_ = 0;
  Counters counters_;

  struct Sweep {
    std::uint64_t point = 0;
    std::function<void()> calls;
  };
  Own<Sweep> sweep_;
  Own<Guard> guard_;
};

void exchange_contents(Platter&, Platter&);

}  // namespace bowline::sim
