// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "apps/differ/damage.h"
#include "apps/differ/random_steps.h"
#include "apps/differ/rules.h"
#include "apps/differ/shrink.h"
#include "apps/differ/watch_view.h"
#include "bowline/etcd/proto/rpc.pb.h"

// What decides whether two servers are alike, without any server.
namespace bowline::differ {
namespace {

using namespace etcdserverpb;

constexpr std::string_view range_path = "/etcdserverpb.KV/Range";

Said said(const Message& message) { return {true, 0, {}, message.SerializeAsString()}; }
Said refused(int code, std::string text) { return {true, code, std::move(text), {}}; }

std::optional<std::string> differ(std::string_view path, const Message& request, const Said& ours,
                                  const Said& theirs, const Names& names = {}) {
  Tally tally;
  const std::string bytes = request.SerializeAsString();
  return difference({method_of(path), bytes, ours, theirs}, names, {}, tally, Release::v3_4);
}

RangeResponse found(const std::string& value) {
  RangeResponse response;
  response.mutable_header()->set_revision(7);
  response.mutable_header()->set_raft_term(value.size());
  response.add_kvs()->set_value(value);
  response.set_count(1);
  return response;
}

TEST(Differ, answers_differ_by_any_field_but_the_term) {
  const RangeRequest request;
  RangeResponse other = found("a");
  other.mutable_header()->set_raft_term(99);
  EXPECT_FALSE(differ(range_path, request, said(found("a")), said(other)));
  EXPECT_TRUE(differ(range_path, request, said(found("a")), said(found("b"))));
  other.mutable_header()->set_revision(8);
  EXPECT_TRUE(differ(range_path, request, said(found("a")), said(other)));
  EXPECT_TRUE(differ(range_path, request, said(found("a")), refused(3, "x")));
  EXPECT_TRUE(differ(range_path, request, refused(3, "x"), refused(3, "y")));
  EXPECT_TRUE(differ(range_path, request, refused(3, "x"), refused(4, "x")));
  EXPECT_FALSE(differ(range_path, request, refused(3, "x"), refused(3, "x")));
}

TEST(Differ, bytes_that_mean_the_same_and_are_others_differ) {
  Said twice = said(found("a"));
  twice.message += twice.message.substr(0, twice.message.size() - 5);  // fields once more
  EXPECT_TRUE(differ(range_path, RangeRequest(), twice, twice));
}

TEST(Differ, a_rule_allows_only_what_it_is_for) {
  RangeRequest request;
  request.set_limit(1);
  request.set_sort_target(RangeRequest::VALUE);
  EXPECT_FALSE(differ(range_path, request, said(found("a")), said(found("b"))));
  RangeResponse more = found("b");
  more.add_kvs();
  EXPECT_TRUE(differ(range_path, request, said(found("a")), said(more)));
  request.set_sort_order(RangeRequest::ASCEND);
  EXPECT_TRUE(differ(range_path, request, said(found("a")), said(found("b"))));

  const std::string words = "grpc: error unmarshalling request: ";
  EXPECT_FALSE(differ(range_path, request, refused(13, words + "a"), refused(13, words + "b")));
  EXPECT_TRUE(differ(range_path, request, refused(13, "a"), refused(13, words + "b")));
  EXPECT_TRUE(differ(range_path, request, refused(13, words), refused(3, words)));
}

TEST(Differ, a_lease_that_the_servers_chose_counts_as_the_same_one) {
  LeaseGrantResponse ours;
  ours.set_id(111);
  LeaseGrantResponse theirs;
  theirs.set_id(222);
  constexpr std::string_view path = "/etcdserverpb.Lease/LeaseGrant";
  EXPECT_TRUE(differ(path, LeaseGrantRequest(), said(ours), said(theirs)));
  Tally tally;
  Names one;
  Names other;
  one.leases[3] = 111;
  other.leases[3] = 222;
  const Said mine = said(ours);
  const Said yours = said(theirs);
  const Exchange exchange{method_of(path), {}, mine, yours};
  EXPECT_FALSE(difference(exchange, one, other, tally, Release::v3_4));
  other.leases[3] = 0;
  other.leases[4] = 222;
  EXPECT_TRUE(difference(exchange, one, other, tally, Release::v3_4));
}

TEST(Differ, marks_become_what_a_server_calls_them) {
  PutRequest put;
  put.set_lease(lease_mark + 2);
  Step step;
  step.method = &method_of("/etcdserverpb.KV/Put");
  step.bytes = put.SerializeAsString();
  Names names;
  put.ParseFromString(bytes_for(step, names));
  EXPECT_EQ(put.lease(), first_lease + 2);
  names.leases[2] = 12345;
  put.ParseFromString(bytes_for(step, names));
  EXPECT_EQ(put.lease(), 12345);
  RangeRequest range;
  range.set_revision(revision_mark - 2);
  step.method = &method_of(range_path);
  step.bytes = range.SerializeAsString();
  names.base = 50;
  range.ParseFromString(bytes_for(step, names));
  EXPECT_EQ(range.revision(), 48);
  EXPECT_EQ(text(step), "/etcdserverpb.KV/Range { revision: BASE-2 }");
}

TEST(Differ, what_ends_an_etcd_is_never_sent) {
  RangeRequest range;
  range.set_sort_target(static_cast<RangeRequest::SortTarget>(9));
  EXPECT_NE(why_not(method_of(range_path), range.SerializeAsString(), Release::v3_4), "");
  TxnRequest txn;
  *txn.add_failure()->mutable_request_txn()->add_success()->mutable_request_range() = range;
  EXPECT_NE(why_not(method_of("/etcdserverpb.KV/Txn"), txn.SerializeAsString(), Release::v3_4), "");
  EXPECT_EQ(why_not(method_of(range_path), {}, Release::v3_4), "");
}

TEST(Differ, what_shows_a_difference_is_made_as_short_as_it_can_be) {
  const Steps steps = RandomSteps(3).episode(200);
  const auto sorts_by_value = [](const Step& step) {
    RangeRequest range;
    return step.kind == Step::Kind::call && step.method->path == range_path &&
           range.ParseFromString(step.bytes) && range.sort_target() == RangeRequest::VALUE;
  };
  const auto puts = [](const Step& step) {
    return step.kind == Step::Kind::call && step.method->path == "/etcdserverpb.KV/Put";
  };
  const Shows shows = [&](const Steps& some) {
    const auto first = std::ranges::find_if(some, puts);
    return first != some.end() && std::any_of(first, some.end(), sorts_by_value);
  };
  ASSERT_TRUE(shows(steps));
  const Steps few = shrink(steps, shows, 2000);
  ASSERT_EQ(few.size(), 2U);
  EXPECT_EQ(text(few[0]).substr(0, 25), "/etcdserverpb.KV/Put {  }");
  EXPECT_EQ(text(few[1]), "/etcdserverpb.KV/Range { sort_target: VALUE }");
}

TEST(Differ, the_same_seed_asks_the_same) {
  const auto all = [](std::uint64_t seed) {
    std::string lines;
    for (const Step& step : RandomSteps(seed).episode(100)) lines += text(step) + "\n";
    return lines;
  };
  EXPECT_EQ(all(5), all(5));
  EXPECT_NE(all(5), all(6));
  EXPECT_EQ(damaged("abcdef", 9), damaged("abcdef", 9));
}

WatchResponse events(std::int64_t revision, std::initializer_list<std::int64_t> revisions) {
  WatchResponse response;
  response.mutable_header()->set_revision(revision);
  for (const std::int64_t one : revisions)
    response.add_events()->mutable_kv()->set_mod_revision(one);
  return response;
}

TEST(Differ, a_server_that_breaks_the_promises_of_watches_is_found_alone) {
  const auto fault_after = [](std::initializer_list<WatchResponse> responses) {
    WatchView view;
    view.asked({}, 0);
    WatchResponse created;
    created.mutable_header()->set_revision(4);
    created.set_created(true);
    view.heard(created.SerializeAsString(), {});
    for (const WatchResponse& one : responses) view.heard(one.SerializeAsString(), {});
    return view.fault;
  };
  EXPECT_EQ(fault_after({events(6, {5, 6}), events(7, {7})}), "");
  EXPECT_NE(fault_after({events(6, {5, 6}), events(6, {6})}), "");  // split
  EXPECT_NE(fault_after({events(6, {6}), events(6, {5})}), "");     // out of order
  EXPECT_NE(fault_after({events(5, {6})}), "");                     // ahead of its header
  WatchResponse other = events(6, {6});
  other.set_watch_id(3);
  EXPECT_NE(fault_after({other}), "");  // of a watch that is not there
}

}  // namespace
}  // namespace bowline::differ
