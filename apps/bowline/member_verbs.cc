// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "apps/bowline/client_verbs.h"
#include "apps/bowline/columns.h"
#include "apps/bowline/json.h"
#include "apps/bowline/members_known.h"
#include "bowline/dash/json.h"

// bowline member: who belongs to the cluster.
namespace bowline::apps {
namespace {

using etcdserverpb::Member;

std::string joined(const auto& urls) {
  std::string text;
  for (const std::string& url : urls) text += (text.empty() ? "" : ",") + url;
  return text;
}

Json urls_json(const auto& urls) {
  std::vector<Json> list;
  for (const std::string& url : urls) list.push_back(Json{dash::in_quotes(url)});
  return Json::of(list);
}

Json json_of(const Member& member) {
  return JsonObject()
      .add("id", hex_of(member.id()))
      .add("name", Json{dash::in_quotes(member.name())})
      .add("started", !member.name().empty())
      .add("learner", member.islearner())
      .add("peer_urls", urls_json(member.peerurls()))
      .add("client_urls", urls_json(member.clienturls()))
      .done();
}

Row heading_of_members() {
  return {"ID", "STATE", "NAME", "PEERS CALL", "CLIENTS CALL", "STANDING"};
}

std::string state_of(const Member& member) {
  return member.name().empty() ? "unstarted" : "started";
}

Row row_of(const Member& member) {
  return {hex_of(member.id()),
          state_of(member),
          member.name(),
          joined(member.peerurls()),
          joined(member.clienturls()),
          member.islearner() ? "learner" : "voter"};
}

std::string text_of(const etcdserverpb::MemberListResponse& said, Style style) {
  if (style == Style::json) {
    std::vector<Json> list;
    for (const Member& one : said.members()) list.push_back(json_of(one));
    return JsonObject()
               .add("cluster", hex_of(said.header().cluster_id()))
               .add("members", list)
               .done()
               .text +
           "\n";
  }
  std::vector<Row> rows{heading_of_members()};
  std::string plain;
  for (const Member& one : said.members()) {
    rows.push_back(row_of(one));
    plain += hex_of(one.id()) + ", " + state_of(one) + ", " + one.name() + ", " +
             joined(one.peerurls()) + ", " + joined(one.clienturls()) + ", " +
             (one.islearner() ? "true" : "false") + "\n";
  }
  return style == Style::plain ? plain : columns(rows);
}

std::string done_text(const Member& member, Style style, const std::string& what) {
  if (style == Style::json) return JsonObject().add("member", json_of(member)).done().text + "\n";
  if (style == Style::table) return columns({{"MEMBER", "BECAME"}, {hex_of(member.id()), what}});
  return "Member " + hex_of(member.id()) + " " + what + "\n";
}

struct MemberArguments {
  std::string who, peer_urls;
  bool learner = false;
};

std::string added_text(const etcdserverpb::MemberAddResponse& said, const MemberArguments& given,
                       Style style) {
  std::string text = style == Style::table
                         ? columns({heading_of_members(), row_of(said.member())})
                         : done_text(said.member(), style,
                                     "added to cluster " + hex_of(said.header().cluster_id()));
  if (style == Style::json) return text;
  std::string cluster;
  for (const Member& one : said.members()) {
    const std::string name = one.id() == said.member().id() ? given.who : one.name();
    for (const std::string& url : one.peerurls())
      cluster += (cluster.empty() ? "" : ",") + name + "=" + url;
  }
  const std::string url = said.member().peerurls().empty() ? "" : said.member().peerurls(0);
  return text + "\nStart it there with\n\n  bowline serve --name " + given.who +
         " --initial-cluster-state existing \\\n    --listen-peer-urls " + url +
         " --initial-advertise-peer-urls " + url + " \\\n    --initial-cluster " + cluster +
         " \\\n    --listen-client-urls URL --data-dir DIRECTORY\n" +
         (said.member().islearner()
              ? "\nand `bowline member promote " + given.who + "` when it has caught up.\n"
              : "");
}

int add_one(const ClientSession& session, const MemberArguments& given) {
  etcdserverpb::MemberAddRequest request;
  std::string rest = given.peer_urls;
  for (std::size_t comma = 0; comma != std::string::npos;) {
    comma = rest.find(',');
    request.add_peerurls(rest.substr(0, comma));
    rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
  }
  request.set_islearner(given.learner);
  return session.finish(session.client.ask<etcdserverpb::MemberAddResponse>(
                            "/etcdserverpb.Cluster/MemberAdd", request, Effect::changes),
                        [&](const auto& said) { return added_text(said, given, session.style); });
}

// With the member that was named.
using OnMember = std::function<int(const ClientSession&, const Member&)>;
ClientVerbs::Run with_member(const std::shared_ptr<MemberArguments>& given, OnMember run) {
  return [given, run = std::move(run)](const ClientSession& session) {
    const auto all = members_of(session);
    const auto* const said = std::get_if<etcdserverpb::MemberListResponse>(&all);
    if (said == nullptr) return session.finish(all, [](const auto&) { return std::string(); });
    const auto member = find_member(*said, given->who);
    return member ? run(session, *member) : session.complain(NotDone{member.error().what});
  };
}

template <class Request, class Response>
OnMember change(const char* method, const char* done) {
  return [method, done](const ClientSession& session, const Member& member) {
    Request request;
    request.set_id(member.id());
    return session.finish(
        session.client.ask<Response>(std::string("/etcdserverpb.Cluster/") + method, request,
                                     Effect::changes),
        [&](const Response&) { return done_text(member, session.style, done); });
  };
}

}  // namespace

void add_member_verbs(ClientVerbs& verbs) {
  CLI::App& family = *verbs.add_family("member", "Who belongs to the cluster");
  const auto given = std::make_shared<MemberArguments>();
  verbs.add(family, "list", "All members", [](const ClientSession& session) {
    return session.finish(members_of(session),
                          [&](const auto& said) { return text_of(said, session.style); });
  });
  CLI::App* const add =
      verbs.add(family, "add", "A new member; the answer says how to start it",
                [given](const ClientSession& session) { return add_one(session, *given); });
  add->add_option("NAME", given->who, "What it will be called")->required();
  add->add_option("--peer-urls", given->peer_urls, "Where the other members call it")->required();
  add->add_flag("--learner", given->learner, "It does not vote until it is promoted");
  const auto add_named = [&](const char* name, const char* what, OnMember run) {
    CLI::App* const verb = verbs.add(family, name, what, with_member(given, std::move(run)));
    verb->add_option("MEMBER", given->who, "Its name or its id")->required();
    return verb;
  };
  add_named("remove", "A member leaves for good",
            change<etcdserverpb::MemberRemoveRequest, etcdserverpb::MemberRemoveResponse>(
                "MemberRemove", "removed"));
  add_named("promote", "A learner becomes a voter",
            change<etcdserverpb::MemberPromoteRequest, etcdserverpb::MemberPromoteResponse>(
                "MemberPromote", "promoted"));
  add_named("update", "Other members call it elsewhere",
            [given](const ClientSession& session, const Member& member) {
              etcdserverpb::MemberUpdateRequest request;
              request.set_id(member.id());
              request.add_peerurls(given->peer_urls);
              return session.finish(
                  session.client.ask<etcdserverpb::MemberUpdateResponse>(
                      "/etcdserverpb.Cluster/MemberUpdate", request, Effect::changes),
                  [&](const auto&) { return done_text(member, session.style, "updated"); });
            })
      ->add_option("--peer-urls", given->peer_urls, "Where they call it")
      ->required();
}

}  // namespace bowline::apps
