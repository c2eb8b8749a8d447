// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "apps/chaos/course_kv.h"
#include "examples/kv/lock.h"

// Of the course's tests of KV servers those that are about real processes, and real time. The
// others run in the simulated world. docs/COURSE.md says what differs.
namespace bowline::chaos {
namespace {

using namespace std::chrono_literals;
using examples::kv::Lock;
using Fate = Reply::Fate;

// The margin is for people: what it measures is the machine it runs on.
void measure_speed(Clerk& clerk, const char* name) {
  ASSERT_EQ(clerk.put("k", "first").fate, Fate::done);
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(clerk.put("k", "x").fate, Fate::done);
  const double ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  std::printf("%s: %.2f ms a put, allowed 33.3\n", name, ms / 1000);
  EXPECT_LE(ms / 1000, 33.3);
}

TEST_F(CourseKv, m38_speed) {
  found_with_wires(3);
  Clerk clerk({.servers = servers_, .seed = 1});
  measure_speed(clerk, "M38 speed");
}

TEST_F(CourseKv, m38_speed_with_snapshots) {
  group_.snapshot_entries = 50;
  group_.keep_entries = 10;
  found_with_wires(3);
  Clerk clerk({.servers = servers_, .seed = 1});
  measure_speed(clerk, "M38 speed with snapshots");
}

TEST_F(CourseKv, m58_reliable_put) {
  found_with_wires(1);
  Clerk clerk({.servers = servers_, .seed = 1});
  EXPECT_EQ(clerk.put_at("k", 0, "a").answer->version, 1U);
  EXPECT_EQ(clerk.get("k").answer, (Answer{.version = 1, .value = "a"}));
  EXPECT_EQ(clerk.put_at("k", 0, "b").answer->kind, Answer::Kind::mismatch);
  EXPECT_EQ(clerk.put_at("other", 1, "b").answer->kind, Answer::Kind::mismatch);
  EXPECT_EQ(clerk.get("other").answer->kind, Answer::Kind::absent);
}

// Of all who write at one version, one is told that it did.
TEST_F(CourseKv, m59_put_concurrent) {
  found_with_wires(1);
  std::atomic<std::uint64_t> written = 0;
  together(10, calm, [&written](Clerk& clerk, std::uint64_t) {
    for (int i = 0; i < 30; ++i) {
      const std::uint64_t version = clerk.get("k").answer->version;
      const Reply reply = clerk.put_at("k", version, "x");
      ASSERT_EQ(reply.fate, Fate::done);
      if (reply.answer->kind == Answer::Kind::done) ++written;
    }
  });
  Clerk clerk({.servers = servers_, .seed = 1});
  EXPECT_EQ(clerk.get("k").answer->version, written);
  EXPECT_GE(written, 30U);
}

TEST_F(CourseKv, m61_unreliable_net) {
  found_with_wires(3);
  Prng prng(61);
  const auto count = [](Clerk& clerk, std::uint64_t) {
    std::uint64_t version = 0;
    const auto was_tried = [&] { return clerk.tries() > version + 10; };
    for (; version < 100 || (!was_tried() && version < 3000); ++version)
      ASSERT_EQ(clerk.put_at("k", version, "x").answer->version, version + 1);
    EXPECT_TRUE(was_tried()) << "nothing was sent again, so nothing was tested";
  };
  together(1, hasty, count, [&] { be_unreliable(prng); });
}

TEST_F(CourseKv, m63_unreliable_one_key) {
  found_with_wires(3);
  Prng prng(63);
  const auto word = [](std::uint64_t who, int i) {
    return "x " + std::to_string(who) + " " + std::to_string(i) + " y";
  };
  const auto append = [&word](Clerk& clerk, std::uint64_t who) {
    for (int i = 0; i < 10; ++i) ASSERT_EQ(clerk.append("k", word(who, i)).fate, Fate::done);
  };
  together(5, hasty, append, [&] { be_unreliable(prng); });
  Clerk clerk({.servers = servers_, .seed = 1});
  const std::string all = clerk.get("k").answer->value;
  for (std::uint64_t who = 1; who <= 5; ++who) {
    std::size_t before = 0;
    for (int i = 0; i < 10; ++i) {
      const std::size_t at = all.find(word(who, i));
      ASSERT_NE(at, std::string::npos) << word(who, i);
      EXPECT_EQ(all.rfind(word(who, i)), at) << word(who, i) << " is there twice";
      EXPECT_GE(at, before);
      before = at;
    }
  }
}

struct LockCase {
  std::uint64_t clients;
  bool reliable;
};

class CourseLock : public CourseKv, public testing::WithParamInterface<LockCase> {};

TEST_P(CourseLock, m62_has_one_holder) {
  found_with_wires(3);
  Prng prng(62);
  std::atomic<int> holders = 0, held = 0;
  const auto work = [&](Clerk& clerk, std::uint64_t who) {
    Lock lock(clerk, "lock", "client " + std::to_string(who));
    for (int i = 0; i < 4; ++i) {
      ASSERT_TRUE(lock.acquire());
      EXPECT_EQ(++holders, 1);
      clerk.put("held by", std::to_string(who));
      EXPECT_EQ(--holders, 0);
      ++held;
      ASSERT_TRUE(lock.release());
    }
  };
  const auto trouble = [&] {
    if (!GetParam().reliable) be_unreliable(prng);
  };
  together(GetParam().clients, GetParam().reliable ? calm : 60ms, work, trouble);
  EXPECT_EQ(held, 4 * static_cast<int>(GetParam().clients));
}

INSTANTIATE_TEST_SUITE_P(Course, CourseLock,
                         testing::Values(LockCase{1, true}, LockCase{10, true}, LockCase{1, false},
                                         LockCase{10, false}),
                         [](const auto& of) {
                           return std::to_string(of.param.clients) +
                                  (of.param.reliable ? "_reliable" : "_unreliable");
                         });

}  // namespace
}  // namespace bowline::chaos
