// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/offline.h"

#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <utility>
#include <variant>

#include "bowline/api/node.h"
#include "bowline/host/shard.h"
#include "bowline/runtime/loop.h"
#include "bowline/wal/identity.h"

namespace bowline {
namespace {

// A network on which nobody is: what is forced here must not depend on who happens to answer.
class Nobody final : public env::Network {
 public:
  explicit Nobody(env::Loop& loop) : loop_(loop) {}
  void listen(std::string address, Accepted,
              env::Done<Result<std::unique_ptr<env::Listener>>> done) override {
    loop_.soon([address = std::move(address), done = std::move(done)]() mutable {
      done(std::make_unique<Deaf>(std::move(address)));
    });
  }
  void connect(std::string address,
               env::Done<Result<std::unique_ptr<env::Connection>>> done) override {
    loop_.soon([address = std::move(address), done = std::move(done)]() mutable {
      done(std::unexpected(Error{Fault::unreachable, address + " is not asked"}));
    });
  }

 private:
  struct Deaf final : env::Listener {
    explicit Deaf(std::string called) : where(std::move(called)) {}
    std::string address() const override { return where; }
    std::string where;
  };
  env::Loop& loop_;
};

// The state is of no interest here; the log is.
class Indifferent final : public machine::StateMachine {
 public:
  void apply(std::span<const machine::Command>, std::span<std::string>) override {}
  std::unique_ptr<machine::Reader> snapshot() override { return std::make_unique<Nothing>(); }
  std::unique_ptr<machine::Writer> restore() override { return std::make_unique<Away>(); }

 private:
  struct Nothing final : machine::Reader {
    Result<std::string> next(std::size_t) override {
      return std::unexpected(Error{Fault::not_found, "no state is read here"});
    }
  };
  struct Away final : machine::Writer {
    Result<void> add(std::string_view) override { return {}; }
    Result<void> commit() override { return {}; }
  };
};

std::unexpected<Error> wrong(Fault fault, std::string what) {
  return std::unexpected(Error{fault, std::move(what)});
}

Result<wal::Owner> owner_of(const std::string& directory) {
  const std::string path = directory + "/" + std::string(wal::identity_name);
  std::ifstream file(path, std::ios::binary);
  std::string bytes(wal::identity_bytes, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (!file) return wrong(Fault::not_found, path + ": it cannot be read; is this a node's log?");
  const Result<wal::Identity> identity = wal::decode_identity(bytes);
  if (!identity) return std::unexpected(identity.error());
  return identity->owner;
}

host::GroupOptions options_of_group() {
  host::GroupOptions options;
  options.snapshot_entries = 0;
  options.snapshot_bytes = 0;
  return options;
}

// A node with this one group, for as long as that takes.
class Forcing {
 public:
  Forcing(NodeId self, GroupId group) : self_(self), group_(group) {}

  Result<ForcedAlone> run(const std::string& directory, ClusterId anew, runtime::DiskOptions);
  Result<raft::Membership> found(const std::string& directory, const raft::MembershipPtr& founders,
                                 runtime::DiskOptions);

 private:
  Result<void> open(const std::string& directory, runtime::DiskOptions);
  Result<host::Replica*> start(raft::MembershipPtr founders);
  template <class Value>
  Result<Value> wait(std::optional<Result<Value>>& came);

  NodeId self_;
  GroupId group_;
  runtime::Loop loop_;
  Nobody network_{loop_};
  Indifferent machine_;
  std::optional<Error> broken_;
  std::unique_ptr<env::Disk> disk_;
  std::unique_ptr<host::Shard> shard_;
};

template <class Value>
Result<Value> Forcing::wait(std::optional<Result<Value>>& came) {
  const Time deadline = loop_.clock().now() + std::chrono::minutes(10);
  loop_.run_until([&] { return came.has_value() || broken_.has_value(); }, deadline);
  if (broken_) return std::unexpected(*broken_);
  if (!came) return wrong(Fault::timeout, "the disk does not answer");
  return *std::move(came);
}

Result<void> Forcing::open(const std::string& directory, runtime::DiskOptions how) {
  Result<std::unique_ptr<env::Disk>> disk = runtime::open_disk(directory, loop_, how);
  if (!disk) return std::unexpected(disk.error());
  disk_ = *std::move(disk);
  host::Options options;
  options.self = self_;
  options.listen = "nowhere:1";
  std::random_device random;
  options.boot = (random() & 0xffffff) + 2;
  const Incarnation fresh{(std::uint64_t{random()} << 31) + random() + 1};
  shard_ = std::make_unique<host::Shard>(
      env::Env{loop_.clock(), loop_, *disk_}, network_, options, fresh,
      host::Shard::Hooks{.broken = [this](Error error) { broken_ = std::move(error); }});
  std::optional<Result<wal::Account>> opened;
  shard_->open([&opened](Result<wal::Account> account) { opened = std::move(account); });
  if (Result<wal::Account> account = wait(opened); !account)
    return std::unexpected(account.error());
  return {};
}

Result<host::Replica*> Forcing::start(raft::MembershipPtr founders) {
  std::optional<Result<host::Replica*>> started;
  shard_->start(group_, {.options = options_of_group(), .founders = std::move(founders)}, machine_,
                [&started](Result<host::Replica*> replica) { started = replica; });
  return wait(started);
}

Result<ForcedAlone> Forcing::run(const std::string& directory, ClusterId anew,
                                 runtime::DiskOptions how) {
  if (Result<void> opened = open(directory, how); !opened) return std::unexpected(opened.error());
  const Result<host::Replica*> started = start(nullptr);
  if (!started) return std::unexpected(started.error());
  host::Replica& replica = **started;
  const raft::Core& core = replica.core();
  ForcedAlone forced;
  forced.node = self_;
  forced.before = *core.memberships().latest().membership;
  forced.last = core.outline().last();
  if (forced.before.members.empty())
    return wrong(Fault::not_found,
                 "there is no group " + std::to_string(group_.value) + " in this log");
  if (replica.is_stateless())
    return wrong(Fault::corrupt,
                 "its snapshot cannot be read, so its state would be lost: choose another node");
  std::optional<Result<host::Outcome>> said;
  replica.recover(anew, [&said](host::Outcome outcome) { said = std::move(outcome); });
  const Result<host::Outcome> outcome = wait(said);
  if (!outcome) return std::unexpected(outcome.error());
  if (!std::holds_alternative<host::Applied>(*outcome))
    return wrong(Fault::exists, core.damage().any()
                                    ? "entries of its log are lost: choose another node"
                                    : "it belongs to cluster " + std::to_string(anew.value) +
                                          " already: give it a new name");
  forced.at = core.memberships().latest().at;
  return forced;
}

// When it has started, what its log begins with is on the disk.
Result<raft::Membership> Forcing::found(const std::string& directory,
                                        const raft::MembershipPtr& founders,
                                        runtime::DiskOptions how) {
  if (Result<void> opened = open(directory, how); !opened) return std::unexpected(opened.error());
  if (shard_->has(group_))
    return wrong(Fault::exists, "there is a group " + std::to_string(group_.value) +
                                    " on this disk already, which cannot be founded again");
  const Result<host::Replica*> started = start(founders);
  if (!started) return std::unexpected(started.error());
  return *founders;
}

}  // namespace

Result<ForcedAlone> recover_offline(const std::string& directory, GroupId group, ClusterId anew,
                                    runtime::DiskOptions how) {
  if (!anew) return wrong(Fault::invalid, "the new name of the cluster must not be 0");
  const Result<wal::Owner> owner = owner_of(directory);
  if (!owner) return std::unexpected(owner.error());
  return Forcing(owner->node, group).run(directory, anew, how);
}

Result<raft::Membership> found_offline(const std::string& directory, NodeId self, GroupId group,
                                       std::vector<raft::Wanted> founders, ClusterId cluster,
                                       runtime::DiskOptions how) {
  GroupSetup setup;
  setup.founders = std::move(founders);
  setup.cluster = cluster;
  if (std::string fault = setup.fault(); !fault.empty()) return wrong(Fault::invalid, fault);
  const raft::MembershipPtr first = setup.first_members();
  if (first == nullptr || first->find(self) == nullptr)
    return wrong(Fault::invalid, "founders: node " + std::to_string(self.value) +
                                     " must be one of them, since it is its disk");
  return Forcing(self, group).found(directory, first, how);
}

}  // namespace bowline
