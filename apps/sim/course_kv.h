// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bowline/check/operation.h"
#include "bowline/check/verdict.h"
#include "bowline/sim/course.h"
#include "bowline/sim/course_clerk.h"
#include "bowline/sim/course_mail.h"
#include "examples/kv/kv_machine.h"

// The tests of the course for a KV server, with the map of the example on whole nodes in the
// simulated world.
namespace bowline::sim {

using examples::kv::Answer;
using examples::kv::Command;
using examples::kv::KvMachine;
using examples::kv::Verb;

// The map of the example as a guest; a test may spoil it.
class KvGuest : public machine::StateMachine {
 public:
  explicit KvGuest(KvMachine::Journal journal) : map_(std::move(journal)) {}
  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    map_.apply(commands, answers);
  }
  std::unique_ptr<machine::Reader> snapshot() override { return map_.snapshot(); }
  std::unique_ptr<machine::Writer> restore() override { return map_.restore(); }
  Answer get(const std::string& key) const { return map_.get(key); }

 private:
  KvMachine map_;
};

// Where each write was applied, told by all machines: they must agree.
class KvPlaces {
 public:
  void applied(Index, const Command&);
  std::vector<std::uint64_t> of(std::uint64_t mark) const;
  const std::string& fault() const { return fault_; }

 private:
  std::map<Index, std::string> commands_;
  std::map<std::uint64_t, std::vector<std::uint64_t>> places_;
  std::string fault_;
};

struct KvCourseSetup {
  std::uint32_t nodes = 5;
  std::size_t clients = 1;
  bool unreliable = false;
  bool crash = false;       // of all, in each round
  bool partitions = false;  // other ones all the time
  bool snapshots = false;
  bool random_keys = false;  // else each client has its own
  std::uint64_t seed = 1;

  // What is wrong on purpose, so that a test can show that it notices.
  bool sessions = true;
  bool asks_before_reads = true;
  using Guest = std::function<std::unique_ptr<KvGuest>(KvMachine::Journal)>;
  Guest guest = std::make_unique<KvGuest, KvMachine::Journal>;
};

class KvCourse {
 public:
  explicit KvCourse(const KvCourseSetup&);
  KvCourse(const KvCourse&) = delete;
  KvCourse& operator=(const KvCourse&) = delete;

  CourseGroup& group() { return group_; }
  std::string fault() const;

  // Clients that do what comes to their minds, until they are told to stop.
  void start_clients();
  void stop_clients() { going_ = false; }
  bool wait_for_clients(Duration at_most);
  void part_at_random();

  // Somebody who wants this one thing, of these servers.
  struct Asked {
    bool over = false;
    std::optional<Answer> answer;
  };
  using Client = std::size_t;
  Client add_client(std::vector<NodeId> servers);
  void reach_all(Client client) { people_[client].clerk->use(group_.everybody()); }
  std::shared_ptr<Asked> ask(Client, Command);
  bool wait(const Asked&, Duration at_most);
  Answer call(Client, Command);  // which must be done in ten seconds

  // Writes that their clients were told are done, of keys that nobody else writes, must be counted
  // by these. And all that anybody saw must have been one map, by a search and against the log.
  void look_at_all();
  check::Verdict by_search() const;
  check::Verdict by_log() const;
  std::size_t operations() const { return history_.size(); }
  std::uint64_t tries() const;
  std::uint64_t most_snapshot_bytes();

 private:
  struct Person {
    std::unique_ptr<CourseClerk> clerk;
    Prng prng;
    std::uint64_t number = 0;
    std::uint64_t version = 0;  // of its key, that it has seen
    std::uint64_t written = 0;  // its key, and it was told so
  };
  struct Recorded {
    check::Operation operation;
    std::uint64_t mark = 0;
  };
  static CourseSetup setup_of(const KvCourseSetup&, KvPlaces&);
  void go_on(Person&);
  Command draw(Person&);
  std::string own_key(const Person& person) const { return "k" + std::to_string(person.number); }
  void carry_out(Person&, Command, const std::shared_ptr<Asked>&);
  void heard(Person&, std::size_t at, const CourseClerk::Said&);
  check::History history() const;
  void expect_counted();

  KvCourseSetup setup_;
  KvPlaces places_;
  CourseGroup group_;
  CourseMail mail_;
  std::deque<Person> people_;
  std::vector<Recorded> history_;
  bool going_ = false;
  std::uint64_t marks_ = 0;
};

// Runs it with each of some seeds. With odd ones a crash is a power failure.
void with_kv_seeds(KvCourseSetup, const std::function<void(KvCourse&)>& test);

}  // namespace bowline::sim
