// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/opening.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/wal/names.h"

namespace bowline::wal {
namespace {

constexpr std::string_view new_identity_name = "identity.new";
constexpr std::size_t reads_at_once = 2;  // beside the segment that is looked at

}  // namespace

template <class Value, class Next>
auto Opening::or_fail(std::string what, Next next) {
  return life_.guard(
      [this, what = std::move(what), next = std::move(next)](Result<Value> result) mutable {
        if (!result) return fail(what, result.error());
        if constexpr (std::is_void_v<Value>) {
          next();
        } else {
          next(*std::move(result));
        }
      });
}

void Opening::fail(const std::string& what, const Error& error) {
  done_(std::unexpected(Error{error.fault, what + ": " + error.what}));
}

void Opening::begin() {
  env::Disk& disk = log_.env_.disk;
  disk.lock(or_fail<void>("taking the log in " + disk.path(), [this] { look(); }));
}

// A name that we see may be in a cache only, if the process before us was killed.
void Opening::look() {
  const std::string what = "looking into " + log_.env_.disk.path();
  log_.env_.disk.sync_names(or_fail<void>(what, [this, what] {
    log_.env_.disk.list(or_fail<Files>(what, [this](const Files& files) { listed(files); }));
  }));
}

void Opening::listed(const Files& files) {
  bool identified = false;
  for (const env::Listed& file : files) {
    identified = identified || file.name == identity_name;
    if (const auto number = segment_number(file.name)) segments_.push_back(*number);
  }
  std::ranges::sort(segments_);
  if (!segments_.empty()) log_.newest_file_ = segments_.back();
  account_.segments = segments_.size();
  if (identified) return read_identity();
  if (segments_.empty()) return make_identity();
  fail(log_.env_.disk.path(),
       {Fault::corrupt,
        "there are segments of a log, but no file 'identity' that says whose they are. Put it "
        "back, or move the directory away: the node then starts empty, and has to be added anew"});
}

// It gets its name when it is whole: there is never half an identity.
void Opening::make_identity() {
  env::Disk& disk = log_.env_.disk;
  disk.remove(std::string(new_identity_name), life_.guard([this](const Result<void>&) {
    log_.env_.disk.create(std::string(new_identity_name), identity_bytes,
                          or_fail<File>("making the file 'identity' in " + log_.env_.disk.path(),
                                        [this](File file) { write_identity(std::move(file)); }));
  }));
}

void Opening::write_identity(File file) {
  const std::string what = "making the file 'identity' in " + log_.env_.disk.path();
  const Identity identity{log_.owner_, log_.fresh_};
  env::Buffer buffer = log_.env_.disk.buffer(identity_bytes);
  encode(identity, {buffer.data(), buffer.size()});
  identity_file_ = std::move(file);
  const auto written = [this, what, identity] {
    log_.env_.disk.rename(std::string(new_identity_name), std::string(identity_name),
                          or_fail<void>(what, [this, what, identity] {
                            log_.env_.disk.sync_names(
                                or_fail<void>(what, [this, identity] { identified(identity); }));
                          }));
  };
  auto then = or_fail<void>(what, written);
  identity_file_->write(0, std::move(buffer), env::Sync::yes,
                        [then = std::move(then)](Result<void> result, const env::Buffer&) mutable {
                          then(std::move(result));
                        });
}

void Opening::read_identity() {
  const std::string what = "reading the file 'identity' in " + log_.env_.disk.path();
  log_.env_.disk.open(std::string(identity_name), or_fail<File>(what, [this](File file) {
                        identity_file_ = std::move(file);
                        read_patiently(
                            log_.env_.disk, *identity_file_, 0, identity_bytes,
                            [this](PatientlyRead read) { judge_identity(std::move(read)); });
                      }));
}

void Opening::judge_identity(PatientlyRead read) {
  const std::string found(read.bytes.view());
  Result<Identity> identity = decode_identity({read.bytes.data(), read.bytes.size()});
  for (std::uint64_t offset = 0; identity && offset < found.size(); offset += block_bytes) {
    const std::string_view good = read.bytes.view().substr(offset, block_bytes);
    if (found.compare(offset, block_bytes, good) == 0) continue;
    env::Buffer copy = log_.env_.disk.buffer(block_bytes);
    std::memcpy(copy.data(), good.data(), block_bytes);
    repairs_.push_back({offset, std::move(copy)});
    ++account_.mended;
  }
  identified(std::move(identity));
}

// One half of it was bad. The other one is all that is left.
void Opening::mend_identity() {
  if (repairs_.empty()) return next_segment();
  Repair repair = std::move(repairs_.front());
  repairs_.pop_front();
  auto then = or_fail<void>("mending the file 'identity' in " + log_.env_.disk.path(),
                            [this] { mend_identity(); });
  identity_file_->write(repair.offset, std::move(repair.bytes), env::Sync::yes,
                        [then = std::move(then)](Result<void> result, const env::Buffer&) mutable {
                          then(std::move(result));
                        });
}

void Opening::identified(Result<Identity> identity) {
  const std::string path = log_.env_.disk.path();
  if (!identity) {
    identity.error().what +=
        ". Put the file back, or move the directory away: the node then starts empty, and has to "
        "be added anew";
    return fail("the file 'identity' in " + path, identity.error());
  }
  if (const std::string why = mismatch(identity->owner, log_.owner_); !why.empty())
    return fail("the log in " + path,
                {Fault::exists, why + ". Start with the directory of this node, or with an empty "
                                      "one. Nothing was changed"});
  log_.identity_ = account_.identity = *identity;
  mend_identity();
}

void Opening::next_segment() {
  read_ahead();
  const std::uint64_t left = segments_.size() + ahead_.size();
  if (log_.hooks_.opening) log_.hooks_.opening(account_.segments - left, account_.segments);
  if (ahead_.empty()) return sync_names();
  is_due_ = true;
  use();
}

// So many that the disk has something to do while we ask for the next one and judge.
void Opening::read_ahead() {
  while (ahead_.size() < reads_at_once && !segments_.empty()) {
    const std::uint64_t number = segments_.back();
    segments_.pop_back();
    ahead_.emplace_back().number = number;
    log_.env_.disk.open(segment_name(number), life_.guard([this, number](Result<File> file) {
      opened(number, std::move(file));
    }));
  }
}

Opening::Ahead& Opening::ahead(std::uint64_t number) {
  const auto at = std::ranges::find(ahead_, number, &Ahead::number);
  ensure(at != ahead_.end());
  return *at;
}

void Opening::opened(std::uint64_t number, Result<File> file) {
  Ahead& segment = ahead(number);
  if (!file) {
    segment.error = std::move(file.error());
    return use();
  }
  segment.file = *std::move(file);
  const std::uint64_t whole_blocks = segment.file->size() / block_bytes * block_bytes;
  if (whole_blocks == 0) {
    segment.read.emplace();
    return use();
  }
  read_patiently(log_.env_.disk, *segment.file, 0, whole_blocks,
                 life_.guard([this, number](PatientlyRead read) {
                   ahead(number).read = std::move(read);
                   use();
                 }));
}

// Once it is read, and its turn has come. Those before it are read while we look at this one.
void Opening::use() {
  if (!is_due_ || (!ahead_.front().error && !ahead_.front().read)) return;
  is_due_ = false;
  Ahead segment = std::move(ahead_.front());
  ahead_.pop_front();
  if (segment.error)
    return fail("opening " + segment_name(segment.number) + " in " + log_.env_.disk.path(),
                *segment.error);
  log_.files_[segment.number] = std::move(segment.file);
  read_ahead();
  if (segment.read->bytes.empty()) return nothing_in(segment.number, false);
  judge(segment.number, *std::move(segment.read));
}

void Opening::judge(std::uint64_t number, PatientlyRead read) {
  const std::optional<Seal> seal = seal_ && seal_->end.segment == number ? seal_ : std::nullopt;
  const std::string where = segment_name(number) + " in " + log_.env_.disk.path();
  const std::span<char> bytes(read.bytes.data(), read.bytes.size());
  const Result<Survey> survey = wal::survey(bytes, {log_.identity_.disk.value, number, 0}, seal);
  const std::string advice =
      ". Entries that this node promised to keep are gone with it. Move the directory away: the "
      "node then starts empty, and has to be added anew";
  if (!survey) return fail(where, {survey.error().fault, survey.error().what + advice});
  if (!seal && hides_the_end(*survey, read.unreadable))
    return fail(where, {Fault::io,
                        "the disk reports errors where the log ends, so nobody knows "
                        "what was there" +
                            advice});
  highest_batch_ = std::max(highest_batch_, survey->highest);
  account_.torn = account_.torn || survey->torn;
  if (survey->batches.empty())
    return nothing_in(number, is_clean(read, 0) && read.unreadable.empty());
  if (seal_ && !seal)
    return fail(where, {Fault::corrupt, "the next segment follows another one" + advice});
  const bool newest = log_.segment_ == 0;
  if (newest) {
    log_.segment_ = number;
    log_.end_ = survey->end;
    log_.batch_ = survey->last();
    log_.echo_ = survey->batches.back().table.own;
    last_is_mark_ = survey->batches.back().table.rows.empty();
  }
  replay_.add(number, survey->batches);
  log_.note_unreadable(number, read);
  plan_repairs(number, *survey, {bytes.data(), bytes.size()});
  if (newest) plan_erasure(survey->end, read);
  const Table& front = survey->batches.front().table;
  seal_ = Seal{*front.follows, front.echo};
  log_.ledger_.opened(number);
  log_.ledger_.ended(number, survey->end);
  next_repair(number);
}

bool Opening::is_clean(const PatientlyRead& read, std::uint64_t block) {
  const std::string_view content = read.bytes.view().substr(block * block_bytes, block_bytes);
  return content.find_first_not_of('\0') == std::string_view::npos &&
         !std::ranges::binary_search(read.unreadable, block);
}

// A segment that was made in time and not used yet. Or one of which the making was cut short; or
// one that was to be used again, and may still have its old name on the disk.
void Opening::nothing_in(std::uint64_t number, bool blank) {
  const std::string where = segment_name(number) + " in " + log_.env_.disk.path();
  if (log_.segment_ != 0 && seal_ && seal_->end.segment >= number)
    return fail(where, {Fault::corrupt, "the segment is empty, although the log went on after it"});
  if (blank && log_.files_.at(number)->size() == log_.options_.segment_bytes && log_.segment_ == 0)
    return rename_unused(number);
  log_.files_.erase(number);
  log_.env_.disk.remove(segment_name(number),
                        or_fail<void>("removing " + where, [this] { next_segment(); }));
}

// If the sync of its name had failed, no later sync would make that name durable, and the system
// would not say so. A new name is a change that the next sync has to take along. And what a crash
// left in it of a first write means nothing under another number.
void Opening::rename_unused(std::uint64_t number) {
  const std::uint64_t fresh = ++log_.newest_file_;
  const std::string what = "naming " + segment_name(fresh) + " in " + log_.env_.disk.path();
  log_.env_.disk.rename(segment_name(number), segment_name(fresh),
                        or_fail<void>(what, [this, number, fresh] {
                          log_.files_[fresh] = std::move(log_.files_.at(number));
                          log_.files_.erase(number);
                          log_.ahead_.push_back(fresh);
                          next_segment();
                        }));
}

// What a crash left of a write has to go before the next one goes there. If that one is cut short
// too, sectors of both may come to lie side by side, and where they happen to be alike, the older
// one would be whole: a write that we have said is not there.
void Opening::plan_erasure(std::uint64_t end, const PatientlyRead& read) {
  const std::string_view bytes = read.bytes.view();
  const std::uint64_t most = blocks_for(log_.options_.most_batch_bytes());
  const std::uint64_t stop = std::min(end + most, bytes.size() / block_bytes);
  const auto clean = [&](std::uint64_t block) { return is_clean(read, block); };
  std::uint64_t first = end;
  while (first < stop && clean(first)) ++first;
  std::uint64_t last = stop;
  while (last > first && clean(last - 1)) --last;
  const auto erase = [&](std::uint64_t block, std::uint64_t blocks) {
    env::Buffer zeros = log_.env_.disk.buffer(blocks * block_bytes);
    std::memset(zeros.data(), 0, zeros.size());
    repairs_.push_back({block * block_bytes, std::move(zeros)});
  };
  if (first != last) erase(first, last - first);
  // If the log came to end there one day, nobody could tell what had been there.
  std::uint64_t next = stop;
  for (const std::uint64_t block : read.unreadable) {
    if (block < next) continue;
    next = block + 1;
    while (std::ranges::binary_search(read.unreadable, next)) ++next;
    erase(block, next - block);
  }
}

// A write that the power cuts short may leave garbage where all was well. So it is one block at a
// time, and a bad one first: there is never more than one that is not good.
void Opening::plan_repairs(std::uint64_t number, const Survey& survey, std::string_view bytes) {
  const auto plan = [&](std::uint64_t block, std::uint64_t blocks) {
    env::Buffer copy = log_.env_.disk.buffer(blocks * block_bytes);
    std::memcpy(copy.data(), bytes.data() + block * block_bytes, blocks * block_bytes);
    repairs_.push_back({block * block_bytes, std::move(copy)});
  };
  for (const Batch& batch : survey.batches) {
    ++account_.batches;
    const bool last = number == log_.segment_ && &batch == &survey.batches.back();
    if (batch.state == State::mended) ++account_.mended;
    if (batch.state == State::damaged) ++account_.damaged;
    if (batch.state == State::mended) plan(batch.block + batch.bad.front(), 1);
    if (last && batch.state != State::damaged) {
      const std::uint64_t step = planted(Bug::p74_last_batch_mended_at_once) ? batch.blocks : 1;
      for (std::uint64_t i = 0; i < batch.blocks; i += step) plan(batch.block + i, step);
    }
  }
}

void Opening::next_repair(std::uint64_t number) {
  if (repairs_.empty()) return next_segment();
  Repair repair = std::move(repairs_.front());
  repairs_.pop_front();
  auto then = or_fail<void>("mending " + segment_name(number) + " in " + log_.env_.disk.path(),
                            [this, number] { next_repair(number); });
  log_.files_.at(number)->write(
      repair.offset, std::move(repair.bytes), env::Sync::yes,
      [then = std::move(then)](Result<void> result, const env::Buffer&) mutable {
        then(std::move(result));
      });
}

void Opening::sync_names() {
  if (log_.ahead_.empty()) return finish();
  const std::string what = "naming segments in " + log_.env_.disk.path();
  log_.env_.disk.sync_names(or_fail<void>(what, [this] { finish(); }));
}

void Opening::finish() {
  log_.next_batch_ = highest_batch_ + 1;
  log_.last_number_ = replay_.highest_number();
  log_.marked_ = last_is_mark_;
  Result<std::map<GroupId, GroupState>> groups = replay_.finish();
  if (!groups) return fail("the log in " + log_.env_.disk.path(), groups.error());
  Opened opened{account_, {}};
  for (auto& [id, group] : *groups) {
    opened.groups.push_back({id, found(group)});
    log_.take_over(id, std::move(group));
  }
  done_(std::move(opened));
}

}  // namespace bowline::wal
