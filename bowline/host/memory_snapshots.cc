// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/memory_snapshots.h"

#include <algorithm>
#include <span>
#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/base/ensure.h"

namespace bowline::host {

struct MemorySnapshots::Pieces final : HeldSnapshot {
  Pieces(Manifest of, std::shared_ptr<std::uint64_t> counter)
      : what(std::move(of)), all(what.pieces()), used(std::move(counter)) {}
  ~Pieces() override { *used -= bytes; }
  const Manifest& manifest() const override { return what; }
  void put(std::uint32_t piece, std::string content) {
    *used += content.size();
    bytes += content.size();
    all[piece] = std::move(content);
  }

  Manifest what;
  std::vector<std::string> all;  // an empty one is not here
  std::uint64_t bytes = 0;       // of those that are here
  std::shared_ptr<std::uint64_t> used;
};

namespace {

std::unexpected<Error> no_snapshot(Fault fault, GroupId group, const std::string& why) {
  return std::unexpected(
      Error{fault, "the snapshot of group " + std::to_string(group.value) + ": " + why});
}

constexpr auto no_room = "the memory that snapshots may take is used up: raise most_bytes";
constexpr auto has_left = "the group left this node";

}  // namespace

std::string MemorySnapshots::Options::fault() const {
  if (piece_bytes == 0 || piece_bytes % env::block_bytes != 0 || piece_bytes > most_piece_bytes)
    return "piece_bytes must be a multiple of 4096, and at most 4 MiB";
  if (most_bytes == 0) return "most_bytes must be above zero";
  return {};
}

MemorySnapshots::MemorySnapshots(env::Env env, Options options) : env_(env), options_(options) {
  ensure(options_.fault().empty());
  timer_ = env_.loop.timer(life_.guard([this] {
    for (const std::uint64_t number : std::exchange(waiting_, {})) begin_work(number);
  }));
}

MemorySnapshots::~MemorySnapshots() { env_.loop.drop(timer_); }

template <class Value>
void MemorySnapshots::later(env::Done<Result<Value>> done, Result<Value> result) {
  env_.loop.soon(life_.guard(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); }));
}

void MemorySnapshots::begin_work(std::uint64_t number) {
  turns_.push_back(number);
  if (turns_.size() == 1) env_.loop.soon(life_.guard([this] { work(); }));
}

// Whoever is not done comes behind the others.
void MemorySnapshots::work() {
  const std::uint64_t number = turns_.front();
  if (turns_.size() > 1) env_.loop.soon(life_.guard([this] { work(); }));
  turns_.pop_front();
  if (takings_.contains(number)) return take_next(number);
  load_next(number);
}

// ---- what there is

void MemorySnapshots::open(env::Done<Result<void>> done) { later<void>(std::move(done), {}); }

const MemorySnapshots::Group* MemorySnapshots::find(GroupId id) const {
  const auto found = groups_.find(id);
  return found == groups_.end() ? nullptr : &found->second;
}

HeldSnapshotPtr MemorySnapshots::hold(GroupId id) const {
  const Group* const group = find(id);
  return group == nullptr ? nullptr : group->newest;
}

const Manifest* MemorySnapshots::newest(GroupId id) const {
  const Group* const group = find(id);
  return group == nullptr || group->newest == nullptr ? nullptr : &group->newest->what;
}

std::vector<GroupId> MemorySnapshots::groups() const {
  std::vector<GroupId> ids;
  ids.reserve(groups_.size());
  for (const auto& [id, group] : groups_) ids.push_back(id);
  return ids;
}

bool MemorySnapshots::covers(GroupId id, Index index) const {
  const Manifest* const here = newest(id);
  return here != nullptr && here->base.id.index >= index;
}

// What came of others and is of no use any more goes first.
bool MemorySnapshots::make_room(std::uint64_t bytes) {
  const auto fits = [&] { return *used_ + bytes <= options_.most_bytes; };
  if (fits()) return true;
  for (auto& [id, group] : groups_)
    if (group.incoming != nullptr && covers(id, group.incoming->what.base.id.index))
      group.incoming.reset();
  return fits();
}

void MemorySnapshots::install(const PiecesPtr& whole) {
  if (!covers(whole->what.group, whole->what.base.id.index))
    groups_[whole->what.group].newest = whole;
}

// ---- what ends, and how far it is

GroupId MemorySnapshots::Taking::group() const { return draft->what.group; }
GroupId MemorySnapshots::Loading::group() const { return from->what.group; }

template <class Work>
const Work* MemorySnapshots::work_of(const Works<Work>& works, GroupId id) {
  const auto found =
      std::ranges::find_if(works, [id](const auto& each) { return each.second.group() == id; });
  return found == works.end() ? nullptr : &found->second;
}

std::optional<MemorySnapshots::Progress> MemorySnapshots::taking(GroupId id) const {
  const Taking* const taking = work_of(takings_, id);
  if (taking == nullptr) return std::nullopt;
  return Progress{taking->draft->what.bytes, 0};
}

std::optional<MemorySnapshots::Progress> MemorySnapshots::loading(GroupId id) const {
  const Loading* const loading = work_of(loadings_, id);
  if (loading == nullptr) return std::nullopt;
  const Manifest& what = loading->from->what;
  return Progress{std::min(std::uint64_t{loading->piece} * what.piece_bytes, what.bytes),
                  what.bytes};
}

std::set<GroupId> MemorySnapshots::busy() const {
  std::set<GroupId> busy;
  for (const auto& [number, taking] : takings_) busy.insert(taking.group());
  for (const auto& [number, loading] : loadings_) busy.insert(loading.group());
  return busy;
}

template <class Work>
void MemorySnapshots::stop(Works<Work>& works, GroupId id) {
  for (auto& [number, work] : works)
    if (work.group() == id)
      later(std::move(work.done), {no_snapshot(Fault::not_found, id, has_left)});
  std::erase_if(works, [id](const auto& each) { return each.second.group() == id; });
}

// Their readers and writers end here and now: they may be part of what ends.
void MemorySnapshots::stop(GroupId id) {
  stop(takings_, id);
  stop(loadings_, id);
}

// Of what others hold nothing comes back: only they know it.
void MemorySnapshots::forget(GroupId id, env::Done<Result<void>> done) {
  stop(id);
  groups_.erase(id);
  if (done) later<void>(std::move(done), {});
}

// ---- ours

void MemorySnapshots::take(GroupId id, raft::Base base, std::unique_ptr<machine::Reader> reader,
                           env::Done<Result<void>> done) {
  ensure(reader != nullptr && base.membership != nullptr && base.id.index);
  if (covers(id, base.id.index)) return later<void>(std::move(done), {});
  if (taking(id))
    return later<void>(std::move(done), no_snapshot(Fault::exists, id, "one is being taken"));
  Manifest manifest{
      .group = id, .base = std::move(base), .piece_bytes = options_.piece_bytes, .sums = {}};
  takings_[++numbers_] = {std::make_shared<Pieces>(std::move(manifest), used_), std::move(reader),
                          std::move(done)};
  begin_work(numbers_);
}

void MemorySnapshots::take_next(std::uint64_t number) {
  const auto found = takings_.find(number);
  if (found == takings_.end()) return;
  const Result<bool> filled = fill(found->second);
  if (filled && !*filled) return wait(number);
  const Result<bool> goes_on = filled ? take_piece(found->second) : filled;
  if (goes_on && *goes_on) return begin_work(number);
  Taking taking = std::move(takings_.extract(found).mapped());
  if (!goes_on) return taking.done(std::unexpected(goes_on.error()));
  taking.draft->what.identity = identity_of(taking.draft->what);
  install(taking.draft);
  taking.done({});
}

void MemorySnapshots::wait(std::uint64_t number) {
  waiting_.push_back(number);
  if (waiting_.size() == 1) env_.loop.set(timer_, env_.clock.now() + asks_again_after);
}

// False: there is more, but the machine is not ready.
Result<bool> MemorySnapshots::fill(Taking& taking) {
  const std::size_t piece_bytes = taking.draft->what.piece_bytes;
  while (taking.piece.size() < piece_bytes) {
    const std::size_t most = piece_bytes - taking.piece.size();
    if (!taking.reader->is_ready()) return false;
    const Result<std::string> part = taking.reader->next(most);
    if (!part) return std::unexpected(part.error());
    if (part->empty()) break;
    ensure(part->size() <= most);
    taking.piece += *part;
  }
  return true;
}

// True: there may be more.
Result<bool> MemorySnapshots::take_piece(Taking& taking) {
  Manifest& manifest = taking.draft->what;
  std::string piece = std::exchange(taking.piece, {});
  if (piece.empty()) return false;
  const bool whole = piece.size() == manifest.piece_bytes;
  if (!make_room(piece.size()) || manifest.pieces() == most_pieces)
    return no_snapshot(Fault::full, manifest.group, no_room);
  manifest.bytes += piece.size();
  manifest.sums.push_back(crc32c(piece));
  taking.draft->all.emplace_back();
  taking.draft->put(manifest.pieces() - 1, std::move(piece));
  return whole;
}

void MemorySnapshots::load(GroupId id, std::unique_ptr<machine::Writer> writer,
                           env::Done<Result<raft::Base>> done) {
  ensure(writer != nullptr);
  const Group* const group = find(id);
  if (group == nullptr || group->newest == nullptr)
    return later<raft::Base>(std::move(done), no_snapshot(Fault::not_found, id, "there is none"));
  loadings_[++numbers_] = {group->newest, std::move(writer), std::move(done)};
  begin_work(numbers_);
}

void MemorySnapshots::load_next(std::uint64_t number) {
  const auto found = loadings_.find(number);
  if (found == loadings_.end()) return;
  const Result<bool> goes_on = load_piece(found->second);
  if (goes_on && *goes_on) return begin_work(number);
  Loading loading = std::move(loadings_.extract(found).mapped());
  loading.writer.reset();
  if (!goes_on) return loading.done(std::unexpected(goes_on.error()));
  loading.done(loading.from->what.base);
}

Result<bool> MemorySnapshots::load_piece(Loading& loading) {
  if (loading.piece < loading.from->all.size()) {
    if (Result<void> added = loading.writer->add(loading.from->all[loading.piece++]); !added)
      return std::unexpected(added.error());
    return true;
  }
  if (Result<void> committed = loading.writer->commit(); !committed)
    return std::unexpected(committed.error());
  return false;
}

// As from a disk: whoever gets it may write into it.
void MemorySnapshots::read_piece(const HeldSnapshotPtr& held, std::uint32_t piece,
                                 env::Done<Result<env::Buffer>> done) {
  ensure(held != nullptr && piece < held->manifest().pieces());
  auto copy = std::make_shared<std::string>(static_cast<const Pieces&>(*held).all[piece]);
  const std::span<char> memory(*copy);
  later<env::Buffer>(std::move(done), env::Buffer(memory, std::move(copy)));
}

// ---- of others

MemorySnapshots::PiecesPtr MemorySnapshots::incoming(GroupId id) const {
  const Group* const group = find(id);
  return group == nullptr ? nullptr : group->incoming;
}

void MemorySnapshots::begin_incoming(const Manifest& manifest, env::Done<Result<Missing>> done) {
  const GroupId id = manifest.group;
  if (covers(id, manifest.base.id.index))
    return later<Missing>(std::move(done),
                          no_snapshot(Fault::exists, id, "the one that is here is not older"));
  PiecesPtr& coming = groups_[id].incoming;
  if (coming == nullptr || coming->what.identity != manifest.identity)
    coming = std::make_shared<Pieces>(manifest, used_);
  Missing missing;
  for (std::uint32_t piece = 0; piece < manifest.pieces(); ++piece)
    if (coming->all[piece].empty()) missing.push_back(piece);
  later<Missing>(std::move(done), std::move(missing));
}

void MemorySnapshots::put_piece(GroupId id, std::uint32_t piece, std::string_view bytes,
                                env::Done<Result<void>> done) {
  const auto refuse = [&](Fault fault, const std::string& why) {
    later<void>(std::move(done), no_snapshot(fault, id, why));
  };
  const PiecesPtr coming = incoming(id);
  if (coming == nullptr) return refuse(Fault::not_found, "none was begun");
  if (piece >= coming->all.size() || !coming->what.is(piece, bytes))
    return refuse(Fault::corrupt,
                  "piece " + std::to_string(piece) + " is not what the manifest says");
  if (!coming->all[piece].empty()) return later<void>(std::move(done), {});
  if (!make_room(bytes.size())) {
    drop_incoming(id);
    return refuse(Fault::full, no_room);
  }
  coming->put(piece, std::string(bytes));
  later<void>(std::move(done), {});
}

void MemorySnapshots::end_incoming(GroupId id, env::Done<Result<void>> done) {
  const PiecesPtr coming = incoming(id);
  if (coming == nullptr)
    return later<void>(std::move(done), no_snapshot(Fault::not_found, id, "none was begun"));
  const auto first = std::ranges::find(coming->all, std::string());
  if (first != coming->all.end())
    return later<void>(
        std::move(done),
        no_snapshot(Fault::not_found, id,
                    "piece " + std::to_string(first - coming->all.begin()) + " is missing"));
  groups_[id].incoming.reset();
  install(coming);
  later<void>(std::move(done), {});
}

void MemorySnapshots::drop_incoming(GroupId id) {
  const auto found = groups_.find(id);
  if (found == groups_.end()) return;
  found->second.incoming.reset();
  if (found->second.newest == nullptr) groups_.erase(found);
}

std::uint64_t MemorySnapshots::incoming_bytes(GroupId id) const {
  const PiecesPtr coming = incoming(id);
  return coming == nullptr ? 0 : coming->bytes;
}

}  // namespace bowline::host
