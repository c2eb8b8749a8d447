// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/kv_program.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "bowline/env/memory_extents.h"
#include "bowline/sim/hash.h"

namespace bowline::apps {
namespace {

using namespace std::chrono_literals;

// Each of these is looked at as a whole.
constexpr std::uint64_t looks_every = 16;

kv::Range everything() { return {.keys = {.key = {}, .range_end = {"\0", 1}}}; }

std::string name(NodeId node) { return "node " + std::to_string(node.value); }

// In some histories, those that etcd has: nothing lasts long enough for them.
etcd::Front::Options options_of(std::uint64_t plan, std::uint64_t seed) {
  etcd::Front::Options options;
  options.settings.progress_every = 3s;
  if (plan % 4 != 0)
    options.settings.checkpoints = {.longer_than = 1, .every = 700ms, .look = 200ms};
  options.seed = seed;
  return options;
}

kv::ValueMemory memory_of(std::uint64_t dice) {
  if (dice % 4 == 0) return {};
  const env::MemoryExtents::Options options{
      .extent_bytes = 512, .extents = 1000, .later_every = static_cast<std::uint32_t>(dice % 3)};
  return {.extents = std::make_shared<env::MemoryExtents>(options),
          .bytes = dice % 5 * 16,
          .least_bytes = 1};
}

}  // namespace

// ---- leases

void KvScene::promise(kv::LeaseId id, Index granted, Time until) {
  Promise& known = promises[id];
  if (known.granted != granted) known = {.granted = granted, .until = until};
  known.until = std::max(known.until, until);
  check_promise(id);
}

std::optional<Time> KvScene::promised(kv::LeaseId id) const {
  const auto found = promises.find(id);
  if (found == promises.end()) return std::nullopt;
  return found->second.until;
}

void KvScene::check_promise(kv::LeaseId id) {
  const auto found = promises.find(id);
  const std::vector<KvRecord::Tenure>* const tenures = record.tenures(id);
  if (found == promises.end() || tenures == nullptr) return;
  for (const KvRecord::Tenure& tenure : *tenures) {
    if (tenure.from != found->second.granted || !tenure.to || !tenure.expired) continue;
    const auto early = std::chrono::duration_cast<std::chrono::milliseconds>(found->second.until -
                                                                             tenure.proposed);
    if (tenure.proposed >= found->second.until) continue;
    wrong("I17", "lease " + std::to_string(id) + " ends at entry " +
                     std::to_string(tenure.to.value) + ", " + std::to_string(early.count()) +
                     " ms earlier than a client was told");
  }
}

// ---- a life

// Of some lives all values stay in memory, of others next to none.
KvProgram::KvProgram(KvScene& scene, NodeId node)
    : scene_(scene),
      node_(node),
      served_(kv::Watches::Bounds{.batch_bytes = 700, .fragment_bytes = 400},
              memory_of(scene.world.plan().seed + node.value)) {}

KvProgram::~KvProgram() { end(); }

void KvProgram::begin(const env::Env& env, env::Network& network, host::Shard& shard,
                      GroupId group) {
  const std::uint64_t seed = sim::mixed(scene_.world.plan().seed, shard.options().boot);
  shard_ = &shard;
  front_ = std::make_unique<etcd::Front>(env, network, shard, group, served_,
                                         options_of(scene_.world.plan().seed, seed));
  scene_.programs[node_] = this;
}

void KvProgram::end() {
  if (front_ == nullptr) return;
  scene_.programs.erase(node_);
  const auto calls = std::exchange(calls_, {});
  for (const auto& call : calls) call->lose();
  for (const auto& call : calls) call->let_go();
  front_.reset();
}

void KvProgram::call(const std::shared_ptr<KvCall>& call, std::string message, env::Done<> then) {
  for (const auto& one : calls_)
    if (one->over()) one->let_go();
  std::erase_if(calls_, [](const auto& one) { return one->over(); });
  calls_.push_back(call);
  scene_.world.enter(node_,
                     [this, call, message = std::move(message), then = std::move(then)]() mutable {
                       rpc::Method* const method = front_->router().find(call->head().method);
                       if (method->unary) {
                         method->unary(rpc::Call(call), message);
                       } else {
                         method->stream(rpc::Call(call));
                       }
                       if (then) then();
                     });
}

void KvProgram::propose(std::string command) {
  scene_.world.enter(node_, [this, command = std::move(command)]() mutable {
    host::Replica* const replica = shard_->find(sim::Whole::group);
    if (replica != nullptr)
      replica->propose(Bytes::own(std::move(command)), [](const host::Outcome&) {});
  });
}

// ---- the machine

class KvProgram::Noting final : public machine::Writer {
 public:
  Noting(std::unique_ptr<machine::Writer> inner, KvProgram& program)
      : inner_(std::move(inner)), program_(program) {}
  Result<void> add(std::string_view bytes) override { return inner_->add(bytes); }
  Result<void> commit() override {
    Result<void> done = inner_->commit();
    program_.restored_ = true;
    return done;
  }

 private:
  std::unique_ptr<machine::Writer> inner_;
  KvProgram& program_;
};

std::unique_ptr<machine::Writer> KvProgram::restore() {
  return std::make_unique<Noting>(served_.restore(), *this);
}

Index KvProgram::applied() {
  if (std::exchange(restored_, false)) {
    const Index through = scene_.world.site(node_)->machine.applied.index;
    applied_ = scene_.record.through(through).id.index;
  }
  return applied_;
}

// The record is first: watchers are told from within.
void KvProgram::apply(std::span<const machine::Command> commands, std::span<std::string> answers) {
  const bool counts = scene_.counts(node_);
  for (const machine::Command& command : commands) {
    if (!counts) break;
    const bool is_new = command.id.index > scene_.record.last();
    scene_.wrong("I14", scene_.record.feed(command.id, command.payload.view()));
    if (!is_new) continue;
    const auto decoded = kv::decode_command(command.payload.view());
    if (!decoded) continue;
    const auto* const revoke = std::get_if<kv::LeaseRevoke>(&*decoded);
    if (revoke == nullptr) continue;
    scene_.check_promise(revoke->id);
    const auto* const tenures = scene_.record.tenures(revoke->id);
    if (tenures != nullptr && tenures->back().to == command.id.index && tenures->back().expired)
      ++scene_.world.counters().leases_expired;
  }
  applied_ = commands.back().id.index;
  restored_ = false;
  served_.apply(commands, answers);
  if (!counts || scene_.world.violation()) return;
  for (std::size_t i = 0; i < commands.size(); ++i) compare(commands[i], answers[i]);
  scene_.wrong("I21", state_fault());
}

void KvProgram::compare(const machine::Command& command, std::string_view answer) {
  const KvRecord::Entry& known = *scene_.record.at(command.id.index);
  if (answer == known.answer) return;
  const auto asked = kv::decode_command(command.payload.view());
  const auto said = kv::decode_answer(answer);
  const auto wanted = kv::decode_answer(known.answer);
  const bool lease = asked && (std::holds_alternative<kv::LeaseGrant>(*asked) ||
                               std::holds_alternative<kv::LeaseRevoke>(*asked));
  const std::string what = name(node_) + " answers the command at " +
                           std::to_string(command.id.index.value) + " otherwise than a replay";
  if (lease && said && wanted && said->refusal != wanted->refusal) return scene_.wrong("I17", what);
  if (said && wanted && said->revision != wanted->revision)
    return scene_.wrong("I23", what + ", with revision " + std::to_string(said->revision) +
                                   " instead of " + std::to_string(wanted->revision));
  scene_.wrong("I15", what);
}

std::string KvProgram::state_fault() {
  const KvRecord::Entry& known = state();
  const kv::Store& store = served_.map().store();
  const std::string where =
      name(node_) + " after entry " + std::to_string(known.id.index.value) + ": ";
  if (store.revision() != known.revision) return where + "another revision than a replay gives";
  if (store.compacted() != known.compacted) return where + "something else is compacted";
  if (known.id.index.value % looks_every != 0) return {};
  const auto found = store.range(everything());
  if (!found || *found != scene_.record.model().range_at(known.revision, everything()))
    return where + "other keys than a replay gives";
  const std::string wrong = lease_fault();
  return wrong.empty() ? wrong : where + wrong;
}

std::string KvProgram::lease_fault() {
  const KvRecord::Entry& known = state();
  std::size_t wanted = 0;
  for (const auto& [id, tenures] : scene_.record.leases())
    wanted += scene_.record.has_lease(id, known.id.index) ? 1 : 0;
  const auto& leases = served_.map().leases().all();
  if (leases.size() != wanted) return "other leases than a replay gives";
  for (const auto& [id, lease] : leases) {
    if (!scene_.record.has_lease(id, known.id.index)) return "a lease that there is not";
    const auto& now = scene_.record.model().leases();
    if (known.id.index == scene_.record.last() && lease.left != now.at(id).left)
      return "a lease has more or less left than a replay gives";
    std::vector<std::string_view> keys;
    keys.reserve(lease.keys.size());
    for (const kv::Key* key : lease.keys) keys.push_back(key->view());
    std::vector<std::string_view> attached;
    for (const auto& [key, value] : scene_.record.model().at(known.revision))
      if (value.lease == id) attached.push_back(key);
    if (keys != attached) return "a lease has other keys than a replay gives";
  }
  return {};
}

}  // namespace bowline::apps
