// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "apps/sim/course_kv.h"

// What the tests of the course's KV server would say of a server that is wrong. Each of these
// servers, and clients, is wrong in one way, and of all its seeds some must show it.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct Seen {
  int by_search = 0;
  int by_log = 0;
  int by_witnesses = 0;
  std::size_t operations = 0;
};

// As M57, with fewer of everything.
Seen look_at(KvCourseSetup setup) {
  Seen seen;
  for (setup.seed = 1; setup.seed <= 6; ++setup.seed) {
    KvCourse course(setup);
    CourseGroup& group = course.group();
    course.start_clients();
    group.run(5s);
    for (int i = 0; i < 5; ++i) {
      if (setup.partitions) course.part_at_random();
      group.run(1100ms);
    }
    if (setup.crash) group.crash_all();
    group.connect_all();
    group.start_all();
    group.run(3s);
    course.stop_clients();
    course.wait_for_clients(30s);
    seen.operations += course.operations();
    seen.by_search += course.by_search().good() ? 0 : 1;
    seen.by_log += course.by_log().good() ? 0 : 1;
    seen.by_witnesses += course.fault().empty() ? 0 : 1;
  }
  return seen;
}

KvCourseSetup bad_weather() {
  return {.nodes = 5,
          .clients = 5,
          .unreliable = true,
          .crash = true,
          .partitions = true,
          .snapshots = true,
          .random_keys = true};
}

TEST(CourseKvRig, finds_nothing_where_nothing_is_wrong) {
  const Seen seen = look_at(bad_weather());
  EXPECT_EQ(seen.by_search, 0);
  EXPECT_EQ(seen.by_log, 0);
  EXPECT_EQ(seen.by_witnesses, 0);
  EXPECT_GT(seen.operations, 400U);
}

TEST(CourseKvRig, notices_reads_that_ask_nobody) {
  KvCourseSetup setup = bad_weather();
  setup.asks_before_reads = false;
  const Seen seen = look_at(setup);
  EXPECT_GT(seen.by_search, 0);
  EXPECT_GT(seen.by_log, 0);
}

TEST(CourseKvRig, notices_what_is_done_twice) {
  KvCourseSetup setup = bad_weather();
  setup.sessions = false;
  const Seen seen = look_at(setup);
  EXPECT_GT(seen.by_search, 0);
  EXPECT_GT(seen.by_log, 0);
}

template <class Guest>
KvCourseSetup with() {
  KvCourseSetup setup = bad_weather();
  setup.guest = [](KvMachine::Journal journal) {
    return std::make_unique<Guest>(std::move(journal));
  };
  return setup;
}

// One append of many is answered as if it had been done.
class Forgetful final : public KvGuest {
 public:
  using KvGuest::KvGuest;
  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      const std::optional<Command> command =
          examples::kv::decode_command(commands[i].payload.view());
      if (command->verb == Verb::append && commands[i].id.index.value % 40 == 0) {
        answers[i] = encode(Answer{.version = get(command->key).version + 1});
      } else {
        KvGuest::apply(commands.subspan(i, 1), answers.subspan(i, 1));
      }
    }
  }
};

TEST(CourseKvRig, notices_a_write_that_is_lost) {
  const Seen seen = look_at(with<Forgetful>());
  EXPECT_GT(seen.by_search, 0);
  EXPECT_GT(seen.by_log, 0);
}

// The snapshot of a map with nothing in it.
class Blank final : public KvGuest {
 public:
  using KvGuest::KvGuest;
  std::unique_ptr<machine::Reader> snapshot() override { return KvMachine().snapshot(); }
};

TEST(CourseKvRig, notices_a_snapshot_without_the_state) {
  const Seen seen = look_at(with<Blank>());
  EXPECT_GT(seen.by_witnesses, 0);
}

// One life of a machine in two has a mind of its own, now and then.
class Wilful final : public KvGuest {
 public:
  using KvGuest::KvGuest;
  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      machine::Command command = commands[i];
      if (is_wilful_ && command.id.index.value % 20 == 0)
        command.payload = Bytes::own(std::string(command.payload.view()) + "!");
      KvGuest::apply(std::span(&command, 1), answers.subspan(i, 1));
    }
  }

 private:
  static bool next() {
    static int lives = 0;
    return ++lives % 2 == 0;
  }
  bool is_wilful_ = next();
};

TEST(CourseKvRig, notices_machines_that_differ) {
  const Seen seen = look_at(with<Wilful>());
  EXPECT_GT(seen.by_witnesses, 0);
}

}  // namespace
}  // namespace bowline::sim
