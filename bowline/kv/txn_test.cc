// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/kv/kv_rig.h"

namespace bowline::kv {
namespace {

using Target = Compare::Target;
using Result = Compare::Result;

Compare number(std::string_view key, Target target, Result result, std::int64_t with) {
  return {.keys = {key, {}}, .target = target, .result = result, .number = with, .value = {}};
}
Compare value(std::string_view key, Result result, std::string_view with) {
  return {.keys = {key, {}}, .target = Target::value, .result = result, .value = with};
}
Op put(std::string_view key, std::string_view value) { return {Put{.key = key, .value = value}}; }
Op look(std::string_view key, std::string_view end = {}, std::int64_t revision = 0) {
  return {Range{.keys = {key, end}, .revision = revision}};
}

bool holds(KvRig& rig, Compare compare) {
  const Answer answer = rig.run(Txn{.compares = {compare}, .success = {}, .failure = {}});
  return std::get<TxnAnswer>(answer.said).succeeded;
}

TEST(Txn, of_a_missing_key_every_number_is_zero_and_no_value_compares) {
  KvRig rig;
  for (const Target target : {Target::version, Target::create, Target::mod, Target::lease}) {
    EXPECT_TRUE(holds(rig, number("a", target, Result::equal, 0)));
    EXPECT_TRUE(holds(rig, number("a", target, Result::less, 1)));
    EXPECT_FALSE(holds(rig, number("a", target, Result::greater, 0)));
    EXPECT_FALSE(holds(rig, number("a", target, Result::not_equal, 0)));
  }
  for (const Result result : {Result::equal, Result::less, Result::greater, Result::not_equal})
    EXPECT_FALSE(holds(rig, value("a", result, "")));
}

TEST(Txn, compares_each_field) {
  KvRig rig;
  rig.run(LeaseGrant{5, 60});
  rig.put("a", "x");
  rig.put("a", "m", 5);
  EXPECT_TRUE(holds(rig, number("a", Target::version, Result::equal, 2)));
  EXPECT_TRUE(holds(rig, number("a", Target::create, Result::equal, 2)));
  EXPECT_TRUE(holds(rig, number("a", Target::mod, Result::greater, 2)));
  EXPECT_TRUE(holds(rig, number("a", Target::lease, Result::not_equal, 0)));
  EXPECT_TRUE(holds(rig, value("a", Result::less, "n")));
  EXPECT_TRUE(holds(rig, value("a", Result::greater, "ma")) == false);
  EXPECT_TRUE(holds(rig, value("a", Result::not_equal, "x")));
}

TEST(Txn, with_an_interval_every_key_has_to_satisfy) {
  KvRig rig;
  rig.put("a", "1");
  rig.put("b", "1");
  Compare both = value("a", Result::equal, "1");
  both.keys.range_end = "c";
  EXPECT_TRUE(holds(rig, both));
  rig.put("b", "2");
  EXPECT_FALSE(holds(rig, both));
  Compare none = number("x", Target::version, Result::equal, 0);
  none.keys.range_end = "z";
  EXPECT_TRUE(holds(rig, none)) << "as of a missing key";
  none.target = Target::value;
  EXPECT_FALSE(holds(rig, none));
}

TEST(Txn, is_one_revision_and_sees_its_own_writes) {
  KvRig rig;
  rig.put("a", "0");
  const Answer answer = rig.run(Txn{.compares = {},
                                    .success = {look("a"), put("a", "1"), look("a"), put("b", "1"),
                                                look("a", from_there), look("a", {}, 2)},
                                    .failure = {}});
  EXPECT_EQ(answer.revision, 3);
  const auto& responses = std::get<TxnAnswer>(answer.said).responses;
  const auto text = [&](std::size_t i) {
    return KvRig::text(std::get<RangeAnswer>(responses.at(i).what));
  };
  EXPECT_EQ(text(0), "a=0");
  EXPECT_EQ(responses.at(0).revision, 2) << "nothing was written yet";
  EXPECT_EQ(responses.at(1).revision, 3);
  EXPECT_EQ(text(2), "a=1");
  EXPECT_EQ(text(4), "a=1 b=1");
  EXPECT_EQ(text(5), "a=0") << "an older revision is as it was";
  EXPECT_EQ(responses.at(5).revision, 3);
  const auto items = rig.machine.store().range({.keys = {"a", from_there}})->items;
  EXPECT_EQ(items.at(0).mod_revision, 3);
  EXPECT_EQ(items.at(1).create_revision, 3);
}

TEST(Txn, takes_one_branch) {
  KvRig rig;
  const Txn txn{.compares = {number("a", Target::version, Result::equal, 0)},
                .success = {put("a", "new")},
                .failure = {put("b", "old"), {DeleteRange{.keys = {"a", {}}, .prev_kv = true}}}};
  EXPECT_TRUE(std::get<TxnAnswer>(rig.run(txn).said).succeeded);
  EXPECT_EQ(rig.all(), "a=new");
  const Answer second = rig.run(txn);
  const auto& said = std::get<TxnAnswer>(second.said);
  EXPECT_FALSE(said.succeeded);
  EXPECT_EQ(rig.all(), "b=old");
  const auto& erased = std::get<DeleteAnswer>(said.responses.at(1).what);
  EXPECT_EQ(erased.deleted, 1);
  EXPECT_EQ(erased.before.at(0).value, "new");
}

TEST(Txn, nested_ones_compare_with_the_state_before_all_of_it) {
  KvRig rig;
  const Txn inner{.compares = {number("a", Target::version, Result::equal, 0)},
                  .success = {put("in", "yes")},
                  .failure = {put("in", "no")}};
  const Answer answer =
      rig.run(Txn{.compares = {}, .success = {put("a", "1"), {inner}}, .failure = {}});
  EXPECT_EQ(rig.all(), "a=1 in=yes");
  const auto& responses = std::get<TxnAnswer>(answer.said).responses;
  EXPECT_EQ(responses.at(1).revision, 0);
  EXPECT_TRUE(std::get<TxnAnswer>(responses.at(1).what).succeeded);
  EXPECT_EQ(rig.machine.store().revision(), 2);
}

TEST(Txn, is_refused_for_its_puts_before_its_ranges) {
  KvRig rig;
  rig.put("a", "1");
  const Op missing{Put{.key = "c", .value = "", .ignore_value = true}};
  const Op future{Range{.keys = {"a", {}}, .revision = 99}};
  const auto refusal = [&](std::vector<Op> ops) {
    return rig.run(Txn{.compares = {}, .success = std::move(ops), .failure = {}}).refusal;
  };
  EXPECT_EQ(refusal({future, missing}), Refusal::key_not_found);
  EXPECT_EQ(refusal({future, {Txn{.compares = {}, .success = {missing}, .failure = {}}}}),
            Refusal::key_not_found);
  EXPECT_EQ(refusal({future}), Refusal::future_revision);
}

TEST(Txn, is_refused_as_a_whole) {
  KvRig rig;
  rig.put("a", "0");
  rig.put("a", "1");
  rig.run(Compact{3});
  const auto refusal = [&](Op last) {
    return rig.run(Txn{.compares = {}, .success = {put("b", "1"), last}, .failure = {}}).refusal;
  };
  EXPECT_EQ(refusal({Put{.key = "c", .value = "", .lease = 9}}), Refusal::lease_not_found);
  EXPECT_EQ(refusal({Put{.key = "c", .value = "", .ignore_value = true}}), Refusal::key_not_found);
  EXPECT_EQ(refusal({Put{.key = "c", .value = "", .lease = 9, .ignore_value = true}}),
            Refusal::key_not_found)
      << "in a transaction the key is looked for first";
  EXPECT_EQ(refusal(look("a", {}, 2)), Refusal::compacted);
  EXPECT_EQ(refusal(look("a", {}, 4)), Refusal::future_revision) << "not even its own";
  EXPECT_EQ(refusal({Txn{.compares = {}, .success = {look("a", {}, 4)}, .failure = {}}}),
            Refusal::future_revision);
  EXPECT_EQ(rig.all(), "a=1") << "nothing of it was done";
  EXPECT_EQ(rig.machine.store().revision(), 3);
  const Txn never{.compares = {number("a", Target::version, Result::equal, 9)},
                  .success = {look("a", {}, 77)},
                  .failure = {}};
  EXPECT_EQ(rig.run(never).refusal, Refusal::none) << "that branch is not taken";
}

TEST(Put, says_what_was_there) {
  KvRig rig;
  const auto before = [&](std::string_view value) {
    return std::get<PutAnswer>(rig.run(Put{.key = "a", .value = value, .prev_kv = true}).said)
        .before;
  };
  EXPECT_FALSE(before("1").has_value());
  EXPECT_EQ(before("2")->value, "1");
  rig.erase("a");
  EXPECT_FALSE(before("3").has_value());
}

TEST(Put, keeps_what_it_is_told_to_keep) {
  KvRig rig;
  rig.run(LeaseGrant{5, 60});
  const auto refusal = [&](Put asked) { return rig.run(asked).refusal; };
  EXPECT_EQ(refusal({.key = "a", .value = "", .ignore_value = true}), Refusal::key_not_found);
  EXPECT_EQ(refusal({.key = "a", .value = "", .ignore_lease = true}), Refusal::key_not_found);
  EXPECT_EQ(refusal({.key = "a", .value = "", .lease = 9, .ignore_value = true}),
            Refusal::lease_not_found)
      << "alone, the lease is looked for first";
  rig.put("a", "kept");
  EXPECT_EQ(refusal({.key = "a", .value = "x", .ignore_value = true}), Refusal::value_provided);
  EXPECT_EQ(refusal({.key = "a", .value = "", .lease = 5, .ignore_value = true}), Refusal::none);
  const auto item = [&] { return rig.machine.store().range({.keys = {"a", {}}})->items.at(0); };
  EXPECT_EQ(item().value, "kept");
  EXPECT_EQ(item().lease, 5);
  EXPECT_EQ(refusal({.key = "a", .value = "y", .lease = 5, .ignore_lease = true}),
            Refusal::lease_provided);
  EXPECT_EQ(refusal({.key = "a", .value = "new", .ignore_lease = true}), Refusal::none);
  EXPECT_EQ(item().value, "new");
  EXPECT_EQ(item().lease, 5);
  EXPECT_EQ(item().version, 3);
}

TEST(Alarms, refuse_what_would_grow_or_everything) {
  KvRig rig;
  using enum AlarmChange::Action;
  rig.put("a", "1");
  rig.run(AlarmChange{raise, {3, Alarm::Kind::no_space}});
  EXPECT_EQ(rig.run(Put{.key = "b", .value = ""}).refusal, Refusal::no_space);
  EXPECT_EQ(rig.run(LeaseGrant{1, 1}).refusal, Refusal::no_space);
  EXPECT_EQ(rig.run(Txn{.compares = {}, .success = {}, .failure = {put("b", "")}}).refusal,
            Refusal::no_space);
  EXPECT_EQ(rig.run(Txn{}).refusal, Refusal::none);
  EXPECT_EQ(rig.erase("a"), 3);
  EXPECT_EQ(rig.run(Compact{3}).refusal, Refusal::none);
  rig.run(AlarmChange{raise, {4, Alarm::Kind::corrupt}});
  EXPECT_EQ(rig.run(DeleteRange{.keys = {"a", {}}}).refusal, Refusal::corrupt);
  const auto alarms = [&](AlarmChange change) {
    return std::get<AlarmAnswer>(rig.run(change).said).alarms.size();
  };
  EXPECT_EQ(alarms({list, {}}), 2U);
  EXPECT_EQ(alarms({list, {4, Alarm::Kind::none}}), 1U);
  EXPECT_EQ(alarms({clear, {0, Alarm::Kind::no_space}}), 1U);
  EXPECT_EQ(alarms({clear, {4, Alarm::Kind::corrupt}}), 1U);
  EXPECT_EQ(rig.run(Put{.key = "b", .value = ""}).refusal, Refusal::none);
}

}  // namespace
}  // namespace bowline::kv
