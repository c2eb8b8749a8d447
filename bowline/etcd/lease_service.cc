// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/lease_service.h"

#include <algorithm>
#include <chrono>
#include <expected>
#include <utility>
#include <variant>

#include "bowline/etcd/checks.h"
#include "bowline/etcd/unary.h"
#include "bowline/kv/answer.h"
#include "bowline/kv/command.h"

namespace bowline::etcd {
namespace {

using etcdserverpb::LeaseGrantRequest;
using etcdserverpb::LeaseGrantResponse;
using etcdserverpb::LeaseKeepAliveRequest;
using etcdserverpb::LeaseKeepAliveResponse;
using etcdserverpb::LeaseLeasesRequest;
using etcdserverpb::LeaseRevokeRequest;
using etcdserverpb::LeaseTimeToLiveRequest;
using etcdserverpb::LeaseTimeToLiveResponse;

constexpr const char* ask_keep_alive = "lease.keep_alive";
constexpr const char* ask_time_to_live = "lease.time_to_live";

// So many of one client may be on their way before it is read on.
constexpr std::size_t most_on_their_way = 1000;

}  // namespace

struct LeaseService::Stream {
  rpc::Call call;
  std::size_t on_their_way = 0;
  bool half_closed = false;
  bool held = false;
  bool wants_leader = false;
};

LeaseService::LeaseService(Here& here, LeaseKeeper& keeper, Quota& quota)
    : here_(here), keeper_(keeper), quota_(quota) {
  here_.quorum.serve(ask_keep_alive, [this](std::string_view what, auto told) {
    keep_alive_here(what, std::move(told));
  });
  here_.quorum.serve(ask_time_to_live, [this](std::string_view what, auto told) {
    time_to_live_here(what, std::move(told));
  });
}

void LeaseService::add_to(rpc::Router& router) {
  unary<LeaseGrantRequest>(router, "/etcdserverpb.Lease/LeaseGrant",
                           [this](rpc::Call call, const LeaseGrantRequest& request, std::size_t) {
                             grant(std::move(call), request);
                           });
  unary<LeaseRevokeRequest>(router, "/etcdserverpb.Lease/LeaseRevoke",
                            [this](rpc::Call call, const LeaseRevokeRequest& request, std::size_t) {
                              revoke(std::move(call), request);
                            });
  unary<LeaseTimeToLiveRequest>(router, "/etcdserverpb.Lease/LeaseTimeToLive",
                                [this](rpc::Call call, const LeaseTimeToLiveRequest& request,
                                       std::size_t) { time_to_live(std::move(call), request); });
  unary<LeaseLeasesRequest>(
      router, "/etcdserverpb.Lease/LeaseLeases",
      [this](rpc::Call call, const LeaseLeasesRequest&, std::size_t) { leases(std::move(call)); });
  router.bidirectional("/etcdserverpb.Lease/LeaseKeepAlive",
                       [this](rpc::Call call) { keep_alive(std::move(call)); });
}

// One and a half of the shortest election timeout, in whole seconds.
std::int64_t LeaseService::least_ttl() const {
  const auto least = here_.settings.election * 3 / 2;
  return std::chrono::ceil<std::chrono::seconds>(least).count();
}

void LeaseService::grant(rpc::Call call, LeaseGrantRequest request) {
  if (!quota_.admits(call, cost_of(request))) return;
  if (const auto wrong = check(request)) return refuse(call, *wrong);
  while (request.id() == 0) request.set_id(static_cast<std::int64_t>(here_.prng.next() >> 1U));
  const kv::LeaseGrant grant{.id = request.id(), .ttl = std::max(request.ttl(), least_ttl())};
  here_.quorum.propose(
      kv::encode(kv::Command(grant)),
      [this, call = std::move(call)](const std::expected<std::string, Wrong>& bytes) mutable {
        if (!bytes) return refuse(call, bytes.error());
        const std::optional<kv::Answer> answer = kv::decode_answer(*bytes);
        if (!answer) return refuse(call, Wrong::timed_out);
        if (answer->refusal != kv::Refusal::none) return call.finish(status_of(answer->refusal));
        const auto* const said = std::get_if<kv::LeaseGrantAnswer>(&answer->said);
        if (said == nullptr) return refuse(call, Wrong::timed_out);
        LeaseGrantResponse response;
        here_.fill(*response.mutable_header(), answer->revision);
        response.set_id(said->id);
        response.set_ttl(said->ttl);
        etcd::answer(call, response);
      });
}

void LeaseService::revoke(rpc::Call call, const LeaseRevokeRequest& request) {
  here_.quorum.propose(
      kv::encode(kv::Command(kv::LeaseRevoke{.id = request.id()})),
      [this, call = std::move(call)](const std::expected<std::string, Wrong>& bytes) mutable {
        if (!bytes) return refuse(call, bytes.error());
        const std::optional<kv::Answer> answer = kv::decode_answer(*bytes);
        if (!answer) return refuse(call, Wrong::timed_out);
        if (answer->refusal != kv::Refusal::none) return call.finish(status_of(answer->refusal));
        etcdserverpb::LeaseRevokeResponse response;
        here_.fill(*response.mutable_header(), answer->revision);
        etcd::answer(call, response);
      });
}

// ---- keeping alive

void LeaseService::keep_alive(rpc::Call call) {
  if (wants_leader(call) && leaderless_) return refuse(call, Wrong::no_leader);
  auto stream = std::make_shared<Stream>();
  streams_.insert(stream);
  stream->wants_leader = wants_leader(call);
  stream->call = std::move(call);
  stream->call.listen(
      {.message = [this, stream](std::string_view bytes) { keep_alive(stream, bytes); },
       .half_closed =
           [this, stream] {
             stream->half_closed = true;
             if (stream->on_their_way == 0) finish(stream, {});
           },
       .cancelled = [this, stream](rpc::Cancelled) { finish(stream, {}); },
       .drained = {}});
}

void LeaseService::finish(const std::shared_ptr<Stream>& stream, rpc::Status status) {
  streams_.erase(stream);
  if (stream->call) stream->call.finish(std::move(status));
}

void LeaseService::leaderless(bool for_long) {
  leaderless_ = for_long;
  if (!leaderless_) return;
  const std::set<std::shared_ptr<Stream>> all = streams_;
  for (const std::shared_ptr<Stream>& stream : all)
    if (stream->wants_leader) finish(stream, status_of(Wrong::no_leader));
}

// As etcd says it: that there was nobody all the time, or that somebody did not answer.
rpc::Status LeaseService::without_leader(Wrong wrong) const {
  const bool is_nobody = wrong == Wrong::timed_out && !here_.quorum.leader();
  return status_of(is_nobody ? Wrong::no_leader : wrong);
}

void LeaseService::stop() {
  while (!streams_.empty()) {
    const std::shared_ptr<Stream> stream = *streams_.begin();
    finish(stream, status_of(Wrong::stopped));
  }
}

void LeaseService::keep_alive(const std::shared_ptr<Stream>& stream, std::string_view bytes) {
  LeaseKeepAliveRequest request;
  if (!stream->call) return;
  if (!parse(request, bytes)) return finish(stream, unreadable_message());
  ++stream->on_their_way;
  stream->held = stream->on_their_way >= most_on_their_way;
  if (stream->held) stream->call.hold(true);
  std::string what;
  put(what, static_cast<std::uint64_t>(request.id()));
  here_.quorum.ask_leader(
      ask_keep_alive, what,
      life_.guard([this, stream, id = request.id()](const std::expected<std::string, Wrong>& said) {
        --stream->on_their_way;
        if (!stream->call) return;
        if (!said) return finish(stream, without_leader(said.error()));
        Cursor in(*said);
        kept_alive(stream, id, static_cast<std::int64_t>(in.u64()));
      }));
}

void LeaseService::kept_alive(const std::shared_ptr<Stream>& stream, kv::LeaseId id,
                              std::int64_t ttl) {
  LeaseKeepAliveResponse response;
  here_.fill(*response.mutable_header());
  response.set_id(id);
  response.set_ttl(ttl);
  stream->call.message(response.SerializeAsString());  // it is small
  if (stream->held) stream->call.hold(stream->held = false);
  if (stream->half_closed && stream->on_their_way == 0) finish(stream, {});
}

// A leader that was replaced would keep alive what the next one lets end.
void LeaseService::proved(env::Done<bool> told) {
  host::Replica* const replica = here_.quorum.replica();
  keeper_.look_at_role();
  if (replica == nullptr || !keeper_.leads()) return told(false);
  replica->read(raft::ReadKind::verify,
                life_.guard([this, told = std::move(told)](const host::ReadOutcome& read) mutable {
                  keeper_.look_at_role();
                  told(std::holds_alternative<host::Ready>(read) && keeper_.leads());
                }));
}

void LeaseService::keep_alive_here(std::string_view what,
                                   env::Done<std::optional<std::string>> told) {
  Cursor in(what);
  const auto id = static_cast<kv::LeaseId>(in.u64());
  proved([this, id, told = std::move(told)](bool leads) mutable {
    if (!leads) return told(std::nullopt);
    keeper_.keep_alive(id, [told = std::move(told)](std::optional<std::int64_t> ttl) mutable {
      if (!ttl) return told(std::nullopt);
      std::string answer;
      put(answer, static_cast<std::uint64_t>(*ttl));
      told(std::move(answer));
    });
  });
}

// ---- looking at them

void LeaseService::time_to_live(rpc::Call call, const LeaseTimeToLiveRequest& request) {
  here_.quorum.ask_leader(ask_time_to_live, request.SerializeAsString(),
                          life_.guard([this, call = std::move(call)](
                                          const std::expected<std::string, Wrong>& said) mutable {
                            if (!said) return call.finish(without_leader(said.error()));
                            if (said->size() > Quorum::most_told_bytes)
                              return refuse(call, Wrong::answer_too_large);
                            if (!here_.room.admits(call, said->size())) return;
                            LeaseTimeToLiveResponse response;
                            if (!parse(response, *said)) return refuse(call, Wrong::timed_out);
                            here_.fill(*response.mutable_header());
                            etcd::answer(call, response);
                          }));
}

void LeaseService::time_to_live_here(std::string_view what,
                                     env::Done<std::optional<std::string>> told) {
  LeaseTimeToLiveRequest request;
  if (!parse(request, what)) return told(std::nullopt);
  proved([this, request = std::move(request), told = std::move(told)](bool leads) mutable {
    if (!leads) return told(std::nullopt);
    told(time_to_live_of(request.id(), request.keys()));
  });
}

std::string LeaseService::time_to_live_of(kv::LeaseId id, bool keys) const {
  LeaseTimeToLiveResponse response;
  response.set_id(id);
  const kv::Lease* const lease = here_.machine.leases().find(id);
  const std::optional<std::int64_t> left = keeper_.remaining(id);
  if (lease == nullptr || !left) {
    response.set_ttl(-1);
    return response.SerializeAsString();
  }
  response.set_ttl(*left);
  response.set_grantedttl(lease->ttl);
  std::uint64_t bytes = 0;  // what is too much is not made
  if (keys)
    for (const kv::Key* key : lease->keys) {
      if (bytes > Quorum::most_told_bytes) break;
      bytes += key->view().size();
      response.add_keys(std::string(key->view()));
    }
  return response.SerializeAsString();
}

void LeaseService::leases(rpc::Call call) {
  constexpr std::uint64_t each = 12;  // in the message
  if (!here_.room.admits(call, here_.machine.leases().all().size() * each)) return;
  etcdserverpb::LeaseLeasesResponse response;
  here_.fill(*response.mutable_header());
  for (const auto& [id, lease] : here_.machine.leases().all()) response.add_leases()->set_id(id);
  etcd::answer(call, response);
}

}  // namespace bowline::etcd
