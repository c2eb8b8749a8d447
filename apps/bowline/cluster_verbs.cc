// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/bowline/client_verbs.h"
#include "apps/bowline/columns.h"
#include "apps/bowline/json.h"
#include "apps/bowline/members_known.h"
#include "apps/bowline/wal.h"
#include "apps/bowline/words.h"

// bowline status, endpoint-health, compaction and move-leader.
namespace bowline::apps {
namespace {

using etcdserverpb::StatusResponse;

// Each endpoint by itself.
struct Asking {
  std::string endpoint;
  EtcdClient client;
};

std::vector<Asking> each_endpoint(const ClientSession& session, bool whole_cluster) {
  std::vector<Asking> all;
  const auto add = [&](const std::string& endpoint) {
    EtcdClient::Options options = session.client.options();
    options.endpoints = {endpoint};
    all.push_back({endpoint, EtcdClient(std::move(options))});
  };
  const auto known =
      whole_cluster ? members_of(session) : Asked<etcdserverpb::MemberListResponse>(NotDone{});
  if (const auto* said = std::get_if<etcdserverpb::MemberListResponse>(&known)) {
    for (const auto& member : said->members())
      for (const std::string& url : member.clienturls())
        for (const std::string& one : endpoints_in(url).value_or(std::vector<std::string>{}))
          add(one);
  }
  if (all.empty())
    for (const std::string& one : session.client.options().endpoints) add(one);
  return all;
}

std::string role_of(const StatusResponse& said) {
  if (said.leader() == said.header().member_id()) return "leader";
  return said.islearner() ? "learner" : "follower";
}

Json json_of(const std::string& endpoint, const StatusResponse& said) {
  std::vector<std::string> errors(said.errors().begin(), said.errors().end());
  return JsonObject()
      .add("endpoint", endpoint)
      .add("id", hex_of(said.header().member_id()))
      .add("role", role_of(said))
      .add("leader", hex_of(said.leader()))
      .add("version", said.version())
      .add("term", said.raftterm())
      .add("index", said.raftindex())
      .add("applied", said.raftappliedindex())
      .add("revision", Json{std::to_string(said.header().revision())})
      .add("bytes", Json{std::to_string(said.dbsize())})
      .add("errors", errors)
      .done();
}

void say_in(Style style, const std::vector<Json>& list, const std::vector<Row>& rows,
            const std::string& plain) {
  ClientSession::say(style == Style::json    ? Json::of(list).text + "\n"
                     : style == Style::table ? columns(rows)
                                             : plain);
}

template <class Response>
std::string why_of(const Asked<Response>& asked) {
  if (const auto* no = std::get_if<NotDone>(&asked)) return no->why;
  return std::get<MaybeDone>(asked).why;
}

std::string line_of(const std::string& endpoint, const StatusResponse& said,
                    const std::string& trouble) {
  return endpoint + " is " + (role_of(said) == "leader" ? "the " : "a ") + role_of(said) + ": id " +
         hex_of(said.header().member_id()) + ", version " + said.version() + ", term " +
         std::to_string(said.raftterm()) + ", index " + std::to_string(said.raftindex()) +
         ", applied " + std::to_string(said.raftappliedindex()) + ", revision " +
         std::to_string(said.header().revision()) + ", " +
         size(static_cast<std::uint64_t>(said.dbsize())) +
         (trouble.empty() ? "" : ", trouble: " + trouble) + "\n";
}

int status(const ClientSession& session, bool whole_cluster) {
  std::vector<Row> rows{{"ENDPOINT", "ID", "ROLE", "VERSION", "TERM", "INDEX", "APPLIED",
                         "REVISION", "MEMORY", "TROUBLE"}};
  std::vector<Json> list;
  std::string plain;
  int result = all_is_well;
  for (Asking& one : each_endpoint(session, whole_cluster)) {
    const auto asked = one.client.ask<StatusResponse>("/etcdserverpb.Maintenance/Status",
                                                      etcdserverpb::StatusRequest(), Effect::none);
    const auto* const said = std::get_if<StatusResponse>(&asked);
    if (said == nullptr) {
      result = something_is_wrong;
      rows.push_back({one.endpoint, "-", "-", "-", "-", "-", "-", "-", "-", why_of(asked)});
      list.push_back(JsonObject().add("endpoint", one.endpoint).add("why", why_of(asked)).done());
      plain += one.endpoint + " did not say: " + why_of(asked) + "\n";
      continue;
    }
    std::string trouble;
    for (const std::string& error : said->errors())
      trouble += (trouble.empty() ? "" : "; ") + error;
    rows.push_back(
        {one.endpoint, hex_of(said->header().member_id()), role_of(*said), said->version(),
         std::to_string(said->raftterm()), std::to_string(said->raftindex()),
         std::to_string(said->raftappliedindex()), std::to_string(said->header().revision()),
         size(static_cast<std::uint64_t>(said->dbsize())), trouble.empty() ? "-" : trouble});
    list.push_back(json_of(one.endpoint, *said));
    plain += line_of(one.endpoint, *said, trouble);
  }
  say_in(session.style, list, rows, plain);
  return result;
}

// Healthy is who can read what a quorum has agreed upon.
int health(const ClientSession& session, bool whole_cluster) {
  etcdserverpb::RangeRequest request;
  request.set_key("health");
  request.set_count_only(true);
  std::vector<Row> rows{{"ENDPOINT", "HEALTH", "TOOK", "WHY"}};
  std::vector<Json> list;
  std::string plain;
  int result = all_is_well;
  for (Asking& one : each_endpoint(session, whole_cluster)) {
    const auto begun = std::chrono::steady_clock::now();
    const auto asked = one.client.ask<etcdserverpb::RangeResponse>("/etcdserverpb.KV/Range",
                                                                   request, Effect::none);
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(
                        std::chrono::steady_clock::now() - begun)
                        .count();
    const bool well = std::holds_alternative<etcdserverpb::RangeResponse>(asked);
    if (!well) result = something_is_wrong;
    const std::string why = well ? "" : why_of(asked);
    const std::string took =
        std::to_string(us / 1000) + "." + std::to_string(us / 100 % 10) + " ms";
    rows.push_back({one.endpoint, well ? "healthy" : "unhealthy", took, well ? "-" : why});
    plain += one.endpoint +
             (well ? " is healthy: it answered a read of the quorum in " + took
                   : " is unhealthy: " + why) +
             "\n";
    list.push_back(JsonObject()
                       .add("endpoint", one.endpoint)
                       .add("healthy", well)
                       .add("took_us", Json{std::to_string(us)})
                       .add("why", why)
                       .done());
  }
  say_in(session.style, list, rows, plain);
  return result;
}

int compact(const ClientSession& session, std::int64_t revision, bool physical) {
  etcdserverpb::CompactionRequest request;
  request.set_revision(revision);
  request.set_physical(physical);
  return session.finish(
      session.client.ask<etcdserverpb::CompactionResponse>("/etcdserverpb.KV/Compact", request,
                                                           Effect::changes),
      [&](const auto&) {
        if (session.style == Style::json)
          return JsonObject().add("compacted", Json{std::to_string(revision)}).done().text + "\n";
        if (session.style == Style::table)
          return columns({{"COMPACTED"}, {std::to_string(revision)}});
        return "compacted revision " + std::to_string(revision) + "\n";
      });
}

int move_leader(const ClientSession& session, const std::string& to) {
  const auto all = members_of(session);
  const auto* const members = std::get_if<etcdserverpb::MemberListResponse>(&all);
  if (members == nullptr) return session.finish(all, [](const auto&) { return std::string(); });
  const auto target = find_member(*members, to);
  if (!target) return session.complain(NotDone{target.error().what});
  auto leader = client_of_leader(session);
  if (!leader) return session.complain(NotDone{leader.error().what});
  etcdserverpb::MoveLeaderRequest request;
  request.set_targetid(target->id());
  return session.finish(
      leader->ask<etcdserverpb::MoveLeaderResponse>("/etcdserverpb.Maintenance/MoveLeader", request,
                                                    Effect::changes),
      [&](const auto&) {
        if (session.style == Style::json)
          return JsonObject().add("leader", hex_of(target->id())).done().text + "\n";
        if (session.style == Style::table)
          return columns({{"LEADER", "NAME"}, {hex_of(target->id()), name_of(*target)}});
        return name_of(*target) + " leads now\n";
      });
}

}  // namespace

void add_cluster_verbs(ClientVerbs& verbs) {
  const auto whole = std::make_shared<bool>(false);
  const auto add_whole = [&](CLI::App* verb) {
    verb->add_flag("--cluster", *whole, "Ask all members, and not only --endpoints");
  };
  add_whole(verbs.add(verbs.app(), "status", "How each member stands",
                      [whole](const ClientSession& session) { return status(session, *whole); }));
  add_whole(verbs.add(verbs.app(), "endpoint-health", "Which members can do their work",
                      [whole](const ClientSession& session) { return health(session, *whole); }));

  struct Compaction {
    std::int64_t revision = 0;
    bool physical = false;
  };
  const auto compaction = std::make_shared<Compaction>();
  CLI::App* const verb =
      verbs.add(verbs.app(), "compaction", "Forget what was before a revision",
                [compaction](const ClientSession& session) {
                  return compact(session, compaction->revision, compaction->physical);
                });
  verb->add_option("REVISION", compaction->revision, "What is later is kept")->required();
  verb->add_flag("--physical", compaction->physical, "Wait until the memory is free again");

  const auto to = std::make_shared<std::string>();
  verbs
      .add(verbs.app(), "move-leader", "Hand the leadership over",
           [to](const ClientSession& session) { return move_leader(session, *to); })
      ->add_option("MEMBER", *to, "To this one: its name or its id")
      ->required();
}

}  // namespace bowline::apps
