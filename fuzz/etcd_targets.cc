// SPDX-License-Identifier: Apache-2.0
#include "fuzz/etcd_targets.h"

#include <array>
#include <string>
#include <utility>

#include "bowline/base/bytes.h"
#include "bowline/base/ensure.h"
#include "bowline/etcd/backup.h"
#include "bowline/etcd/backup_import.h"
#include "bowline/etcd/bolt_reader.h"
#include "bowline/etcd/checks.h"
#include "bowline/etcd/convert.h"
#include "bowline/etcd/members.h"
#include "bowline/etcd/unary.h"
#include "bowline/kv/command.h"
#include "bowline/kv/kv_machine.h"

namespace bowline::fuzz {
namespace {

using namespace etcdserverpb;

constexpr std::size_t most_ops = 128;

// As the services do it, up to the answer.
bool carry_out(const kv::Command& command) {
  const std::string bytes = kv::encode(command);
  const auto again = kv::decode_command(bytes);
  ensure(again.has_value() && kv::encode(*again) == bytes);
  kv::KvMachine machine;
  const std::array commands = {machine::Command{{{1}, {1}}, Bytes::own(bytes)}};
  std::array<std::string, 1> answers;
  machine.apply(commands, answers);
  ensure(kv::decode_answer(answers[0]).has_value());
  return true;
}

template <class Request>
bool eat_checked(std::string_view bytes) {
  Request request;
  return etcd::parse(request, bytes) && !etcd::check(request) &&
         carry_out(kv::Command(etcd::to_kv(request)));
}

bool eat_range(std::string_view bytes) {
  RangeRequest request;
  if (!etcd::parse(request, bytes) || etcd::check(request)) return false;
  const kv::KvMachine machine;
  const auto found = machine.store().range(etcd::to_kv(request));
  if (!found) return true;
  RangeResponse response;
  etcd::fill(response, *found);
  ensure(!response.SerializeAsString().empty() || response.count() == 0);
  return true;
}

bool eat_txn(std::string_view bytes) {
  TxnRequest request;
  if (!etcd::parse(request, bytes) || etcd::check(request, most_ops)) return false;
  return carry_out(kv::Command(etcd::to_kv(request)));
}

// What has no checks of its own.
template <class Request>
bool eat_read(std::string_view bytes) {
  Request request;
  return etcd::parse(request, bytes);
}

bool eat_grant(std::string_view bytes) {
  LeaseGrantRequest request;
  if (!etcd::parse(request, bytes) || etcd::check(request)) return false;
  return carry_out(kv::Command(kv::LeaseGrant{.id = request.id(), .ttl = request.ttl()}));
}

bool eat_compact(std::string_view bytes) {
  CompactionRequest request;
  return etcd::parse(request, bytes) && carry_out(kv::Command(kv::Compact{request.revision()}));
}

// Three members, of which the last is a learner that the request may name.
template <class Request>
bool eat_change(std::string_view bytes) {
  Request request;
  if (!etcd::parse(request, bytes)) return false;
  etcd::WantedMembers wanted;
  for (std::uint64_t id = 1; id <= 3; ++id)
    wanted.push_back({.id = {id},
                      .standing = id < 3 ? raft::Standing::voter : raft::Standing::learner,
                      .address = "127.0.0.1:" + std::to_string(id),
                      .metadata = etcd::to_metadata({.name = "n" + std::to_string(id)})});
  if (etcd::apply(wanted, request, {})) return false;
  for (const raft::Wanted& one : wanted) ensure(one.id && !one.address.empty());
  return true;
}

constexpr std::array eaters = {eat_range,
                               eat_checked<PutRequest>,
                               eat_checked<DeleteRangeRequest>,
                               eat_txn,
                               eat_compact,
                               eat_grant,
                               eat_read<LeaseRevokeRequest>,
                               eat_read<LeaseTimeToLiveRequest>,
                               eat_read<LeaseLeasesRequest>,
                               eat_read<LeaseKeepAliveRequest>,
                               eat_read<WatchRequest>,
                               eat_read<MemberListRequest>,
                               eat_change<MemberAddRequest>,
                               eat_change<MemberRemoveRequest>,
                               eat_change<MemberUpdateRequest>,
                               eat_change<MemberPromoteRequest>,
                               eat_read<AlarmRequest>,
                               eat_read<StatusRequest>,
                               eat_read<DefragmentRequest>,
                               eat_read<HashRequest>,
                               eat_read<HashKVRequest>,
                               eat_read<SnapshotRequest>,
                               eat_read<MoveLeaderRequest>,
                               eat_read<DowngradeRequest>};

std::string bytes_of(char which, const google::protobuf::Message& message) {
  return which + message.SerializeAsString();
}

}  // namespace

bool eat_requests(std::string_view input) {
  if (input.empty()) return false;
  google::protobuf::SetLogHandler(nullptr);  // as the server does
  const auto which = static_cast<unsigned char>(input.front()) % eaters.size();
  return eaters[which](input.substr(1));
}

bool eat_errands(std::string_view input) {
  const auto said = etcd::unpack(input);
  if (!said)
    return said.error().code != rpc::Code::ok && !said.error().message.empty() &&
           etcd::pack(said.error(), {}) == input;
  return etcd::pack({}, *said) == input;
}

bool eat_databases(std::string_view input) {
  if (input.empty()) return false;
  google::protobuf::SetLogHandler(nullptr);
  const std::string file(input.substr(1));
  const auto read = [&file](std::uint64_t offset, std::uint64_t bytes) -> Result<std::string> {
    if (offset > file.size() || bytes > file.size() - offset)
      return std::unexpected(Error{Fault::io, "it ends before"});
    return file.substr(offset, bytes);
  };
  Result<etcd::bolt::Reader> reader = etcd::bolt::Reader::open(read, file.size());
  if (!reader) return false;
  etcd::ImportOptions options;
  options.without_users = (input.front() & 1) != 0;
  options.bump_revision = (input.front() & 2) != 0 ? std::int64_t{1} << 40U : 0;
  options.mark_compacted = options.bump_revision > 0;
  const auto state = etcd::import_backup(*reader, options);
  if (!state) return false;
  (*state)->store.check();
  return true;
}

std::vector<Seed> requests_seeds() {
  RangeRequest range;
  range.set_key("a");
  range.set_range_end("z");
  range.set_limit(3);
  range.set_sort_target(RangeRequest::VALUE);
  PutRequest put;
  put.set_key("a");
  put.set_value("1");
  put.set_prev_kv(true);
  DeleteRangeRequest erase;
  erase.set_key("b");
  TxnRequest txn;
  txn.add_compare()->set_key("a");
  *txn.add_success()->mutable_request_put() = put;
  *txn.add_failure()->mutable_request_range() = range;
  TxnRequest nested;
  *nested.add_success()->mutable_request_txn() = txn;
  LeaseGrantRequest grant;
  grant.set_id(7);
  grant.set_ttl(60);
  CompactionRequest compact;
  compact.set_revision(1);
  WatchRequest watch;
  watch.mutable_create_request()->set_key("a");
  watch.mutable_create_request()->add_filters(WatchCreateRequest::NOPUT);
  MemberAddRequest add;
  add.add_peerurls("http://127.0.0.1:2380");
  return {{"range", bytes_of('\0', range)},   {"put", bytes_of('\1', put)},
          {"erase", bytes_of('\2', erase)},   {"txn", bytes_of('\3', txn)},
          {"nested", bytes_of('\3', nested)}, {"compact", bytes_of('\4', compact)},
          {"grant", bytes_of('\5', grant)},   {"watch", bytes_of('\12', watch)},
          {"add", bytes_of('\14', add)}};
}

std::vector<Seed> errands_seeds() {
  return {{"answer", etcd::pack({}, "an answer")},
          {"refusal", etcd::pack(etcd::Wrong::member_not_found)},
          {"empty", etcd::pack({}, {})}};
}

// With a key that was written twice and erased, one of a lease, a compaction and an alarm.
std::vector<Seed> databases_seeds() {
  kv::KvMachine machine;
  std::uint64_t index = 0;
  const auto carry = [&](const kv::Command& command) {
    const std::array commands = {
        machine::Command{{{1}, {++index}}, Bytes::own(kv::encode(command))}};
    std::array<std::string, 1> answers;
    machine.apply(commands, answers);
  };
  carry(kv::Command(kv::LeaseGrant{.id = 7, .ttl = 60}));
  for (const char* value : {"1", "2", "3"}) {
    carry(kv::Command(kv::Put{.key = "twice", .value = value}));
    carry(kv::Command(kv::Put{.key = "leased", .value = value, .lease = 7}));
  }
  carry(kv::Command(kv::DeleteRange{.keys = {"twice", ""}}));
  carry(kv::Command(kv::Compact{4}));
  etcd::Backup backup(machine.state(), {{1}, {index}});
  std::string file;
  while (backup.step(1000, file)) {}
  return {{"whole", '\0' + file}, {"raised", '\3' + file}};
}

}  // namespace bowline::fuzz
