// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/groups_node.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>

#include "bowline/runtime/disk.h"

namespace bowline::bench {
namespace {

constexpr std::uint64_t at_once = 256;          // groups that are started in one turn
constexpr std::uint64_t most_unsettled = 2048;  // and that have no leader yet

// Keeps nothing: what is measured is everything else.
class Nothing final : public machine::StateMachine {
 public:
  void apply(std::span<const machine::Command>, std::span<std::string>) override {}
  std::unique_ptr<machine::Reader> snapshot() override { return std::make_unique<Said>(); }
  std::unique_ptr<machine::Writer> restore() override { return std::make_unique<Heard>(); }

 private:
  struct Said final : machine::Reader {
    Result<std::string> next(std::size_t) override { return std::string(); }
  };
  struct Heard final : machine::Writer {
    Result<void> add(std::string_view) override { return {}; }
    Result<void> commit() override { return {}; }
  };
};

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "bowline-bench-groups: %s\n", what.c_str());
  std::_Exit(1);
}

raft::MembershipPtr all_of(const std::vector<std::string>& addresses) {
  raft::Membership all;
  all.cluster = ClusterId{7};
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    raft::Member member;
    member.id = NodeId{i + 1};
    member.address = Text(addresses[i]);
    all.members.push_back(std::move(member));
  }
  return std::make_shared<const raft::Membership>(std::move(all));
}

}  // namespace

GroupsNode::GroupsNode(Setting setting)
    : setting_(std::move(setting)),
      machine_(std::make_unique<Nothing>()),
      founders_(all_of(setting_.addresses)) {
  auto raft = std::make_shared<raft::Options>();
  raft->hibernate_after = setting_.hibernate_after;
  options_.raft = std::move(raft);
  std::promise<void> promise;
  std::future<void> opened = promise.get_future();
  thread_ =
      std::thread([this, promise = std::move(promise)]() mutable { run(std::move(promise)); });
  opened.wait();
}

GroupsNode::~GroupsNode() {
  loop_.stop();
  thread_.join();
}

void GroupsNode::run(std::promise<void> opened) {
  Result<std::unique_ptr<env::Disk>> disk = runtime::open_disk(setting_.directory, loop_, {});
  if (!disk) fail(disk.error().what);
  disk_ = *std::move(disk);
  disk_words_ = runtime::describe(*disk_);
  network_ = std::make_unique<runtime::Network>(loop_, runtime::NetworkOptions{});
  std::random_device random;
  host::Options options;
  options.self = NodeId{setting_.id};
  options.listen = setting_.addresses[setting_.id - 1];
  options.boot = (random() & 0xffffff) + 2;
  host::Shard::Hooks hooks{
      .broken = [](const Error& error) { fail(error.what); },
      .role = [this](GroupId group, const raft::RoleChanged& change) { changed(group, change); }};
  shard_ = std::make_unique<host::Shard>(env::Env{loop_.clock(), loop_, *disk_}, *network_,
                                         std::move(options), Incarnation{random() + 1ULL},
                                         std::move(hooks));
  bool done = false;
  shard_->open([&done](const Result<wal::Account>& account) {
    if (!account) fail(account.error().what);
    done = true;
  });
  loop_.run_until([&done] { return done; });
  opened.set_value();
  loop_.run();
  shard_.reset();
  network_.reset();
  disk_.reset();
}

template <class Work>
auto GroupsNode::on_thread(Work work) {
  std::promise<decltype(work())> promise;
  auto done = promise.get_future();
  loop_.post([&] { promise.set_value(work()); });
  return done.get();
}

void GroupsNode::start(std::uint64_t count) {
  loop_.post([this, count] {
    leaders_.resize(count + 1);
    start_some(1, count);
  });
}

// A part of them in each turn: a node that starts them all at once would hear nobody meanwhile. And
// not more than can be elected in time.
void GroupsNode::start_some(std::uint64_t next, std::uint64_t count) {
  if (next > seen_.known + most_unsettled) {
    starter_ = loop_.timer([this, next, count] {
      loop_.drop(starter_);
      start_some(next, count);
    });
    return loop_.set(starter_, loop_.clock().now() + std::chrono::milliseconds(5));
  }
  for (std::uint64_t i = 0; i < at_once && next <= count; ++i, ++next)
    shard_->start(GroupId{next}, {options_, founders_}, *machine_,
                  [this](const Result<host::Replica*>& replica) {
                    if (!replica) fail(replica.error().what);
                    ++seen_.started;
                  });
  if (next <= count) loop_.soon([this, next, count] { start_some(next, count); });
}

void GroupsNode::changed(GroupId group, const raft::RoleChanged& change) {
  const NodeId self{setting_.id};
  const NodeId now = change.role == raft::Role::leader ? self : change.leader;
  const NodeId before = std::exchange(leaders_[group.value], now);
  if (before) --seen_.known;
  if (before == self) --seen_.led;
  if (now) ++seen_.known;
  if (now == self) ++seen_.led;
}

GroupsSeen GroupsNode::seen() {
  return on_thread([this] {
    seen_.awake = 0;
    for (std::uint64_t i = 1; i < leaders_.size(); ++i)
      if (const host::Replica* const replica = shard_->find(GroupId{i}))
        if (replica->core().deadline() != never) ++seen_.awake;
    return seen_;
  });
}

GroupsTraffic GroupsNode::traffic() {
  return on_thread([this] {
    const host::Courier::Sent& sent = shard_->courier().sent();
    return GroupsTraffic{sent.frames, sent.letters, sent.bytes};
  });
}

Duration GroupsNode::lag() {
  const auto began = std::chrono::steady_clock::now();
  on_thread([] { return true; });
  return std::chrono::steady_clock::now() - began;
}

}  // namespace bowline::bench
