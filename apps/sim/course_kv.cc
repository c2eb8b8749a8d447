// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/course_kv.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "bowline/base/ensure.h"
#include "bowline/check/against_log.h"
#include "bowline/check/linearizable.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t longest_pause = 40'000'000;  // of a client between two calls, in ns

std::string look_up(const machine::StateMachine& machine, const std::string& key) {
  return encode(dynamic_cast<const KvGuest&>(machine).get(key));
}

}  // namespace

// ---- where writes were applied

void KvPlaces::applied(Index index, const Command& command) {
  const auto [at, fresh] = commands_.try_emplace(index, encode(command));
  if (fresh) places_[command.mark].push_back(index.value);
  if (at->second != encode(command) && fault_.empty())
    fault_ = "two machines were given different commands at " + std::to_string(index.value);
}

std::vector<std::uint64_t> KvPlaces::of(std::uint64_t mark) const {
  const auto at = places_.find(mark);
  return at == places_.end() ? std::vector<std::uint64_t>{} : at->second;
}

// ---- people

CourseSetup KvCourse::setup_of(const KvCourseSetup& setup, KvPlaces& places) {
  const KvMachine::Journal journal = [&places](Index index, const Command& command) {
    places.applied(index, command);
  };
  return {.nodes = setup.nodes,
          .unreliable = setup.unreliable,
          .snapshots = setup.snapshots,
          .seed = setup.seed,
          .guests = [guest = setup.guest, journal](NodeId) { return guest(journal); }};
}

KvCourse::KvCourse(const KvCourseSetup& setup)
    : setup_(setup),
      group_(setup_of(setup, places_)),
      mail_(group_.world(), {.unreliable = setup.unreliable,
                             .asks_before_reads = setup.asks_before_reads,
                             .seed = setup.seed}) {}

std::string KvCourse::fault() const {
  return places_.fault().empty() ? group_.fault() : places_.fault();
}

KvCourse::Client KvCourse::add_client(std::vector<NodeId> servers) {
  const std::uint64_t number = people_.size() + 1;
  people_.push_back({.clerk = std::make_unique<CourseClerk>(
                         mail_, CourseClerk::Options{.servers = std::move(servers),
                                                     .number = setup_.seed * 1000 + number,
                                                     .sessions = setup_.sessions}),
                     .prng = Prng(setup_.seed * 1000 + number),
                     .number = number});
  return people_.size() - 1;
}

void KvCourse::start_clients() {
  while (people_.size() < setup_.clients) add_client(group_.everybody());
  going_ = true;
  for (std::size_t i = 0; i < setup_.clients; ++i) go_on(people_[i]);
}

void KvCourse::go_on(Person& person) {
  const auto pause = Duration(static_cast<std::int64_t>(person.prng.below(longest_pause)));
  mail_.after(pause, [this, &person] {
    if (going_ && !person.clerk->busy()) carry_out(person, draw(person), nullptr);
  });
}

bool KvCourse::wait_for_clients(Duration at_most) {
  const auto busy = [](const Person& person) { return person.clerk->busy(); };
  return group_.world().run_until([&] { return std::ranges::none_of(people_, busy); }, at_most);
}

void KvCourse::part_at_random() {
  const std::uint64_t sides = group_.chance().next();
  group_.part([sides](NodeId id) { return (sides >> id.value & 1) != 0; });
}

Command KvCourse::draw(Person& person) {
  Command command{.key = own_key(person)};
  const std::uint64_t dice = person.prng.below(100);
  const std::string word = std::to_string(person.number) + "." + std::to_string(marks_ + 1) + ";";
  command.verb = dice < 40   ? Verb::get
                 : dice < 60 ? Verb::append
                 : dice < 75 ? Verb::put
                             : Verb::put_at;
  if (setup_.random_keys) command.key = "k" + std::to_string(person.prng.below(setup_.clients));
  if (setup_.random_keys && dice >= 95) command.verb = Verb::remove;
  if (command.verb != Verb::get && command.verb != Verb::remove) command.value = word;
  if (command.verb == Verb::put_at) command.version = person.version;
  return command;
}

void KvCourse::carry_out(Person& person, Command command, const std::shared_ptr<Asked>& asked) {
  command.mark = ++marks_;
  const std::size_t at = history_.size();
  history_.push_back(
      {{.client = person.number,
        .verb = static_cast<check::Verb>(command.verb),
        .key = command.key,
        .value = command.value,
        .version = command.version,
        .fate = check::Fate::unknown,
        .called = static_cast<std::uint64_t>(group_.world().now().since_start.count())},
       command.mark});
  const auto done = [this, &person, at, asked](const CourseClerk::Said& said) {
    heard(person, at, said);
    if (asked) {
      asked->over = true;
      if (said.known) asked->answer = examples::kv::decode_answer(said.answer);
    } else {
      go_on(person);
    }
  };
  if (command.verb != Verb::get) return person.clerk->write(encode(command), done);
  person.clerk->read(
      [key = command.key](const machine::StateMachine& machine) { return look_up(machine, key); },
      done);
}

void KvCourse::heard(Person& person, std::size_t at, const CourseClerk::Said& said) {
  if (!said.known) return;
  const std::optional<Answer> answer = examples::kv::decode_answer(said.answer);
  ensure(answer.has_value());
  check::Operation& operation = history_[at].operation;
  operation.fate = check::Fate::done;
  operation.answer = check::Answer{.kind = static_cast<check::Answer::Kind>(answer->kind),
                                   .version = answer->version,
                                   .value = answer->value};
  operation.ended = static_cast<std::uint64_t>(group_.world().now().since_start.count());
  if (operation.verb == check::Verb::get) operation.places = {said.place.value};
  person.version = operation.verb == check::Verb::remove ? 0 : answer->version;
  if (operation.key == own_key(person) && operation.verb != check::Verb::get &&
      answer->kind == Answer::Kind::done)
    ++person.written;
}

// ---- somebody who wants one thing

std::shared_ptr<KvCourse::Asked> KvCourse::ask(Client client, Command command) {
  auto asked = std::make_shared<Asked>();
  carry_out(people_[client], std::move(command), asked);
  return asked;
}

bool KvCourse::wait(const Asked& asked, Duration at_most) {
  return group_.world().run_until([&] { return asked.over; }, at_most);
}

Answer KvCourse::call(Client client, Command command) {
  if (people_[client].clerk->busy()) return {};  // that was said before
  const std::shared_ptr<Asked> asked = ask(client, std::move(command));
  EXPECT_TRUE(wait(*asked, 10s) && asked->answer) << fault();
  return asked->answer.value_or(Answer{});
}

// ---- was it one map

void KvCourse::look_at_all() {
  std::set<std::string> keys;
  for (const Recorded& one : history_) keys.insert(one.operation.key);
  const Client last = add_client(group_.everybody());
  for (const std::string& key : keys) call(last, {.verb = Verb::get, .key = key});
  if (!setup_.random_keys) expect_counted();
}

void KvCourse::expect_counted() {
  for (const Person& person : people_) {
    if (person.written == 0) continue;
    const auto counts = [&](const Recorded& one) { return one.operation.key == own_key(person); };
    const auto last = std::find_if(history_.rbegin(), history_.rend(), counts);
    EXPECT_EQ(last->operation.answer->version, person.written) << own_key(person);
  }
}

check::History KvCourse::history() const {
  check::History all;
  for (const Recorded& one : history_) {
    all.push_back(one.operation);
    if (one.operation.verb != check::Verb::get) all.back().places = places_.of(one.mark);
  }
  return all;
}

check::Verdict KvCourse::by_search() const { return check::linearizable(history()); }
check::Verdict KvCourse::by_log() const { return check::against_log(history()); }

std::uint64_t KvCourse::tries() const {
  std::uint64_t sum = 0;
  for (const Person& person : people_) sum += person.clerk->tries();
  return sum;
}

std::uint64_t KvCourse::most_snapshot_bytes() {
  std::uint64_t most = 0;
  for (const NodeId id : group_.everybody()) {
    const Node& node = group_.world().node(id);
    if (!node.up()) continue;
    const host::Manifest* newest = node.whole->shard().snapshots().newest(Whole::group);
    if (newest != nullptr) most = std::max(most, newest->bytes);
  }
  return most;
}

void with_kv_seeds(KvCourseSetup setup, const std::function<void(KvCourse&)>& test) {
  // Less happens on an unreliable network, so there is time for more.
  const std::uint64_t seeds = setup.unreliable ? 20 : 10;
  for (setup.seed = 1; setup.seed <= seeds; ++setup.seed) {
    SCOPED_TRACE("seed " + std::to_string(setup.seed));
    KvCourse course(setup);
    test(course);
    course.look_at_all();
    EXPECT_EQ(course.fault(), "");
    const check::Verdict search = course.by_search();
    EXPECT_TRUE(search.good()) << search.why;
    const check::Verdict log = course.by_log();
    EXPECT_TRUE(log.good()) << log.why;
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace bowline::sim
