// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/wal/log.h"
#include "bowline/wal/names.h"

// A segment that is not needed any more becomes a later one, under a new number: to make one costs
// as many bytes written as it will ever hold. What it held stays in it, and means nothing: the
// number of the segment is in every checksum.
//
// Its blocks must not be written to before its old name is gone for good. If the sync of the names
// fails, a later start sees the new name all the same, while the disk may still have the old one.
// So the first block is made zero once the sync is done; and a start takes no segment for unused
// whose first block is not zero, but removes it.
namespace bowline::wal {

// A reader that still holds it must find there what was there.
bool Log::can_be_used_again(std::uint64_t segment) const {
  const std::shared_ptr<env::File>& file = files_.at(segment);
  return ahead_.size() < std::size_t{options_.ahead} + options_.spare &&
         file->size() == options_.segment_bytes && file.use_count() == 1 &&
         !unreadable_in_.contains(segment);
}

// If the log should end just there one day, nobody could tell what had been there.
void Log::note_unreadable(std::uint64_t segment, const PatientlyRead& read) {
  if (!read.unreadable.empty()) unreadable_in_.insert(segment);
}

void Log::recycle(std::uint64_t segment) {
  preparing_ = true;
  ++recycled_;
  files_.erase(segment);
  const std::uint64_t number = ++newest_file_;
  env_.disk.rename(segment_name(segment), segment_name(number),
                   life_.guard([this, number](Result<void> result) {
                     if (!result) return fail(std::move(result.error()));
                     renamed(number);
                   }));
}

void Log::renamed(std::uint64_t number) {
  if (planted(Bug::p77_recycled_before_its_old_name_is_gone))
    return env_.loop.soon(life_.guard([this, number] { named_anew(number, {}); }));
  env_.disk.sync_names(
      life_.guard([this, number](Result<void> result) { named_anew(number, std::move(result)); }));
}

void Log::named_anew(std::uint64_t number, Result<void> result) {
  retiring_ = false;
  if (!result) return fail(std::move(result.error()));
  open_anew(number);
  clean();
}

// So that whatever is said of it later names the file that is there.
void Log::open_anew(std::uint64_t number) {
  auto opened = [this, number](Result<std::unique_ptr<env::File>> file) {
    if (!file && file.error().fault == Fault::full) {
      unopened_ = number;
      return no_space(std::move(file.error()));
    }
    if (!file) return fail(std::move(file.error()));
    files_[number] = *std::move(file);
    blank(number);
  };
  env_.disk.open(segment_name(number), life_.guard(std::move(opened)));
}

void Log::blank(std::uint64_t number) {
  env::Buffer zeros = env_.disk.buffer(env::block_bytes);
  std::memset(zeros.data(), 0, zeros.size());
  files_.at(number)->write(0, std::move(zeros), env::Sync::yes,
                           [this, number](Result<void> result, const env::Buffer&) {
                             preparing_ = false;
                             if (!result) return fail(std::move(result.error()));
                             ready(number);
                           });
}

}  // namespace bowline::wal
