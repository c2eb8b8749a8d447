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
  if (!batch) return fetch.done(unreadable(place));
  Result<raft::Batch> found =
      entries_of(read.bytes.view(), *batch, fetch.run, fetch.after, fetch.through, fetch.bytes);
  if (found && found->empty()) found = unreadable(place);
  fetch.done(std::move(found));
}

}  // namespace bowline::wal
