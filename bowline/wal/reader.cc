// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/wal/batch.h"
#include "bowline/wal/log.h"

namespace bowline::wal {
namespace {

constexpr std::uint64_t first_read_blocks = 16;  // more only if the batch is longer

std::unexpected<Error> unreadable(const Place& place) {
  return std::unexpected(Error{Fault::corrupt, "block " + std::to_string(place.block) +
                                                   " of segment " + std::to_string(place.segment) +
                                                   " cannot be read"});
}

// The entries that were asked for, as far as this row goes.
Result<raft::Batch> entries_of(std::string_view blocks, const Batch& batch, const Run& run,
                               Index after, Index through, std::uint64_t bytes) {
  raft::Batch found;
  if (run.where.row >= batch.table.rows.size()) return found;
  const Row& row = batch.table.rows[run.where.row];
  std::uint64_t sum = 0;
  for (Index i = after.next(); i <= std::min(through, run.last()); i = i.next()) {
    const std::uint64_t place = run.skip + (i - run.first);
    const EntryHead* const head = row.at(place);
    if (head == nullptr) break;
    const EntryHead& entry = *head;
    sum += entry.bytes;
    if (entry.lost || entry.id != LogId{run.term, i} || (!found.empty() && sum > bytes)) break;
    found.push_back({entry.id, entry.kind, payload_of(blocks, entry)});
  }
  return found;
}

}  // namespace

void Log::fetch(GroupId group, Index after, Index through, std::uint64_t bytes,
                env::Done<Result<raft::Batch>> done) {
  const Group* const at = groups_.find(group);
  const Run* run = at == nullptr ? nullptr : at->runs.at(after.next());
  if (run == nullptr || run->lost) {
    env_.loop.soon(life_.guard([gone = run == nullptr, done = std::move(done)]() mutable {
      done(gone ? Result<raft::Batch>(raft::Batch{})
                : std::unexpected(Error{Fault::corrupt, "its content is lost"}));
    }));
    return;
  }
  // From there on what is on disk may be about to be replaced.
  if (const Index newer = tail_.first(group); newer > after.next())
    through = std::min(through, newer.prev());
  begin({*run, after, through, bytes, files_.at(run->where.segment), std::move(done)});
}

void Log::begin(Fetch fetch) {
  const std::uint64_t left = fetch.file->size() / block_bytes - fetch.run.where.block;
  read_batch(std::move(fetch), std::min(first_read_blocks, left));
}

void Log::read_batch(Fetch fetch, std::uint64_t blocks) {
  env::File& file = *fetch.file;
  const std::uint64_t offset = std::uint64_t{fetch.run.where.block} * block_bytes;
  read_patiently(env_.disk, file, offset, blocks * block_bytes,
                 life_.guard([this, fetch = std::move(fetch)](PatientlyRead read) mutable {
                   batch_read(std::move(fetch), std::move(read));
                 }));
}

void Log::batch_read(Fetch fetch, PatientlyRead read) {
  const Place place{identity_.disk.value, fetch.run.where.segment, fetch.run.where.block};
  if (files_.contains(place.segment)) note_unreadable(place.segment, read);
  const std::optional<Head> head = head_at(read.bytes.view(), place);
  if (!head) return fetch.done(unreadable(place));
  const std::uint64_t size = std::uint64_t{head->blocks} * block_bytes;
  if (size > read.bytes.size()) return read_batch(std::move(fetch), head->blocks);
  const std::optional<Batch> batch = examine({read.bytes.data(), size}, place, *head);
  if (batch) return give(std::move(fetch), *batch, read.bytes.view());
  ask_next({std::move(fetch), std::move(read), *head, false}, first_read_blocks);
}

void Log::give(Fetch fetch, const Batch& batch, std::string_view blocks) {
  Result<raft::Batch> found =
      entries_of(blocks, batch, fetch.run, fetch.after, fetch.through, fetch.bytes);
  if (found && found->empty())
    found = unreadable({identity_.disk.value, fetch.run.where.segment, fetch.run.where.block});
  fetch.done(std::move(found));
}

// What was in a batch whose table cannot be read, the next one tells: it begins behind it, or where
// the next segment does.
void Log::ask_next(Tableless one, std::uint64_t blocks) {
  Place next{identity_.disk.value, one.fetch.run.where.segment,
             one.fetch.run.where.block + one.head.blocks};
  std::shared_ptr<env::File> file = one.fetch.file;
  if (next.block * block_bytes >= file->size()) one.in_next_segment = true;
  if (one.in_next_segment) {
    const auto segment = files_.upper_bound(next.segment);
    if (segment == files_.end())
      return one.fetch.done(unreadable({next.disk, next.segment, one.fetch.run.where.block}));
    next.segment = segment->first;
    next.block = 0;
    file = segment->second;
  }
  env::File& from = *file;
  read_patiently(env_.disk, from, std::uint64_t{next.block} * block_bytes, blocks * block_bytes,
                 life_.guard([this, next, one = std::move(one),
                              file = std::move(file)](PatientlyRead read) mutable {
                   next_read(std::move(one), next, std::move(read));
                 }));
}

void Log::next_read(Tableless one, const Place& place, PatientlyRead read) {
  const std::optional<Head> head = head_at(read.bytes.view(), place);
  const std::uint64_t size = head ? std::uint64_t{head->blocks} * block_bytes : 0;
  if (size > read.bytes.size()) return ask_next(std::move(one), head->blocks);
  std::optional<Batch> batch;
  if (head) batch = examine({read.bytes.data(), size}, place, *head);
  if (batch) {
    const Place first{place.disk, one.fetch.run.where.segment, one.fetch.run.where.block};
    const std::optional<Batch> told =
        examine({one.read.bytes.data(), std::uint64_t{one.head.blocks} * block_bytes}, first,
                one.head, batch->table.echo);
    if (told) return give(std::move(one.fetch), *told, one.read.bytes.view());
  }
  if (std::exchange(one.in_next_segment, true))
    return one.fetch.done(unreadable({place.disk, one.fetch.run.where.segment, 0}));
  ask_next(std::move(one), first_read_blocks);
}

}  // namespace bowline::wal
