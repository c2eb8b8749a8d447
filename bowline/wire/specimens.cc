// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/specimens.h"

#include <memory>
#include <utility>

#include "bowline/wire/answer.h"
#include "bowline/wire/ask.h"
#include "bowline/wire/errand.h"
#include "bowline/wire/frame.h"
#include "bowline/wire/hello.h"
#include "bowline/wire/parcel.h"

namespace bowline::wire {
namespace {

using namespace raft;

constexpr LogId id{{5}, {1000}};

Base base() {
  Membership three;
  three.cluster = {7};
  for (std::uint64_t node = 1; node <= 3; ++node)
    three.members.push_back({.id = {node}, .incarnation = {100 + node}, .address = Text("a:1")});
  return {id, std::make_shared<const Membership>(std::move(three)), {900}, {5}};
}

Batch entries() {
  return {{{{5}, {1001}}, Kind::blank, {}},
          {{{6}, {1002}}, Kind::command, Bytes::copy("payload")},
          {{{6}, {1003}}, Kind::membership, Bytes::copy("members")}};
}

// All that can be set is, and no two numbers are alike.
std::vector<std::pair<std::string, Body>> bodies() {
  return {{"vote request", VoteRequest{id, {300}, true, true}},
          {"vote reply", VoteReply{{301}, true, true, Denial::voted}},
          {"append",
           AppendRequest{
               .prev = id, .commit = {999}, .round = {302}, .news = true, .entries = entries()}},
          {"append that asks to rest",
           AppendRequest{.prev = id, .commit = {1000}, .round = {303}, .rest = true}},
          {"append reply", AppendReply{.round = {304},
                                       .matched = true,
                                       .full = true,
                                       .installing = true,
                                       .lost = true,
                                       .match = {998},
                                       .refused = {997},
                                       .hint = {{4}, {996}}}},
          {"append reply that rests",
           AppendReply{.round = {305}, .matched = true, .resting = true, .match = {1000}}},
          {"snapshot offer", SnapshotOffer{base(), {1001}, {306}}},
          {"campaign now", TimeoutNow{}},
          {"read request", ReadRequest{{307}}},
          {"read reply", ReadReply{{308}, true, {995}}},
          {"entries wanted", EntriesRequest{{id, {{5}, {1002}}}}},
          {"entries", EntriesReply{entries(), base()}}};
}

void add_letters(Version version, std::vector<Specimen>& all) {
  const Way way = specimen_way(version);
  for (const auto& [name, body] : bodies()) {
    Message message{
        .cluster = way.cluster, .from = way.from, .to = way.to, .term = {6}, .body = body};
    std::string frame = begin_frame(FrameKind::letters);
    put_letter(frame, {1000}, message, way);
    end_frame(frame);
    all.push_back({name, std::move(frame)});
  }
  Message stranger{.cluster = {8}, .from = {103}, .to = {}, .term = {6}, .body = TimeoutNow{}};
  std::string frame = begin_frame(FrameKind::letters);
  put_letter(frame, {1}, stranger, way);
  put_letter(frame, {2}, stranger, way);
  end_frame(frame);
  all.push_back({"two letters that say what the hellos did not", std::move(frame)});
}

void add_parcels(std::vector<Specimen>& all) {
  const GroupId group{1000};
  all.push_back({"want snapshot", frame_of(Parcel(WantSnapshot{group, id}))});
  all.push_back({"have snapshot", frame_of(Parcel(HaveSnapshot{group, Bytes::copy("manifest")}))});
  all.push_back({"no snapshot", frame_of(Parcel(NoSnapshot{group, "there is none"}))});
  all.push_back({"want piece", frame_of(Parcel(WantPiece{group, 77, 300}))});
  all.push_back({"piece", frame_of(Parcel(Piece{group, 77, 300, Bytes::copy("piece")}))});
  all.push_back({"gone piece", frame_of(Parcel(GonePiece{group, 77, 300}))});
}

void add_asks(Version version, std::vector<Specimen>& all) {
  const GroupId group{1000};
  const std::vector<std::pair<std::string, Asked>> asks{
      {"ask node", AskNode{{999}, 500}},
      {"ask group", AskGroup{group}},
      {"ask members", AskMembers{group, {{{4}, Standing::learner, 90, "d:1", "rack"}}, Index{900}}},
      {"ask cancel", AskCancel{group}},
      {"ask transfer", AskTransfer{group, {3}}},
      {"ask snapshot", AskSnapshot{group}},
      {"ask recover", AskRecover{group, {8}}},
      {"ask destroy", AskDestroy{group, true}}};
  for (const auto& [name, what] : asks)
    if (since(what) <= version) all.push_back({name, frame_of(Ask{300, what})});
}

void add_answers(std::vector<Specimen>& all) {
  GroupReport report;
  report.group = {1000};
  report.node = {1};
  report.role = Role::leader;
  report.term = {5};
  report.leader = {1};
  report.commit = {999};
  report.applied = {{5}, {998}};
  report.last = id;
  report.base = {{4}, {700}};
  report.snapshot = {{4}, {800}};
  report.members_at = {900};
  report.members = *base().membership;
  report.change_pending = report.stateless = true;
  report.peers = {{{2}, {997}, Progress::Mode::streaming, true, false, Duration(300)}};
  NodeReport node;
  node.id = {1};
  node.name = "north";
  node.newest_version = 2;
  node.groups = 300;
  node.leads = 100;
  node.links = {{{2}, "b:1", 2}};
  node.lines = {{{1000}, Role::leader, {1}, {{2}, {3}}}};
  node.more = true;
  const std::vector<std::pair<std::string, Answered>> answers{
      {"done", Done{id}},
      {"declined", Declined{Why::not_leader, "ask node 2", {2}, "b:1"}},
      {"unsure", Unsure{"it may be"}},
      {"group report", report},
      {"node report", node}};
  for (const auto& [name, what] : answers) all.push_back({name, frame_of(Answer{300, what})});
}

void add_errands(std::vector<Specimen>& all) {
  std::string errands = begin_frame(FrameKind::errands);
  put_errand(errands, 300, {7}, "put a 1");
  put_errand(errands, 301, {1000}, "");
  end_frame(errands);
  all.push_back({"errands", std::move(errands)});
  std::string answers = begin_frame(FrameKind::errand_answers);
  put_errand_answer(answers, 300, true, "done");
  put_errand_answer(answers, 301, false, "");
  end_frame(answers);
  all.push_back({"answers to errands", std::move(answers)});
}

Hello hello(Version version, Purpose purpose) {
  const bool is_node = purpose != Purpose::admin;
  return {.newest = version,
          .self = {is_node ? 1U : 0U},
          .wanted = {2},
          .disk = {is_node ? 101U : 0U},
          .boot = 17,
          .cluster = {7},
          .shard = 1,
          .shards = 4,
          .purpose = purpose,
          .name = "north",
          .address = "10.0.0.1:2380",
          .cluster_name = "prod"};
}

}  // namespace

Way specimen_way(Version version) {
  return {.version = version, .cluster = {7}, .from = {101}, .to = {102}};
}

std::vector<Specimen> specimens(Version version) {
  std::vector<Specimen> all;
  all.push_back({"hello", frame_of(hello(version, Purpose::snapshots))});
  all.push_back({"refusal", refusal_frame("no")});
  add_letters(version, all);
  add_parcels(all);
  if (version < pulse_since) return all;
  std::string pulse = begin_frame(FrameKind::pulse);
  end_frame(pulse);
  all.push_back({"pulse", std::move(pulse)});
  all.push_back({"hello of an operator", frame_of(hello(version, Purpose::admin))});
  add_asks(version, all);
  add_answers(all);
  if (version >= errands_since) add_errands(all);
  return all;
}

}  // namespace bowline::wire
