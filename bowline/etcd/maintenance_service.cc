// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/maintenance_service.h"

#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "bowline/etcd/quota.h"
#include "bowline/etcd/unary.h"
#include "bowline/kv/answer.h"
#include "bowline/kv/command.h"

namespace bowline::etcd {
namespace {

using etcdserverpb::AlarmRequest;
using etcdserverpb::DowngradeRequest;
using etcdserverpb::HashKVRequest;
using etcdserverpb::MoveLeaderRequest;

std::string_view name_of(kv::Alarm::Kind kind) {
  return kind == kv::Alarm::Kind::no_space ? "NOSPACE" : "CORRUPT";
}

// "3.5" or "3.5.0": nullopt: it is no version.
std::optional<std::string> minor_of(std::string_view version) {
  std::string minor;
  int dots = 0;
  for (const char c : version) {
    if (c == '.') ++dots;
    if (c != '.' && (c < '0' || c > '9')) return std::nullopt;
    if (dots < 2) minor += c;
  }
  const bool good = dots >= 1 && dots <= 2 && minor.front() != '.' && minor.back() != '.';
  return good ? std::optional(minor) : std::nullopt;
}

}  // namespace

void MaintenanceService::add_to(rpc::Router& router) {
  const std::string service = "/etcdserverpb.Maintenance/";
  unary<etcdserverpb::StatusRequest>(
      router, service + "Status",
      [this](rpc::Call call, const auto&, std::size_t) { status(std::move(call)); });
  unary<AlarmRequest>(router, service + "Alarm",
                      [this](rpc::Call call, const AlarmRequest& request, std::size_t) {
                        alarm(std::move(call), request);
                      });
  unary<etcdserverpb::DefragmentRequest>(
      router, service + "Defragment",
      [this](rpc::Call call, const auto&, std::size_t) { defragment(std::move(call)); });
  unary<etcdserverpb::HashRequest>(
      router, service + "Hash",
      [this](rpc::Call call, const auto&, std::size_t) { hash(std::move(call)); });
  unary<HashKVRequest>(router, service + "HashKV",
                       [this](rpc::Call call, const HashKVRequest& request, std::size_t) {
                         hash_kv(std::move(call), request);
                       });
  unary<MoveLeaderRequest>(router, service + "MoveLeader",
                           [this](rpc::Call call, const MoveLeaderRequest& request, std::size_t) {
                             move_leader(std::move(call), request);
                           });
  unary<DowngradeRequest>(router, service + "Downgrade",
                          [this](rpc::Call call, const DowngradeRequest& request, std::size_t) {
                            downgrade(std::move(call), request);
                          });
}

void MaintenanceService::status(rpc::Call call) {
  etcdserverpb::StatusResponse response;
  here_.fill(*response.mutable_header());
  response.set_version(server_version);
  response.set_storageversion(storage_version);
  const DataSize size = size_of(here_.machine);
  response.set_dbsize(static_cast<std::int64_t>(size.taken));
  response.set_dbsizeinuse(static_cast<std::int64_t>(size.in_use));
  response.set_dbsizequota(static_cast<std::int64_t>(here_.settings.quota_bytes));
  response.set_leader(here_.quorum.leader().value);
  response.set_raftterm(here_.term());
  if (const host::Replica* const replica = here_.quorum.replica()) {
    response.set_raftindex(replica->core().commit().value);
    response.set_raftappliedindex(replica->applied().index.value);
  }
  response.set_islearner(here_.is_learner());
  if (response.leader() == 0) response.add_errors(std::string(text_of(Wrong::no_leader)));
  for (const kv::Alarm& alarm : here_.machine.alarms())
    response.add_errors("memberID:" + std::to_string(alarm.member) +
                        " alarm:" + std::string(name_of(alarm.kind)) + " ");
  etcd::answer(call, response);
}

void MaintenanceService::alarm(rpc::Call call, const AlarmRequest& request) {
  kv::AlarmChange change;
  // What is asked for in a later version is looked at only.
  if (request.action() == AlarmRequest::ACTIVATE) change.action = kv::AlarmChange::Action::raise;
  if (request.action() == AlarmRequest::DEACTIVATE) change.action = kv::AlarmChange::Action::clear;
  change.alarm.member = request.memberid();
  if (etcdserverpb::AlarmType_IsValid(request.alarm()))
    change.alarm.kind = static_cast<kv::Alarm::Kind>(request.alarm());
  here_.quorum.propose(
      kv::encode(kv::Command(change)),
      [this, call = std::move(call)](const std::expected<std::string, Wrong>& bytes) mutable {
        if (!bytes) return refuse(call, bytes.error());
        const std::optional<kv::Answer> answer = kv::decode_answer(*bytes);
        const auto* const said = answer ? std::get_if<kv::AlarmAnswer>(&answer->said) : nullptr;
        if (answer && answer->refusal != kv::Refusal::none)
          return call.finish(status_of(answer->refusal));
        if (said == nullptr) return refuse(call, Wrong::timed_out);
        etcdserverpb::AlarmResponse response;
        here_.fill(*response.mutable_header(), answer->revision);
        for (const kv::Alarm& one : said->alarms) {
          etcdserverpb::AlarmMember& out = *response.add_alarms();
          out.set_memberid(one.member);
          out.set_alarm(static_cast<etcdserverpb::AlarmType>(one.kind));
        }
        etcd::answer(call, response);
      });
}

// Nothing here is ever in need of it.
void MaintenanceService::defragment(rpc::Call call) {
  etcdserverpb::DefragmentResponse response;
  here_.fill(*response.mutable_header());
  etcd::answer(call, response);
}

void MaintenanceService::hash(rpc::Call call) {
  hashes_.ask(0, life_.guard([this, call = std::move(call)](
                                 const std::expected<HashOfPast, Wrong>& hash) mutable {
    if (!hash) return refuse(call, hash.error());
    etcdserverpb::HashResponse response;
    here_.fill(*response.mutable_header());
    response.set_hash(hash->hash);
    etcd::answer(call, response);
  }));
}

void MaintenanceService::hash_kv(rpc::Call call, const HashKVRequest& request) {
  hashes_.ask(request.revision(),
              life_.guard([this, call = std::move(call)](
                              const std::expected<HashOfPast, Wrong>& hash) mutable {
                if (!hash) return refuse(call, hash.error());
                etcdserverpb::HashKVResponse response;
                here_.fill(*response.mutable_header());
                response.set_hash(hash->hash);
                response.set_compact_revision(hash->compacted);
                response.set_hash_revision(hash->revision);
                etcd::answer(call, response);
              }));
}

void MaintenanceService::move_leader(rpc::Call call, const MoveLeaderRequest& request) {
  host::Replica* const replica = here_.quorum.replica();
  if (replica == nullptr || !here_.quorum.leads()) return refuse(call, Wrong::not_leader);
  const raft::Member* const to = here_.members()->find(NodeId{request.targetid()});
  if (to == nullptr || to->now != raft::Standing::voter) return refuse(call, Wrong::bad_transferee);
  const auto answer = [this](rpc::Call& done) {
    etcdserverpb::MoveLeaderResponse response;
    here_.fill(*response.mutable_header());
    etcd::answer(done, response);
  };
  if (to->id == here_.self()) return answer(call);
  replica->transfer(
      to->id, life_.guard([answer, call = std::move(call)](const host::Outcome& outcome) mutable {
        if (std::holds_alternative<host::Applied>(outcome)) return answer(call);
        refuse(call, std::holds_alternative<host::Refused>(outcome) ? Wrong::bad_transferee
                                                                    : Wrong::timed_out);
      }));
}

// There is one version only, so there is nothing to go back to.
void MaintenanceService::downgrade(rpc::Call call, const DowngradeRequest& request) {
  if (request.action() == DowngradeRequest::CANCEL)
    return refuse(call, Wrong::no_inflight_downgrade);
  if (!minor_of(request.version())) return refuse(call, Wrong::wrong_version_format);
  refuse(call, Wrong::invalid_target_version);
}

}  // namespace bowline::etcd
