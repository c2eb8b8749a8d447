// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <utility>

#include "bowline/host/replica.h"

// The log of a group as it lies here, for whoever reads it.
namespace bowline::host {

void Replica::read_log(Index from, std::uint64_t bytes, env::Done<Result<raft::Batch>> done) {
  done = [this, done = std::move(done)](Result<raft::Batch> found) mutable {
    desks_.env.loop.soon(
        [done = std::move(done), found = std::move(found)]() mutable { done(std::move(found)); });
  };
  go_on_reading(from, bytes, std::move(done));
}

void Replica::go_on_reading(Index from, std::uint64_t bytes, env::Done<Result<raft::Batch>> done) {
  const Index base = core_.outline().base().index;
  const Index commit = core_.commit();
  const auto refuse = [&](const std::string& why) {
    const std::string entry = "entry " + std::to_string(from.value) + " of the log ";
    done(std::unexpected(Error{Fault::not_found, entry + why}));
  };
  if (from <= base)
    return refuse("is not there any more: the log begins behind entry " +
                  std::to_string(base.value) + ", which a snapshot covers");
  if (from > commit)
    return refuse("is not known to be committed here: the last one that is has the index " +
                  std::to_string(commit.value));
  raft::Batch found = desks_.log.peek(group_, from.prev(), commit, bytes);
  if (!found.empty()) return commands_read(bytes, std::move(found), std::move(done));
  desks_.log.fetch(
      group_, from.prev(), commit, bytes,
      life_.guard([this, from, bytes, done = std::move(done)](Result<raft::Batch> read) mutable {
        if (!read) return done(std::move(read));
        // What comes from the disk may be older than what our log has there.
        const auto foreign = std::ranges::find_if(
            *read, [this](const raft::Entry& entry) { return !holds(entry.id); });
        read->erase(foreign, read->end());
        if (!read->empty()) return commands_read(bytes, *std::move(read), std::move(done));
        done(std::unexpected(Error{Fault::not_found, "entry " + std::to_string(from.value) +
                                                         " of the log is not on the disk yet: ask "
                                                         "again"}));
      }));
}

// What is no command is of no interest to whoever proposed some: then those behind it.
void Replica::commands_read(std::uint64_t bytes, raft::Batch found,
                            env::Done<Result<raft::Batch>> done) {
  const Index last = found.back().id.index;
  std::erase_if(found, [](const raft::Entry& each) { return each.kind != raft::Kind::command; });
  if (found.empty() && last < core_.commit())
    return go_on_reading(last.next(), bytes, std::move(done));
  done(std::move(found));
}

}  // namespace bowline::host
