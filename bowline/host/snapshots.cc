// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/snapshots.h"

#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::host {
namespace {

Error error(Fault fault, GroupId group, const std::string& why) {
  return {fault, "the snapshot of group " + std::to_string(group.value) + ": " + why};
}

constexpr auto behind = "the one that is here is newer, although it cannot be read";

}  // namespace

std::string Snapshots::Options::fault() const {
  if (piece_bytes == 0 || piece_bytes % env::block_bytes != 0 || piece_bytes > most_piece_bytes)
    return "piece_bytes must be a multiple of 4096, and at most 4 MiB";
  if (takes_at_once == 0) return "takes_at_once must be at least 1";
  if (loads_at_once == 0) return "loads_at_once must be at least 1";
  return {};
}

Snapshots::Snapshots(env::Env env, Options options)
    : env_(env),
      options_(options),
      shelf_(std::make_shared<Shelf>(env)),
      pace_(env, options.bytes_per_second),
      takes_(options.takes_at_once),
      loads_(options.loads_at_once) {
  ensure(options.fault().empty());
}

Snapshots::~Snapshots() = default;

template <class Value>
void Snapshots::later(env::Done<Result<Value>> done, Result<Value> result) {
  env_.loop.soon(life_.guard(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); }));
}

// ---- what there is

void Snapshots::open(env::Done<Result<void>> done) {
  ensure(inventory_ == nullptr);
  auto ended = [this, done = std::move(done)](Result<Inventory::Found> found) mutable {
    if (!found) return done(std::unexpected(std::move(found.error())));
    opened(*found);
    done({});
  };
  inventory_ = std::make_unique<Inventory>(env_.disk, *shelf_, std::move(ended));
  inventory_->begin();
}

void Snapshots::opened(Inventory::Found& found) {
  for (auto& [id, stock] : found)
    groups_[id] =
        Group{std::move(stock.newest), std::move(stock.broken), std::move(stock.begun), nullptr};
  open_ = true;
}

Snapshots::Group* Snapshots::find(GroupId id) {
  ensure(open_);
  const auto found = groups_.find(id);
  return found == groups_.end() ? nullptr : &found->second;
}

const Manifest* Snapshots::newest(GroupId id) const {
  const ConstSnapshotPtr held = whole(id);
  return held == nullptr ? nullptr : &held->manifest();
}

ConstSnapshotPtr Snapshots::whole(GroupId id) const {
  const auto found = groups_.find(id);
  if (found == groups_.end()) return nullptr;
  const SnapshotPtr& newest = found->second.newest;
  return newest == nullptr || newest->is_bad() ? nullptr : newest;
}

std::vector<GroupId> Snapshots::groups() const {
  std::vector<GroupId> groups;
  groups.reserve(groups_.size());
  for (const auto& [id, group] : groups_) groups.push_back(id);
  return groups;
}

bool Snapshots::covers(GroupId id, Index index) const {
  const Manifest* const here = newest(id);
  return here != nullptr && here->base.id.index >= index;
}

// A start takes the newer of two that seem to be whole: it does not read their pieces.
bool Snapshots::is_behind(GroupId id, Index index) const {
  const auto found = groups_.find(id);
  return found != groups_.end() && found->second.newest != nullptr &&
         found->second.newest->name().index > index;
}

void Snapshots::give_up(SnapshotPtr& snapshot) {
  if (snapshot == nullptr) return;
  snapshot->give_up();
  snapshot.reset();
}

void Snapshots::give_up(std::vector<SnapshotPtr>& snapshots, Index through) {
  for (SnapshotPtr& snapshot : snapshots)
    if (snapshot->name().index <= through) give_up(snapshot);
  std::erase(snapshots, nullptr);
}

// It is durable. What is not newer goes, as soon as nobody reads it any more.
void Snapshots::install(const SnapshotPtr& snapshot) {
  const Index index = snapshot->name().index;
  if (covers(snapshot->name().group, index)) return snapshot->give_up();
  Group& group = groups_[snapshot->name().group];
  give_up(group.newest);
  group.newest = snapshot;
  give_up(group.broken, index);
  give_up(group.begun, index);
}

void Snapshots::erase_if_empty(GroupId id) {
  const auto found = groups_.find(id);
  if (found != groups_.end() && found->second.empty()) groups_.erase(found);
}

void Snapshots::stop(GroupId id) {
  const Error why = error(Fault::not_found, id, "the group left this node");
  const auto end = [&](auto& work) {
    if (work.group() == id) work.end(std::unexpected(why));
  };
  takes_.each(end);
  loads_.each(end);
  go_on_soon();
}

void Snapshots::forget(GroupId id, env::Done<Result<void>> done) {
  stop(id);
  if (Group* const group = find(id)) {
    give_up(group->newest);
    give_up(group->broken);
    // And what was begun: with that the group is gone.
    drop_incoming(id, error(Fault::not_found, id, "the group left this node"));
  }
  if (done) shelf_->wait_until_gone(id, life_.guard(std::move(done)));
}

// ---- how far they are

std::optional<Snapshots::Progress> Snapshots::taking(GroupId id) const {
  std::optional<Progress> found;
  takes_.each([&](const Taking& taking) {
    if (taking.group() == id && !taking.is_over()) found = Progress{taking.bytes(), 0};
  });
  return found;
}

std::optional<Snapshots::Progress> Snapshots::loading(GroupId id) const {
  std::optional<Progress> found;
  loads_.each([&](const Loading& loading) {
    if (loading.group() == id && !loading.is_over())
      found = Progress{loading.bytes(), loading.of_bytes()};
  });
  return found;
}

std::set<GroupId> Snapshots::busy() const {
  std::set<GroupId> busy;
  const auto note = [&](const auto& work) {
    if (!work.is_over()) busy.insert(work.group());
  };
  takes_.each(note);
  loads_.each(note);
  return busy;
}

// ---- ours

void Snapshots::go_on_soon() {
  env_.loop.soon(life_.guard([this] {
    takes_.go_on();
    loads_.go_on();
  }));
}

void Snapshots::take(GroupId id, raft::Base base, std::unique_ptr<machine::Reader> reader,
                     env::Done<Result<void>> done) {
  ensure(open_ && reader != nullptr && base.membership != nullptr && base.id.index);
  if (covers(id, base.id.index)) return later<void>(std::move(done), {});
  if (is_behind(id, base.id.index))
    return later<void>(std::move(done), std::unexpected(error(Fault::exists, id, behind)));
  if (taking(id))
    return later<void>(std::move(done),
                       std::unexpected(error(Fault::exists, id, "one is being taken")));
  const SnapshotPtr snapshot = shelf_->add(
      {.group = id, .base = std::move(base), .piece_bytes = options_.piece_bytes, .sums = {}});
  auto ended = [this, snapshot, done = std::move(done)](Result<void> result) mutable {
    taken(snapshot, result);
    later<void>(std::move(done), std::move(result));
  };
  takes_.add(std::make_unique<Taking>(env_, *shelf_, pace_, snapshot, std::move(reader),
                                      std::move(ended)));
  go_on_soon();
}

void Snapshots::taken(const SnapshotPtr& snapshot, const Result<void>& result) {
  if (result) {
    install(snapshot);
  } else {
    snapshot->give_up();
  }
  go_on_soon();
}

void Snapshots::load(GroupId id, std::unique_ptr<machine::Writer> writer,
                     env::Done<Result<raft::Base>> done) {
  ensure(open_ && writer != nullptr);
  ConstSnapshotPtr snapshot = whole(id);
  if (snapshot == nullptr)
    return later<raft::Base>(std::move(done),
                             std::unexpected(error(Fault::not_found, id, "there is none")));
  auto ended = [this, done = std::move(done)](Result<raft::Base> result) mutable {
    later<raft::Base>(std::move(done), std::move(result));
    go_on_soon();
  };
  loads_.add(
      std::make_unique<Loading>(*shelf_, std::move(snapshot), std::move(writer), std::move(ended)));
  go_on_soon();
}

void Snapshots::read_piece(const HeldSnapshotPtr& held, std::uint32_t piece,
                           env::Done<Result<env::Buffer>> done) {
  ensure(open_ && held != nullptr);
  shelf_->read_piece(std::static_pointer_cast<const Snapshot>(held), piece,
                     life_.guard(std::move(done)));
}

// ---- of others

void Snapshots::begin_incoming(const Manifest& manifest, env::Done<Result<Missing>> done) {
  ensure(open_);
  const GroupId id = manifest.group;
  const auto refuse = [&](const std::string& why) {
    later<Missing>(std::move(done), std::unexpected(error(Fault::exists, id, why)));
  };
  if (covers(id, manifest.base.id.index)) return refuse("the one that is here is not older");
  // Of one that rotted nothing is left to be behind of.
  if (newest(id) != nullptr && is_behind(id, manifest.base.id.index)) return refuse(behind);
  Group& group = groups_[id];
  if (group.incoming != nullptr) {
    const bool same = group.incoming->snapshot()->manifest().identity == manifest.identity;
    if (same && !group.incoming->is_open()) {
      auto again = [this, manifest, done = std::move(done)](Result<void> result) mutable {
        if (!result) return done(std::unexpected(std::move(result.error())));
        begin_incoming(manifest, std::move(done));
      };
      return group.incoming->wait(life_.guard(std::move(again)));
    }
    if (same) return later<Missing>(std::move(done), group.incoming->missing());
    drop_incoming(id, error(Fault::not_found, id, "another one is fetched instead"));
  }
  begin(groups_[id], manifest, std::move(done));
}

void Snapshots::begin(Group& group, const Manifest& manifest, env::Done<Result<Missing>> done) {
  const SnapshotPtr snapshot = shelf_->add(manifest);
  group.incoming = std::make_unique<Incoming>(env_.loop, *shelf_, pace_, snapshot);
  group.incoming->begin(
      left_of(group, manifest.identity),
      life_.guard([this, snapshot, done = std::move(done)](Result<void> result) mutable {
        Group* const ours = of(snapshot);
        if (!result) {
          if (ours != nullptr) drop_incoming(snapshot->name().group, result.error());
          return done(std::unexpected(std::move(result.error())));
        }
        give_up(ours->begun);  // of no further use, whatever it was
        done(ours->incoming->missing());
      }));
}

// The group, if this is what is coming.
Snapshots::Group* Snapshots::of(const SnapshotPtr& snapshot) {
  Group* const group = find(snapshot->name().group);
  const bool ours =
      group != nullptr && group->incoming != nullptr && group->incoming->snapshot() == snapshot;
  return ours ? group : nullptr;
}

// The pieces that are here of the same snapshot, whatever became of it.
ConstSnapshotPtr Snapshots::left_of(const Group& group, std::uint64_t identity) {
  const auto is_it = [&](const SnapshotPtr& snapshot) {
    return snapshot != nullptr && snapshot->manifest().identity == identity;
  };
  for (const SnapshotPtr& begun : group.begun)
    if (is_it(begun)) return begun;
  if (is_it(group.newest)) return group.newest;
  for (const SnapshotPtr& broken : group.broken)
    if (is_it(broken)) return broken;
  return nullptr;
}

void Snapshots::put_piece(GroupId id, std::uint32_t piece, std::string_view bytes,
                          env::Done<Result<void>> done) {
  Group* const group = find(id);
  if (group == nullptr || group->incoming == nullptr)
    return later<void>(std::move(done),
                       std::unexpected(error(Fault::not_found, id, "none was begun")));
  const SnapshotPtr snapshot = group->incoming->snapshot();
  auto put = life_.guard([this, snapshot, done = std::move(done)](Result<void> result) mutable {
    if (!result && result.error().fault == Fault::full && of(snapshot) != nullptr)
      drop_incoming(snapshot->name().group, result.error());
    done(std::move(result));
  });
  group->incoming->put(piece, bytes, std::move(put));
}

void Snapshots::end_incoming(GroupId id, env::Done<Result<void>> done) {
  Group* const group = find(id);
  if (group == nullptr || group->incoming == nullptr)
    return later<void>(std::move(done),
                       std::unexpected(error(Fault::not_found, id, "none was begun")));
  const SnapshotPtr snapshot = group->incoming->snapshot();
  auto ended = [this, snapshot, done = std::move(done)](Result<void> result) mutable {
    Group* const ours = of(snapshot);
    if (result) {
      ours->incoming.reset();
      install(snapshot);
    } else if (ours != nullptr && result.error().fault == Fault::full) {
      drop_incoming(snapshot->name().group, result.error());
    }
    later<void>(std::move(done), std::move(result));
  };
  group->incoming->end(life_.guard(std::move(ended)));
}

std::uint64_t Snapshots::incoming_bytes(GroupId id) const {
  const auto found = groups_.find(id);
  const bool comes = found != groups_.end() && found->second.incoming != nullptr;
  return comes ? found->second.incoming->here_bytes() : 0;
}

void Snapshots::drop_incoming(GroupId id) {
  drop_incoming(id, error(Fault::not_found, id, "it was dropped"));
}

void Snapshots::drop_incoming(GroupId id, const Error& why) {
  Group* const group = find(id);
  if (group == nullptr) return;
  if (group->incoming != nullptr) {
    group->incoming->drop(why);
    group->incoming->snapshot()->give_up();
    group->incoming.reset();
  }
  give_up(group->begun);
  erase_if_empty(id);
}

}  // namespace bowline::host
