// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/cluster_service.h"

#include <algorithm>
#include <chrono>
#include <expected>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "bowline/etcd/unary.h"

namespace bowline::etcd {
namespace {

using etcdserverpb::MemberAddRequest;
using etcdserverpb::MemberAddResponse;
using etcdserverpb::MemberListRequest;

constexpr Duration publish_again = std::chrono::milliseconds(50);
constexpr const char* publish_name = "cluster.publish";

template <class Response>
void add_members(Response& response, const raft::Membership& membership) {
  for (const raft::Member& one : membership.members) fill(*response.add_members(), one);
}

template <class Request, class Response>
Response answer_to(const Request&, const raft::Membership& now, const MemberRules&) {
  Response response;
  add_members(response, now);
  return response;
}

template <>
MemberAddResponse answer_to(const MemberAddRequest& request, const raft::Membership& now,
                            const MemberRules& rules) {
  MemberAddResponse response;
  add_members(response, now);
  const std::vector<std::string> urls(request.peerurls().begin(), request.peerurls().end());
  if (const raft::Member* one = now.find(member_id(urls, rules.token)))
    fill(*response.mutable_member(), *one);
  return response;
}

// Of a change that was not made: what its client is told. Most of what refuses it passes.
std::optional<std::string> answer_of(const host::Outcome& outcome) {
  const auto* const refused = std::get_if<host::Refused>(&outcome);
  if (refused != nullptr && refused->why != raft::Refusal::not_leader)
    return pack(Wrong::unhealthy_cluster);
  if (refused != nullptr || std::holds_alternative<host::Overruled>(outcome)) return std::nullopt;
  return pack(Wrong::timed_out_leader_failed);
}

// Is what is wanted what was there before the change under way? In joint consensus it is too late
// for one who asks in etcd's words: the newcomer is about to vote.
bool takes_back_all(const raft::Membership& now, const WantedMembers& wanted) {
  if (now.settled() || now.joint()) return false;
  const auto all_of = [](const raft::Wanted& one) {
    return std::tie(one.id, one.standing, one.priority, one.address, one.metadata);
  };
  return std::ranges::equal(wanted_of(raft::cancelled(now)), wanted, {}, all_of, all_of);
}

}  // namespace

ClusterService::ClusterService(Here& here)
    : here_(here), publish_timer_(here.loop.timer([this] { try_to_publish(); })) {
  serve_change<etcdserverpb::Member, etcdserverpb::MemberListResponse>(publish_name);
}

ClusterService::~ClusterService() { here_.loop.drop(publish_timer_); }

void ClusterService::add_to(rpc::Router& router) {
  unary<MemberListRequest>(router, "/etcdserverpb.Cluster/MemberList",
                           [this](rpc::Call call, const MemberListRequest& request, std::size_t) {
                             list(std::move(call), request);
                           });
  add_change<MemberAddRequest, MemberAddResponse>(router, "/etcdserverpb.Cluster/MemberAdd");
  add_change<etcdserverpb::MemberRemoveRequest, etcdserverpb::MemberRemoveResponse>(
      router, "/etcdserverpb.Cluster/MemberRemove");
  add_change<etcdserverpb::MemberUpdateRequest, etcdserverpb::MemberUpdateResponse>(
      router, "/etcdserverpb.Cluster/MemberUpdate");
  add_change<etcdserverpb::MemberPromoteRequest, etcdserverpb::MemberPromoteResponse>(
      router, "/etcdserverpb.Cluster/MemberPromote");
}

// The headers of this service have no revision.
void ClusterService::list(rpc::Call call, const MemberListRequest& request) {
  const auto answer = [this](rpc::Call& to) {
    etcdserverpb::MemberListResponse response;
    here_.fill(*response.mutable_header(), 0);
    if (const raft::Membership* now = here_.members()) add_members(response, *now);
    etcd::answer(to, response);
  };
  if (!request.linearizable()) return answer(call);
  if (here_.is_learner()) return refuse(call, Wrong::not_supported_for_learner);
  here_.quorum.read(
      life_.guard([answer, call = std::move(call)](std::optional<Wrong> wrong) mutable {
        if (wrong) return refuse(call, *wrong);
        answer(call);
      }));
}

// ---- changes: asked of anyone, done by the leader

template <class Request, class Response>
void ClusterService::add_change(rpc::Router& router, const std::string& method) {
  serve_change<Request, Response>(method);
  router.unary(method, [this, method](rpc::Call call, std::string_view bytes) {
    Request request;
    if (!parse(request, bytes)) return call.finish(unreadable());
    here_.quorum.change_by_leader(
        method, bytes,
        life_.guard(
            [this, call = std::move(call)](const std::expected<std::string, Wrong>& said) mutable {
              if (!said) return refuse(call, said.error());
              const auto message = unpack(*said);
              if (!message) return call.finish(message.error());
              Response response;
              if (!parse(response, *message)) return refuse(call, Wrong::timed_out);
              here_.fill(*response.mutable_header(), 0);
              etcd::answer(call, response);
            }));
  });
}

template <class Request, class Response>
void ClusterService::serve_change(const std::string& method) {
  here_.quorum.serve(method, [this](std::string_view what, Told told) {
    Request request;
    const raft::Membership* const now = here_.members();
    if (now == nullptr || !parse(request, what)) return told(std::nullopt);
    WantedMembers wanted = wanted_of(*now);
    const auto wrong = apply(wanted, request, rules());
    constexpr bool promotes = std::is_same_v<Request, etcdserverpb::MemberPromoteRequest>;
    if (promotes && wrong) ++promotions_.refused[text_of(*wrong)];
    if (wrong) return told(pack(*wrong));
    change(std::move(wanted), std::move(told), [this, request = std::move(request)] {
      if (promotes) ++promotions_.done;
      const auto response = answer_to<Request, Response>(request, *here_.members(), rules());
      return pack({}, response.SerializeAsString());
    });
  });
}

MemberRules ClusterService::rules() const {
  return {.token = here_.settings.token,
          .strict = here_.settings.strict_reconfig,
          .most_learners = here_.settings.most_learners,
          .is_up = [this](NodeId id) { return !here_.shard.missing(id); },
          .in_sync =
              [this](NodeId id) {
                for (const raft::Progress& one : here_.quorum.replica()->core().peers())
                  if (one.id() == id)
                    return one.match().value * 10 >=
                           here_.quorum.replica()->core().outline().last().index.value * 9;
                return false;
              }};
}

// Of a leader that goes, the writes under way are lost to those who wait for them: they may have
// been done. So it hands over first, and whoever leads then is asked to remove it. Where nobody can
// take over, it goes as it is.
void ClusterService::change(WantedMembers wanted, Told told, std::function<std::string()> answer) {
  host::Replica* const replica = here_.quorum.replica();
  const Index at = replica->core().memberships().latest().at;
  if (takes_back_all(*here_.members(), wanted))
    return take_back(std::move(told), std::move(answer));
  const bool goes = std::ranges::find(wanted, here_.self(), &raft::Wanted::id) == wanted.end();
  if (!goes) return reconfigure(std::move(wanted), at, std::move(told), std::move(answer));
  replica->transfer(
      NodeId{}, life_.guard([this, at, wanted = std::move(wanted), told = std::move(told),
                             answer = std::move(answer)](const host::Outcome& outcome) mutable {
        if (std::holds_alternative<host::Applied>(outcome) || here_.quorum.replica() == nullptr)
          return told(std::nullopt);
        reconfigure(std::move(wanted), at, std::move(told), std::move(answer));
      }));
}

// A voter that was added is removed before it has caught up: it may never do so, where its address
// was wrong.
void ClusterService::take_back(Told told, std::function<std::string()> answer) {
  here_.quorum.replica()->cancel_change(life_.guard(
      [answer = std::move(answer), told = std::move(told)](const host::Outcome& outcome) mutable {
        const bool done = std::holds_alternative<host::Applied>(outcome);
        told(done ? answer() : answer_of(outcome));
      }));
}

// The answer goes out as soon as the members are written down. That a newcomer catches up and then
// votes may take as long as it likes; until then nobody else's change begins.
void ClusterService::reconfigure(WantedMembers wanted, Index at, Told told,
                                 std::function<std::string()> answer) {
  auto changing = std::make_shared<Changing>(at, std::move(answer), std::move(told));
  changing_.push_back(changing);
  here_.quorum.replica()->reconfigure(
      std::move(wanted), at, life_.guard([this, changing](const host::Outcome& outcome) {
        std::erase(changing_, changing);
        if (!changing->told) return;
        const bool done = std::holds_alternative<host::Applied>(outcome);
        changing->told(done ? changing->answer() : answer_of(outcome));
      }));
}

void ClusterService::committed() {
  const host::Replica* const replica = here_.quorum.replica();
  if (replica == nullptr || changing_.empty()) return;
  const Index at = replica->core().memberships().latest().at;
  if (at > replica->core().commit()) return;
  for (const std::shared_ptr<Changing>& one : changing_)
    if (one->told && at > one->after) std::exchange(one->told, {})(one->answer());
}

// ---- our own names

void ClusterService::publish(MemberNames names, env::Done<> done) {
  names_ = std::move(names);
  published_ = std::move(done);
  try_to_publish();
}

void ClusterService::try_to_publish() {
  const raft::Membership* const now = here_.members();
  const raft::Member* const self = now == nullptr ? nullptr : now->find(here_.self());
  const std::optional<MemberNames> known =
      self == nullptr ? std::nullopt : names_in(self->metadata.view());
  const bool is_known =
      known && known->name == names_.name && known->client_urls == names_.client_urls;
  // What our log says of us is not enough: the others may have gone on without us.
  if (is_known && here_.quorum.leader()) {
    if (published_) std::exchange(published_, {})();
    return;
  }
  here_.loop.set(publish_timer_, here_.clock.now() + publish_again);
  if (self == nullptr || is_known || std::exchange(publishing_, true)) return;
  etcdserverpb::Member says;
  says.set_id(here_.self().value);
  says.set_name(names_.name);
  for (const std::string& url : names_.client_urls) says.add_clienturls(url);
  here_.quorum.ask_leader(
      publish_name, says.SerializeAsString(),
      life_.guard([this](const std::expected<std::string, Wrong>&) { publishing_ = false; }));
}

}  // namespace bowline::etcd
