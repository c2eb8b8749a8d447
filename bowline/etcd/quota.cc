// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/quota.h"

#include <algorithm>
#include <expected>
#include <string>
#include <utility>

#include "bowline/etcd/unary.h"
#include "bowline/kv/command.h"

namespace bowline::etcd {
namespace {

using etcdserverpb::RequestOp;
using Ops = google::protobuf::RepeatedPtrField<RequestOp>;

// Beside its bytes, as etcd counts them.
constexpr std::uint64_t put_cost = 256;
constexpr std::uint64_t lease_cost = 64;

// Of the map of leases, and of the clock of whoever leads.
constexpr std::uint64_t lease_bytes = 256;

std::uint64_t cost_of_branch(const Ops& ops) {
  std::uint64_t sum = 0;
  for (const RequestOp& op : ops) {
    if (op.has_request_put()) sum += cost_of(op.request_put());
    if (op.has_request_txn()) sum += cost_of(op.request_txn());
  }
  return sum;
}

}  // namespace

DataSize size_of(const kv::KvMachine& machine) {
  const std::uint64_t leases = machine.leases().all().size() * lease_bytes;
  return {.taken = machine.store().bytes() + leases,
          .in_use = machine.store().bytes_in_use() + leases,
          .memory_in_use = machine.store().memory_bytes_in_use() + leases};
}

std::uint64_t cost_of(const etcdserverpb::PutRequest& put) {
  return put_cost + put.key().size() + put.value().size();
}

std::uint64_t cost_of(const etcdserverpb::TxnRequest& txn) {
  return std::max(cost_of_branch(txn.success()), cost_of_branch(txn.failure()));
}

std::uint64_t cost_of(const etcdserverpb::LeaseGrantRequest&) { return lease_cost; }

bool Quota::admits(rpc::Call& call, std::uint64_t cost) {
  if (cost == 0 || !is_reached(cost)) return true;
  if (is_raised()) {
    refuse(call, Wrong::no_space);
    return false;
  }
  refused_.push_back(std::move(call));
  raise();
  return false;
}

// Not when it has only become less: who clears the alarm is to have the time to make room.
void Quota::applied() {
  const std::uint64_t in_use = size_of(here_.machine).in_use;
  const bool grew = in_use > std::exchange(in_use_, in_use);
  if (grew && is_reached(0) && !is_raised()) raise();
}

bool Quota::is_reached(std::uint64_t cost) const {
  const std::uint64_t most = here_.settings.quota_bytes;
  const std::uint64_t most_memory = here_.settings.quota_memory_bytes;
  if (most == 0 && most_memory == 0) return false;
  const DataSize size = size_of(here_.machine);
  return (most != 0 && size.in_use + cost >= most) ||
         (most_memory != 0 && size.memory_in_use + cost >= most_memory);
}

bool Quota::is_raised() const {
  return here_.machine.alarms().contains({here_.self().value, kv::Alarm::Kind::no_space});
}

void Quota::raise() {
  if (std::exchange(is_raising_, true)) return;
  const kv::AlarmChange change{
      .action = kv::AlarmChange::Action::raise,
      .alarm = {.member = here_.self().value, .kind = kv::Alarm::Kind::no_space}};
  here_.quorum.propose(kv::encode(kv::Command(change)),
                       life_.guard([this](const std::expected<std::string, Wrong>&) { raised(); }));
}

// Or not: then the next that is refused tries it again.
void Quota::raised() {
  is_raising_ = false;
  for (rpc::Call& call : std::exchange(refused_, {})) refuse(call, Wrong::no_space);
}

}  // namespace bowline::etcd
