// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "bowline/host/replica.h"

// The log of a group as it lies here, for whoever reads it.
namespace bowline::host {

void Replica::read_log(Index from, std::uint64_t bytes, env::Done<Result<LogPart>> done) {
  done = [this, done = std::move(done)](Result<LogPart> found) mutable {
    desks_.env.loop.soon(
        [done = std::move(done), found = std::move(found)]() mutable { done(std::move(found)); });
  };
  if (*desks_.broken) return done(std::unexpected(disk_failed()));
  go_on_reading(std::max(from, Index{1}), bytes, std::move(done));
}

void Replica::go_on_reading(Index from, std::uint64_t bytes, env::Done<Result<LogPart>> done) {
  const Index base = core_.outline().base().index;
  const Index commit = core_.commit();
  if (from <= base)
    return done(std::unexpected(
        Error{Fault::not_found, "entry " + std::to_string(from.value) +
                                    " of the log is not there any more: the log begins behind "
                                    "entry " +
                                    std::to_string(base.value) + ", which a snapshot covers"}));
  if (from > commit) return done(LogPart{{}, from});
  raft::Batch found = desks_.log.peek(group_, from.prev(), commit, bytes);
  if (!found.empty()) return commands_read(bytes, std::move(found), std::move(done));
  desks_.log.fetch(
      group_, from.prev(), commit, bytes,
      life_.guard([this, from, bytes, done = std::move(done)](Result<raft::Batch> read) mutable {
        was_read(from, bytes, std::move(read), std::move(done));
      }));
}

// What comes from the disk may be older than what our log has there.
void Replica::was_read(Index from, std::uint64_t bytes, Result<raft::Batch> read,
                       env::Done<Result<LogPart>> done) {
  if (!read) {
    if (read.error().fault == Fault::corrupt) unreadable(from);  // others have it
    return done(std::unexpected(read.error()));
  }
  const auto foreign =
      std::ranges::find_if(*read, [this](const raft::Entry& entry) { return !holds(entry.id); });
  read->erase(foreign, read->end());
  if (read->empty()) return done(LogPart{{}, from});  // it is not on the disk yet
  commands_read(bytes, *std::move(read), std::move(done));
}

// What is no command is of no interest to whoever proposed some: then those behind it.
void Replica::commands_read(std::uint64_t bytes, raft::Batch found,
                            env::Done<Result<LogPart>> done) {
  const Index next = found.back().id.index.next();
  std::erase_if(found, [](const raft::Entry& each) { return each.kind != raft::Kind::command; });
  if (found.empty()) return go_on_reading(next, bytes, std::move(done));
  done(LogPart{std::move(found), next});
}

}  // namespace bowline::host
