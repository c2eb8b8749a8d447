// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/platter.h"

#include <algorithm>

#include "bowline/base/ensure.h"
#include "bowline/sim/hash.h"

namespace bowline::sim {
namespace {

using env::block_bytes;

std::unexpected<Error> error(Fault fault, std::string what) {
  return std::unexpected(Error{fault, std::move(what)});
}

}  // namespace

PlatterFile* Platter::changed(FileId id) {
  const auto found = contents_.files.find(id);
  if (found == contents_.files.end()) return nullptr;
  std::shared_ptr<PlatterFile>& shared = found->second;
  if (shared.use_count() > 1) shared = std::make_shared<PlatterFile>(*shared);
  return shared.get();
}

const PlatterFile* Platter::file(FileId id) const {
  const auto found = contents_.files.find(id);
  return found == contents_.files.end() ? nullptr : found->second.get();
}

std::uint64_t Platter::bytes(FileId id) const {
  const PlatterFile* found = file(id);
  return found == nullptr ? 0 : found->bytes();
}

// --- processes

ProcessId Platter::admit() {
  alive_.push_back({++process_ids_});
  return alive_.back();
}

bool Platter::alive(ProcessId process) const {
  return std::ranges::find(alive_, process) != alive_.end();
}

bool Platter::lock(ProcessId process) {
  if (holder_ && holder_ != process) return false;
  holder_ = process;
  return true;
}

void Platter::unlock(ProcessId process) {
  if (holder_ == process) holder_ = {};
}

void Platter::closed(ProcessId process, FileId file) {
  if (!alive(process)) return;
  const auto found = open_.find(file);
  if (found == open_.end()) return;
  if (--found->second > 0) return;
  open_.erase(found);
  collect();
}

// Files that nobody can name or use any more.
void Platter::collect() {
  std::erase_if(contents_.files, [&](const auto& entry) {
    return !contents_.names.refers(entry.first) && !open_.contains(entry.first);
  });
}

void Platter::crash_at(std::uint64_t point, std::function<void()> calls) {
  sweep_.value = {.point = point, .calls = std::move(calls)};
}

// True: whoever asks is still alive, and it shall happen.
bool Platter::pass(ProcessId process) {
  if (!alive(process)) return false;
  if (++points_ != sweep_.value.point || !sweep_.value.calls) return true;
  const auto calls = std::move(sweep_.value.calls);
  sweep_.value = {};
  calls();
  return alive(process);
}

// --- contents

WriteId Platter::begin_write(ProcessId process, FileId id, std::uint64_t offset,
                             std::string_view data, bool astray) {
  if (!pass(process)) return {};
  ensure(offset % block_bytes == 0);
  PlatterFile* file = changed(id);
  ensure(file != nullptr);
  const WriteId write{++contents_.write_ids};
  file->begin(write, offset / block_bytes, data, astray);
  ++counters_.writes;
  counters_.written_bytes += data.size();
  return write;
}

void Platter::finish_write(ProcessId process, FileId id, WriteId write, Reach reach) {
  if (!pass(process)) return;
  if (PlatterFile* file = changed(id)) file->finish(write, reach);
}

void Platter::fail_write(ProcessId process, FileId id, WriteId write, std::uint64_t sectors) {
  if (!pass(process)) return;
  if (PlatterFile* file = changed(id)) file->finish_partly(write, sectors);
}

WriteId Platter::begin_sync(ProcessId process, FileId id) {
  if (!pass(process)) return {};
  ++counters_.syncs;
  ensure(file(id) != nullptr);
  return {contents_.write_ids};
}

void Platter::finish_sync(ProcessId process, FileId id, WriteId through, Synced synced) {
  if (!pass(process) || synced == Synced::not_yet) return;
  PlatterFile* file = changed(id);
  if (file == nullptr) return;
  if (synced == Synced::truly) return file->sync(through);
  file->fail_sync(through, synced == Synced::failed_and_shows_old);
}

bool Platter::busy(FileId id, std::uint64_t offset, std::uint64_t bytes) const {
  const PlatterFile* found = file(id);
  return found != nullptr && found->busy(offset / block_bytes, bytes / block_bytes);
}

Result<void> Platter::read(FileId id, std::uint64_t offset, std::span<char> into) {
  const PlatterFile* found = file(id);
  ensure(found != nullptr);
  ++counters_.reads;
  counters_.read_bytes += into.size();
  if (!found->readable(offset, into.size())) {
    changed(id)->forget_spoilt_once(offset, into.size());
    return error(Fault::io, "a sector cannot be read");
  }
  found->read(offset, into);
  return {};
}

// --- names

std::uint64_t Platter::begin_change(ProcessId process, NameChange change) {
  if (!pass(process)) return 0;
  ++counters_.name_changes;
  changes_.push_back({++change_ids_, process, std::move(change)});
  return change_ids_;
}

Result<FileId> Platter::finish_change(ProcessId process, std::uint64_t id, bool full) {
  if (!pass(process)) return error(Fault::io, "the process is gone");
  const auto found = std::ranges::find(changes_, id, &UnderWay::id);
  ensure(found != changes_.end());
  const NameChange change = std::move(found->change);
  changes_.erase(found);
  return apply(change, full);
}

Result<FileId> Platter::apply(const NameChange& change, bool full) {
  const FileId known = contents_.names.find(change.name);
  if (change.kind != NameChange::Kind::create) {
    if (!known) return error(Fault::not_found, change.name + ": no such file");
    if (change.kind == NameChange::Kind::rename && change.to == change.name) return known;
    contents_.names.apply(change, known);
    return known;
  }
  if (known) return error(Fault::exists, change.name + ": there is such a file");
  if (full || change.bytes > free_bytes()) return error(Fault::full, change.name + ": no space");
  const FileId made{++contents_.file_ids};
  contents_.files.emplace(made, std::make_shared<PlatterFile>(change.bytes));
  contents_.names.apply(change, made);
  return made;
}

void Platter::begin_name_sync(ProcessId process) {
  if (pass(process)) ++counters_.name_syncs;
}

void Platter::finish_name_sync(ProcessId process, Synced synced) {
  if (!pass(process) || synced == Synced::not_yet) return;
  if (synced != Synced::truly) return contents_.names.fail_sync();
  contents_.names.sync();
  collect();
}

// --- questions

std::vector<env::Listed> Platter::listed(const Directory& directory) const {
  std::vector<env::Listed> list;
  list.reserve(directory.size());
  for (const auto& [name, id] : directory) list.push_back({name, bytes(id)});
  return list;
}

std::uint64_t Platter::used_bytes() const {
  std::uint64_t used = 0;
  for (const auto& [name, id] : contents_.names.cached()) used += bytes(id);
  return used;
}

std::vector<std::uint64_t> Platter::unreadable_blocks(std::string_view name) const {
  const PlatterFile* found = file(contents_.names.find_durable(name));
  return found == nullptr ? std::vector<std::uint64_t>() : found->unreadable_blocks();
}

std::optional<std::string> Platter::durable(std::string_view name, std::uint64_t offset,
                                            std::uint64_t bytes) const {
  const PlatterFile* found = file(contents_.names.find_durable(name));
  if (found == nullptr || offset > found->bytes() || bytes > found->bytes() - offset)
    return std::nullopt;
  std::string text(bytes, '\0');
  found->read_durable(offset, text);
  return text;
}

bool Platter::is_durable(std::string_view name, std::uint64_t offset, std::uint64_t bytes) const {
  const FileId id = contents_.names.find(name);
  if (!id || contents_.names.pending(name) || contents_.names.find_durable(name) != id)
    return false;
  return file(id)->is_durable(offset, bytes);
}

std::uint64_t Platter::hash() const {
  std::uint64_t hash = 0;
  for (const auto& [name, id] : contents_.names.durable()) {
    hash = mixed(mixed(hash, name), file(id)->durable_hash());
  }
  return hash;
}

}  // namespace bowline::sim
