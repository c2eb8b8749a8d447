// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include "apps/bowline/client_verbs.h"
#include "apps/bowline/columns.h"
#include "apps/bowline/json.h"
#include "apps/bowline/key_words.h"

// bowline alarm: what a cluster refuses to do until somebody has seen to it.
namespace bowline::apps {
namespace {

using etcdserverpb::AlarmMember;
using etcdserverpb::AlarmRequest;
using etcdserverpb::AlarmResponse;

std::string alarms_text(const AlarmResponse& said, Style style) {
  std::string plain;
  std::vector<Row> rows{{"MEMBER", "ALARM"}};
  std::vector<Json> list;
  for (const AlarmMember& one : said.alarms()) {
    const std::string& alarm = etcdserverpb::AlarmType_Name(one.alarm());
    plain += "memberID:" + std::to_string(one.memberid()) + " alarm:" + alarm + " \n";
    rows.push_back({hex_of(one.memberid()), alarm});
    list.push_back(JsonObject().add("member", hex_of(one.memberid())).add("alarm", alarm).done());
  }
  if (style == Style::json) return Json::of(list).text + "\n";
  return style == Style::table ? columns(rows) : plain;
}

int ask(const ClientSession& session, AlarmRequest::AlarmAction action, Effect effect) {
  AlarmRequest request;
  request.set_action(action);
  request.set_alarm(etcdserverpb::NONE);
  return session.finish(
      session.client.ask<AlarmResponse>("/etcdserverpb.Maintenance/Alarm", request, effect),
      [&](const AlarmResponse& said) { return alarms_text(said, session.style); });
}

}  // namespace

void add_alarm_verbs(ClientVerbs& verbs) {
  CLI::App& family =
      *verbs.add_family("alarm", "Alarms: what is refused until somebody has seen to it");
  verbs.add(family, "list", "All that are raised", [](const ClientSession& session) {
    return ask(session, AlarmRequest::GET, Effect::none);
  });
  verbs.add(family, "disarm", "Take all of them back, and tell which these were",
            [](const ClientSession& session) {
              return ask(session, AlarmRequest::DEACTIVATE, Effect::changes);
            });
}

}  // namespace bowline::apps
