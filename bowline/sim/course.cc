// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/course.h"

#include <algorithm>

#include "bowline/raft/membership_codec.h"
#include "bowline/sim/witnesses.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

bool asks(std::size_t kind) {
  const auto is = [kind]<class Body>(Body body) { return raft::Body(body).index() == kind; };
  return is(raft::VoteRequest{}) || is(raft::AppendRequest{}) || is(raft::SnapshotOffer{}) ||
         is(raft::TimeoutNow{}) || is(raft::ReadRequest{});
}

}  // namespace

void Ledger::started(const Site& site) { reached_[site.id] = site.machine.applied.index; }

void Ledger::applied(const Site& site, const Line& line) {
  const Index index = line.entry.id.index;
  Index& reached = reached_[site.id];
  if (index != reached.next()) fault_ = "a machine was not given its entries one by one";
  reached = index;
  if (line.entry.kind != raft::Kind::command) return;
  std::string command(line.entry.payload.view());
  const auto [at, is_new] = commands_.try_emplace(index, command);
  if (!is_new && at->second != command) fault_ = "two machines applied different commands";
  if (is_new) indices_[std::move(command)] = index;
}

void Ledger::snapshot_installed(const Site& site) {
  if (site.machine.applied.index < reached_[site.id]) fault_ = "a machine went back";
  reached_[site.id] = site.machine.applied.index;
}

const std::string* Ledger::at(Index index) const {
  const auto found = commands_.find(index);
  return found == commands_.end() ? nullptr : &found->second;
}

bool Ledger::contains(const std::string& command) const { return indices_.contains(command); }

Plan CourseGroup::plan_of(const CourseSetup& setup) {
  Plan plan = calm_plan(setup.nodes, setup.seed);
  plan.tie_seed = setup.seed;
  plan.whole = setup.guests != nullptr;
  if (setup.unreliable) {
    plan.climate.in_order = false;
    if (plan.whole) plan.climate.lost_ppm = 100'000;
    if (plan.whole) plan.climate.latency = 13ms;
    plan.climate.doubled_ppm = 20'000;
  }
  if (setup.snapshots) plan.climate.snapshot_every = 10;
  return plan;
}

CourseGroup::CourseGroup(const CourseSetup& setup)
    : size_(setup.nodes),
      unreliable_(setup.unreliable),
      power_fails_(setup.seed % 2 == 1),
      prng_(setup.seed),
      world_(plan_of(setup)),
      connected_(setup.nodes, true),
      here_(setup.nodes, true) {
  world_.invite(setup.guests);
  world_.streams().retransmit_at_most = world_.streams().retransmit;
  witnesses_ = standard_witnesses(world_, world_.plan());
  for (const auto& witness : witnesses_) world_.watch(*witness);
  world_.watch(ledger_);
  for (std::uint64_t i = 1; i <= size_; ++i) everybody_.push_back(NodeId{i});
  world_.filter([this](NodeId from, NodeId to, const raft::Message& message) {
    return passes(from, to, message);
  });
  for (const NodeId id : everybody_) world_.start(id);
}

bool CourseGroup::passes(NodeId from, NodeId to, const raft::Message& message) {
  if (!unreliable_) return true;
  if (prng_.chance(10)) {
    ++lost_;
    return false;
  }
  auto takes = Duration(static_cast<std::int64_t>(prng_.below(26'000'000)));
  if (reordering_ && !asks(message.body.index()) && prng_.below(3) < 2)
    takes += 200ms + 1ms * static_cast<std::int64_t>(prng_.below(1 + prng_.below(2000)));
  world_.network().set_latency(from, to, takes);
  return true;
}

std::string CourseGroup::fault() const {
  if (world_.violation()) return world_.violation()->invariant + ": " + world_.violation()->what;
  return ledger_.fault().empty() ? complaint_ : ledger_.fault();
}

void CourseGroup::expect(bool holds, const std::string& what) {
  if (!holds && complaint_.empty()) complaint_ = what;
}

void CourseGroup::run(Duration duration) {
  if (pupils_.empty()) return world_.run(duration);
  const Time end = world_.now() + duration;
  while (world_.now() < end && !world_.violation()) {
    world_.run(std::min<Duration>(5ms, end - world_.now()));
    for (Pupil* pupil : pupils_) pupil->tick();
  }
}

bool CourseGroup::linked(NodeId a, NodeId b) const {
  return connected(a) && connected(b) && here_[a.value - 1] == here_[b.value - 1];
}

void CourseGroup::relink() {
  for (const NodeId a : everybody_) {
    for (const NodeId b : everybody_) {
      if (a >= b) continue;
      world_.heal(a, b);
      if (!linked(a, b)) world_.cut(a, b);
    }
  }
}

void CourseGroup::part(const std::function<bool(NodeId)>& is_here) {
  for (const NodeId id : everybody_) here_[id.value - 1] = is_here(id);
  relink();
}

void CourseGroup::connect_all() {
  connected_.assign(size_, true);
  here_.assign(size_, true);
  relink();
}

void CourseGroup::disconnect(NodeId id) {
  connected_[id.value - 1] = false;
  relink();
}

void CourseGroup::connect(NodeId id) {
  connected_[id.value - 1] = true;
  relink();
}

void CourseGroup::crash(NodeId id) { world_.crash(id, power_fails_ ? Crash::power : Crash::kill); }

void CourseGroup::crash_all() {
  for (const NodeId id : everybody_) crash(id);
}

void CourseGroup::start_all() {
  for (const NodeId id : everybody_) start(id);
}

NodeId CourseGroup::check_one_leader() {
  for (int look = 0; look < 10; ++look) {
    run(450ms + 1ms * static_cast<std::int64_t>(prng_.below(100)));
    std::map<Term, std::vector<NodeId>> leaders;
    for (const NodeId id : everybody_)
      if (up(id) && connected(id) && world_.core(id)->role() == raft::Role::leader)
        leaders[world_.core(id)->term()].push_back(id);
    for (const auto& [term, of_term] : leaders)
      expect(of_term.size() == 1, "term " + std::to_string(term.value) + " has two leaders");
    if (!leaders.empty()) return leaders.rbegin()->second.front();
  }
  expect(false, "expected one leader, got none");
  return NodeId{1};
}

void CourseGroup::check_no_leader() {
  for (const NodeId id : everybody_)
    if (up(id) && connected(id))
      expect(world_.core(id)->role() != raft::Role::leader,
             "node " + std::to_string(id.value) + " leads, and has no quorum");
}

Term CourseGroup::check_terms() {
  Term term;
  for (const NodeId id : everybody_) {
    if (!up(id) || !connected(id)) continue;
    expect(!term || world_.core(id)->term() == term, "servers disagree on the term");
    term = world_.core(id)->term();
  }
  return term;
}

std::string CourseGroup::fresh(const std::string& name) { return name + std::to_string(++named_); }

std::optional<LogId> CourseGroup::propose(NodeId id, const std::string& command) {
  if (!up(id)) return std::nullopt;
  const Ticket ticket = world_.propose(id, Bytes::copy(command));
  if (world_.request(ticket).state == Request::State::refused) return std::nullopt;
  return world_.request(ticket).first;
}

Index CourseGroup::one(std::string command, std::size_t holders, bool retry) {
  Submission submission(*this, std::move(command), holders, retry);
  while (!submission.over()) run(20ms);
  expect(submission.succeeded(), "no agreement by " + std::to_string(holders));
  return submission.index();
}

bool CourseGroup::wait(Index index, std::size_t holders, std::optional<Term> term) {
  Duration pause = 10ms;
  for (int look = 0; look < 30; ++look) {
    if (applied_by(index) >= holders) return true;
    run(pause);
    if (pause < 1s) pause *= 2;
    if (!term) continue;
    for (const NodeId id : everybody_)
      if (up(id) && world_.core(id)->term() > *term) return false;
  }
  expect(false, std::to_string(applied_by(index)) + " applied " + std::to_string(index.value));
  return false;
}

std::uint64_t CourseGroup::requests() const {
  std::uint64_t sum = 0;
  for (const NodeId id : everybody_)
    for (std::size_t kind = 0; kind < Traffic::kinds; ++kind)
      if (asks(kind)) sum += world_.traffic(id).messages[kind];
  return sum;
}

std::uint64_t CourseGroup::request_bytes() const {
  std::uint64_t sum = 0;
  for (const NodeId id : everybody_)
    for (std::size_t kind = 0; kind < Traffic::kinds; ++kind)
      if (asks(kind)) sum += world_.traffic(id).bytes[kind];
  return sum;
}

std::uint64_t CourseGroup::bytes() const {
  std::uint64_t sum = 0;
  for (const NodeId id : everybody_) sum += world_.traffic(id).all_bytes();
  return sum;
}

// A term and a vote; what the log begins after; and a head of 21 bytes for each entry.
std::uint64_t CourseGroup::persisted_bytes(NodeId id) const {
  const Image& image = world_.node(id).site.durable;
  std::uint64_t sum = 24 + 24 + raft::encode(*image.base.membership).size();
  for (const Line& line : image.lines) sum += 21 + line.entry.payload.size();
  return sum;
}

std::uint64_t CourseGroup::most_persisted_bytes() const {
  std::uint64_t most = 0;
  for (const NodeId id : everybody_) most = std::max(most, persisted_bytes(id));
  return most;
}

Submission::Submission(CourseGroup& group, std::string command, std::size_t holders, bool retry)
    : group_(group),
      name_(std::move(command)),
      holders_(holders),
      retry_(retry),
      begun_(group.world().now()),
      again_at_(begun_),
      next_(group.anybody()) {}

bool Submission::over() {
  if (over_) return true;
  const Time now = group_.world().now();
  if (!group_.fault().empty() || now - begun_ > 10s) return give_up();
  if (at_) return look();
  if (now >= again_at_) submit();
  return over_;
}

// The same command may be committed twice, as with any client that asks again; so that nobody
// mistakes one for the other, each attempt has a name of its own.
void Submission::submit() {
  for (std::uint32_t i = 0; i < group_.size(); ++i) {
    next_ = group_.nth_after(next_, 1);
    if (!group_.up(next_) || !group_.connected(next_)) continue;
    command_ = attempts_ == 0 ? name_ : name_ + "/" + std::to_string(attempts_);
    const std::optional<LogId> taken = group_.propose(next_, command_);
    if (!taken) {
      ++attempts_;
      continue;
    }
    ++attempts_;
    at_ = taken->index;
    accepted_ = group_.world().now();
    return;
  }
  again_at_ = group_.world().now() + 50ms;
}

bool Submission::look() {
  const std::string* applied = group_.ledger().at(at_);
  if (group_.applied_by(at_) >= holders_ && applied != nullptr && *applied == command_) {
    succeeded_ = true;
    return over_ = true;
  }
  if (group_.world().now() - accepted_ < 2s) return false;
  if (!retry_) return give_up();
  at_ = {};
  return false;
}

}  // namespace bowline::sim
