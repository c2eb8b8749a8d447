// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_verdict.h"

#include <functional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "apps/chaos/etcd_scribe.h"
#include "bowline/etcd/errors.h"

// A history that is right, and what is wrong with it after one thing in it was changed: each
// witness is seen to find what it is for.
namespace bowline::chaos {
namespace {

// Something of everything. The numbers of the calls are in the comments, and their revisions.
Scribe busy_day() {
  Scribe scribe;
  scribe.put("a", "1");           // 0: 2
  scribe.put("b", "2");           // 1: 3
  scribe.range();                 // 2
  scribe.txn("a");                // 3: 4
  scribe.txn("none");             // 4
  scribe.erase("none");           // 5
  scribe.grant(lease, 5);         // 6
  scribe.put("al", "3", lease);   // 7: 5
  scribe.put("al2", "4", lease);  // 8: 6
  scribe.keep_alive(lease, 5);    // 9
  scribe.pass(6 * second);
  scribe.expire(lease);         // 7
  scribe.keep_alive(lease, 0);  // 10
  scribe.progress(of_a, 7);
  scribe.go_on_elsewhere(of_a);
  scribe.grant(other_lease, 500);     // 11
  scribe.put("b", "5", other_lease);  // 12: 8
  scribe.revoke(other_lease);         // 13: 9
  scribe.range(3);                    // 14
  scribe.compact(4);                  // 15
  scribe.erase("a");                  // 16: 10
  scribe.range(0, true);              // 17
  scribe.put("a", "6");               // 18: 11
  return scribe;
}

void expect(const std::function<void(EtcdHistory&)>& spoil, const std::string& words) {
  EtcdHistory history = busy_day().done();
  spoil(history);
  const std::string wrong = judge(history).wrong;
  EXPECT_TRUE(wrong.contains(words)) << "expected '" << words << "', got '" << wrong << "'";
}

TEST(EtcdVerdict, a_history_that_is_right_is_well) {
  const EtcdVerdict verdict = judge(busy_day().done());
  EXPECT_EQ(verdict.wrong, "");
  EXPECT_EQ(verdict.revisions, 11);
  EXPECT_EQ(verdict.expired, 1U);
  EXPECT_EQ(verdict.resumed, 1U);
  EXPECT_EQ(verdict.progress, 1U);
}

// ---- calls

TEST(EtcdVerdict, finds_reads_that_are_stale_or_show_what_was_not) {
  expect(
      [](auto& h) {
        h.calls[2].life = 2;
        h.calls[2].called = h.calls[18].ended + 1;
      },
      "was known when it was called (I18)");
  const auto other = [](etcdserverpb::RangeResponse& r) { r.mutable_kvs(0)->set_value("other"); };
  expect([&](auto& h) { change<etcdserverpb::RangeResponse>(h.calls[2].response, other); },
         "shows something else");
  expect([&](auto& h) { change<etcdserverpb::RangeResponse>(h.calls[14].response, other); },
         "shows something else than what was there at revision 3");
  expect([&](auto& h) { change<etcdserverpb::RangeResponse>(h.calls[17].response, other); },
         "shows something else");
  expect(
      [](auto& h) {
        change<etcdserverpb::RangeRequest>(h.calls[17].request,
                                           [](auto& r) { r.set_serializable(false); });
        h.calls[17].life = 2;
        h.calls[17].called = h.calls[17].ended = h.calls[18].ended + 1;
      },
      "was known when it was called (I18)");
}

TEST(EtcdVerdict, takes_old_reads_of_one_member_but_not_that_they_go_back) {
  EtcdHistory history = busy_day().done();
  EtcdCall& call = history.calls[17];
  call.life = 2;  // its process began anew meanwhile
  call.called = history.calls[18].ended + 1;
  call.ended = call.called + 1;
  EXPECT_EQ(judge(history).wrong, "");
  expect(
      [](auto& h) {
        h.calls[17].called = h.calls[18].ended + 1;
        h.calls[17].ended = h.calls[17].called + 1;
      },
      "goes back");
}

TEST(EtcdVerdict, finds_what_was_lost_and_what_nobody_wanted) {
  expect(
      [](auto& h) {
        for (const std::size_t who : {all, also_all, of_a}) forget(h, who, 11);
      },
      "which is lost");
  expect(
      [](auto& h) {
        for (const std::size_t who : {all, also_all}) forget(h, who, 6);
      },
      "was told to nobody");
  expect([](auto& h) { h.calls[1].fate = Fate::refused; }, "the work of nobody");
  expect([](auto& h) { h.calls[3].called = h.calls[3].ended; },
         "revision 4 was known when it was called");
  expect([](auto& h) { h.calls.push_back(h.calls[1]); }, "the work of two");
  expect(
      [](auto& h) {
        change<etcdserverpb::TxnResponse>(h.calls[3].response,
                                          [](auto& r) { r.set_succeeded(false); });
      },
      "(I15)");
  expect(
      [](auto& h) {
        change<etcdserverpb::PutResponse>(h.calls[18].response,
                                          [](auto& r) { r.mutable_prev_kv()->set_key("x"); });
      },
      "(I15)");
  expect(
      [](auto& h) {
        change<etcdserverpb::DeleteRangeResponse>(
            h.calls[5].response, [](auto& r) { r.mutable_header()->set_revision(12); });
        h.calls[5].life = 2;
      },
      "which is lost");
}

TEST(EtcdVerdict, an_unknown_call_may_have_been_done_once_and_not_before_it_was_asked) {
  Scribe scribe;
  scribe.put("a", "1").fate = Fate::unknown;
  scribe.put("b", "1");
  EtcdHistory once = scribe.done();
  EXPECT_EQ(judge(once).wrong, "");
  EXPECT_EQ(judge(once).unknown_done, 1U);
  once.calls[0].called = once.calls[1].ended;
  EXPECT_TRUE(judge(once).wrong.contains("work of nobody"));
  scribe.put("a", "1");
  EtcdHistory twice = scribe.done();
  twice.calls.pop_back();
  EXPECT_TRUE(judge(twice).wrong.contains("revision 4 is the work of nobody"));
  // One that only may have been the cause of either is enough for one of them.
  Scribe either;
  either.put("a", "1");
  either.put("b", "1");
  either.erase("a").fate = Fate::unknown;
  either.put("a", "2");
  either.erase("a").fate = Fate::unknown;
  EtcdHistory both = either.done();
  EXPECT_EQ(judge(both).wrong, "");
  both.calls.erase(both.calls.begin() + 4);
  EXPECT_TRUE(judge(both).wrong.contains("work of nobody"));
}

TEST(EtcdVerdict, to_revoke_a_lease_without_keys_is_not_the_work_of_who_deleted_the_last_one) {
  Scribe scribe;
  scribe.grant(lease, 500);
  scribe.put("a", "1", lease);
  scribe.erase("a");
  scribe.revoke(lease);
  EXPECT_EQ(judge(scribe.done()).wrong, "");
}

TEST(EtcdVerdict, finds_answers_that_say_no_without_a_reason) {
  const auto refuse = [](std::size_t number, etcd::Wrong why) {
    return [number, why](EtcdHistory& h) {
      h.calls[number].response.clear();
      h.calls[number].error = etcd::text_of(why);
    };
  };
  expect(refuse(2, etcd::Wrong::future_revision), "that revision was known");
  expect(refuse(14, etcd::Wrong::compacted), "nobody compacted that");
  expect(refuse(15, etcd::Wrong::compacted), "nobody compacted as much");
  expect(refuse(5, etcd::Wrong::key_not_found), "at no place that it may have had");
  expect(
      [](auto& h) {
        h.calls[14].called = h.calls[15].ended + 1;
        h.calls[14].ended = h.calls[14].called + 1;
        change<etcdserverpb::RangeResponse>(h.calls[14].response,
                                            [](auto& r) { r.mutable_header()->set_revision(9); });
      },
      "shows what was compacted");
  Scribe scribe;
  scribe.put("a", "1", 12345);
  EXPECT_EQ(judge(scribe.done()).wrong, "");  // there is no such lease
}

TEST(EtcdVerdict, finds_headers_that_go_back_or_are_of_another_member) {
  const auto header = [](EtcdHistory& h) -> std::string& { return h.calls[17].response; };
  using Range = etcdserverpb::RangeResponse;
  expect(
      [&](auto& h) {
        change<Range>(header(h), [](Range& r) { r.mutable_header()->set_raft_term(1); });
      },
      "goes back to term 1");
  expect(
      [&](auto& h) {
        change<Range>(header(h), [](Range& r) { r.mutable_header()->set_member_id(2); });
      },
      "the id of another one");
}

// ---- leases

TEST(EtcdVerdict, finds_leases_that_end_early_or_come_back_or_leave_keys) {
  expect([](auto& h) { h.calls[9].called += 6 * second; }, "before the time that it was promised");
  expect(
      [](auto& h) {
        h.calls[9].called += 6 * second;
        h.calls.erase(h.calls.begin() + 10);
      },
      "the work of nobody");
  expect([](auto& h) { h.calls[10].called = h.calls[10].ended = h.calls[9].ended; },
         "before the time that it was promised");
  expect(
      [](auto& h) {
        EtcdCall back = h.calls[9];
        back.life = 2;
        back.called = h.calls[18].ended;
        back.ended = back.called + 1;
        h.calls.push_back(back);
      },
      "came back from the dead");
  expect(
      [](auto& h) {
        for (const std::size_t who : {all, also_all, of_a})
          change<WatchResponse>(word_of(h, who, 7).message,
                                [](auto& r) { r.mutable_events()->RemoveLast(); });
        h.calls.erase(h.calls.begin() + 17);
      },
      "the work of nobody");
}

// ---- those who watch

TEST(EtcdVerdict, finds_each_of_the_six_promises_of_watches_broken) {
  // Reliable, and in the end.
  expect([](auto& h) { forget(h, of_a, 5); }, "is told of revision 6, and what comes next is");
  expect([](auto& h) { forget(h, of_a, 11); }, "was not told of revision 11");
  // Unique.
  expect(
      [](auto& h) {
        WatchStep again = word_of(h, of_a, 5);
        h.stories[of_a].steps.insert(
            h.stories[of_a].steps.begin() + (&word_of(h, of_a, 6) - h.stories[of_a].steps.data()),
            again);
      },
      "is told of revision 5, and what comes next is revision 6");
  // Ordered.
  expect([](auto& h) { std::swap(word_of(h, of_a, 5).message, word_of(h, of_a, 6).message); },
         "is told of revision 6, and what comes next is revision 5");
  // Atomic.
  expect(
      [](auto& h) {
        change<WatchResponse>(word_of(h, of_a, 4).message,
                              [](auto& r) { r.mutable_events()->RemoveLast(); });
      },
      "in two pieces");
  // Resumable: what it goes on with is told again, or not at all.
  expect([](auto& h) { forget(h, of_a, 10); }, "is told of revision 11, and what comes next is");
  // Bookmarkable.
  expect(
      [](auto& h) {
        for (WatchStep& step : h.stories[of_a].steps)
          if (WatchResponse r;
              step.kind == Step::heard && r.ParseFromString(step.message) && r.watch_id() == -1)
            change<WatchResponse>(step.message,
                                  [](auto& p) { p.mutable_header()->set_revision(10); });
      },
      "is told that it knows all through revision 10");
  // The same to all.
  expect(
      [](auto& h) {
        change<WatchResponse>(word_of(h, also_all, 8).message, [](auto& r) {
          r.mutable_events(0)->mutable_kv()->set_value("other");
        });
      },
      "is one thing to");
}

}  // namespace
}  // namespace bowline::chaos
