// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/node.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/runtime/loop.h"

namespace bowline {
namespace {

void end_process(const Error& error) {
  std::fprintf(stderr, "bowline: the disk failed, and the process ends: %s\n", error.what.c_str());
  std::_Exit(70);
}

host::Options host_options(const NodeOptions& options) {
  host::Options host;
  host.self = options.id;
  host.name = options.name;
  host.listen = options.listen;
  host.advertise = options.advertise;
  host.log = options.log;
  host.links = options.links;
  host.courier = options.courier;
  host.snapshots = options.snapshots;
  host.transfers = options.transfers;
  std::random_device random;
  while (host.boot == 0 || host.boot == 1) host.boot = random() & 0xffffff;
  return host;
}

raft::MembershipPtr founding(const GroupSetup& setup) {
  if (setup.founders.empty()) return nullptr;
  raft::Membership founders;
  founders.cluster = setup.cluster;
  for (const raft::Wanted& wanted : setup.founders) {
    raft::Member member;
    member.id = wanted.id;
    member.now = member.goal = wanted.standing;
    member.priority = wanted.priority;
    member.address = Text(wanted.address);
    member.metadata = Text(wanted.metadata);
    founders.members.push_back(std::move(member));
  }
  std::ranges::sort(founders.members, {}, &raft::Member::id);
  if (!founders.cluster) {
    const std::uint64_t sum = crc32c(raft::encode(founders).view());
    founders.cluster = ClusterId{(sum << 8) + founders.members.size()};
  }
  return std::make_shared<const raft::Membership>(std::move(founders));
}

}  // namespace

// Belongs to the thread, but for the mailbox that the loop has for others.
class Node::Inside final : public Desk, public std::enable_shared_from_this<Inside> {
 public:
  explicit Inside(NodeOptions options) : options_(std::move(options)) {
    if (!options_.broken) options_.broken = end_process;
  }

  Result<void> open();
  void close();
  Result<void> start(GroupId, GroupSetup, std::unique_ptr<machine::StateMachine>);
  void end(GroupId group) {
    loop_.post([this, group] { shard_->end(group); });
  }
  void with(GroupId group, std::move_only_function<void(host::Replica*)> work) override {
    loop_.post([this, group, work = std::move(work)]() mutable {
      work(shard_ == nullptr ? nullptr : shard_->find(group));
    });
  }
  const std::string& address() const { return address_; }
  const std::string& disk() const { return disk_words_; }

 private:
  void run(std::promise<Result<void>> opened);
  Result<void> make();

  NodeOptions options_;
  runtime::Loop loop_;
  std::unique_ptr<env::Disk> disk_;
  std::unique_ptr<runtime::Network> network_;
  std::vector<std::unique_ptr<machine::StateMachine>> machines_;  // those of groups that ended, too
  std::set<GroupId> groups_;
  std::map<GroupId, std::function<void(const raft::RoleChanged&)>> roles_;
  std::unique_ptr<host::Shard> shard_;
  std::string address_;
  std::string disk_words_;
  std::thread thread_;
};

Result<void> Node::Inside::open() {
  std::promise<Result<void>> promise;
  std::future<Result<void>> opened = promise.get_future();
  thread_ =
      std::thread([this, promise = std::move(promise)]() mutable { run(std::move(promise)); });
  Result<void> result = opened.get();
  if (!result) thread_.join();
  return result;
}

Result<void> Node::Inside::make() {
  Result<std::unique_ptr<env::Disk>> disk =
      runtime::open_disk(options_.directory, loop_, options_.disk);
  if (!disk) return std::unexpected(disk.error());
  disk_ = *std::move(disk);
  disk_words_ = runtime::describe(*disk_);
  network_ = std::make_unique<runtime::Network>(loop_, options_.network);
  std::random_device random;
  const Incarnation fresh{(std::uint64_t{random()} << 31) + random() + 1};
  const auto role = [this](GroupId group, const raft::RoleChanged& change) {
    if (const auto told = roles_.find(group); told != roles_.end()) told->second(change);
  };
  shard_ = std::make_unique<host::Shard>(
      env::Env{loop_.clock(), loop_, *disk_}, *network_, host_options(options_), fresh,
      host::Shard::Hooks{.broken = [this](const Error& error) { options_.broken(error); },
                         .role = role});
  std::optional<Result<wal::Account>> opened;
  shard_->open([&opened](Result<wal::Account> account) { opened = std::move(account); });
  loop_.run_until([&opened] { return opened.has_value(); });
  if (!*opened) return std::unexpected(opened->error());
  address_ = shard_->links().address();
  return {};
}

void Node::Inside::run(std::promise<Result<void>> opened) {
  Result<void> made = make();
  const bool good = made.has_value();
  opened.set_value(std::move(made));
  if (good) loop_.run();
  for (const GroupId group : groups_)
    if (shard_ != nullptr) shard_->end(group);
  shard_.reset();
  network_.reset();
  disk_.reset();
}

void Node::Inside::close() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
}

Result<void> Node::Inside::start(GroupId group, GroupSetup setup,
                                 std::unique_ptr<machine::StateMachine> machine) {
  if (std::string fault = setup.options.fault(); !fault.empty())
    return std::unexpected(Error{Fault::io, "the options of a group: " + fault});
  if (!setup.founders.empty() && !raft::sane(setup.founders))
    return std::unexpected(Error{Fault::io,
                                 "the founders of a group: each needs an id of its own, "
                                 "and at least one must vote"});
  std::promise<Result<void>> promise;
  std::future<Result<void>> started = promise.get_future();
  loop_.post([this, group, setup = std::move(setup), machine = std::move(machine),
              promise = std::move(promise)]() mutable {
    machine::StateMachine& mine = *machines_.emplace_back(std::move(machine));
    if (setup.role) roles_[group] = setup.role;
    groups_.insert(group);
    shard_->start(group, {setup.options, founding(setup)}, mine,
                  [promise = std::move(promise)](const Result<host::Replica*>& replica) mutable {
                    if (replica) return promise.set_value({});
                    promise.set_value(std::unexpected(replica.error()));
                  });
  });
  return started.get();
}

Result<std::unique_ptr<Node>> Node::open(NodeOptions options) {
  if (std::string fault = host_options(options).fault(); !fault.empty())
    return std::unexpected(Error{Fault::io, "the options of a node: " + fault});
  auto inside = std::make_shared<Inside>(std::move(options));
  if (Result<void> opened = inside->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<Node>(std::make_unique<Node>(Private{}, std::move(inside)));
}

Node::~Node() { inside_->close(); }

Result<Group> Node::start(GroupId group, GroupSetup setup,
                          std::unique_ptr<machine::StateMachine> machine) {
  if (Result<void> started = inside_->start(group, std::move(setup), std::move(machine)); !started)
    return std::unexpected(started.error());
  return Group(inside_, group);
}

void Node::end(GroupId group) { inside_->end(group); }
std::string Node::address() const { return inside_->address(); }
std::string Node::disk() const { return inside_->disk(); }

}  // namespace bowline
