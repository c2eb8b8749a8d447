// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/wal/log.h"
#include "bowline/wal/patience.h"
#include "bowline/wal/replay.h"

namespace bowline::wal {

// The start of a log: whose directory is it, what do its segments hold, and where does it go on.
// Reads everything, the newest segment first, because each one tells where the one before it ends.
// Writes nothing but what mends: a block that is rebuilt, the last batch once more, since it may
// never have left a cache, and zeros over what is left of a write that never ended.
class Opening {
 public:
  Opening(Log& log, env::Done<Result<Opened>> done) : log_(log), done_(std::move(done)) {}

  void begin();

 private:
  using Files = std::vector<env::Listed>;
  using File = std::unique_ptr<env::File>;
  struct Ahead;

  void look();
  void listed(const Files&);
  void make_identity();
  void write_identity(File);
  void read_identity();
  void judge_identity(PatientlyRead);
  void identified(Result<Identity>);
  void mend_identity();
  void next_segment();
  void read_ahead();
  Ahead& ahead(std::uint64_t number);
  void opened(std::uint64_t number, Result<File>);
  void use();
  void judge(std::uint64_t number, PatientlyRead);
  static bool is_clean(const PatientlyRead&, std::uint64_t block);
  void nothing_in(std::uint64_t number, bool blank);
  void rename_unused(std::uint64_t number);
  void plan_repairs(std::uint64_t number, const Survey&, std::string_view bytes);
  void plan_erasure(std::uint64_t end, const PatientlyRead&);
  void next_repair(std::uint64_t number);
  void sync_names();
  void finish();
  void fail(const std::string& what, const Error&);
  // What to do with a result: go on with it, or end here and say what was tried.
  template <class Value, class Next>
  auto or_fail(std::string what, Next next);

  // A segment that is read before its turn, while the ones after it are judged.
  struct Ahead {
    std::uint64_t number = 0;
    File file;
    std::optional<Error> error;
    std::optional<PatientlyRead> read;  // without anything, if there is not even a block
  };

  struct Repair {
    std::uint64_t offset = 0;
    env::Buffer bytes;
  };

  Log& log_;
  env::Done<Result<Opened>> done_;
  File identity_file_;
  std::vector<std::uint64_t> segments_;  // not asked for yet; the last one is next
  std::deque<Ahead> ahead_;              // the first one is next
  bool is_due_ = false;                  // the next one: all after it are judged
  std::optional<Seal> seal_;             // of the next one
  std::deque<Repair> repairs_;
  Replay replay_;
  Account account_;
  std::uint64_t highest_batch_ = 0;
  bool last_is_mark_ = true;
  env::Life life_;
};

}  // namespace bowline::wal
