// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/kv_clients.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "apps/sim/kv_answers.h"
#include "apps/sim/kv_requests.h"
#include "bowline/etcd/checks.h"

namespace bowline::apps {

// ---- what they want

void KvClients::act(kv::RandomRequests& random, NodeId at) {
  Prng& prng = random.prng();
  random.now_at(scene_.record.model().revision(), scene_.record.model().compacted());
  const auto lease = static_cast<kv::LeaseId>(1 + prng.below(all_leases));
  const std::uint64_t dice = prng.below(100);
  if (dice < 62) {
    const kv::Command command = random.command(1);
    if (const auto* one = std::get_if<kv::Put>(&command)) return put(*one, at);
    if (const auto* one = std::get_if<kv::DeleteRange>(&command)) return erase(*one, at);
    if (const auto* one = std::get_if<kv::Txn>(&command)) return txn(*one, at);
    return alarm(random, at);
  }
  if (dice < 66) {
    const std::int64_t now = scene_.record.model().revision();
    return compact(now - static_cast<std::int64_t>(prng.below(30)), at);
  }
  if (dice < 78) {
    const auto ttl = static_cast<std::int64_t>(2 + prng.below(7));
    return grant(lease, ttl, prng.chance(50) ? prng.below(8) : 0, at);
  }
  if (dice < 82) return revoke(lease, at);
  if (dice < 92) return keep_alive(lease, at);
  if (dice < 96) return time_to_live(lease, at);
  old_revoke(lease, at);
}

void KvClients::put(kv::Put put, NodeId at) {
  std::string value = "v" + std::to_string(++serial_);
  if (put.value.size() >= 300) value.resize(300, '.');
  if (!put.ignore_value) put.value = value;
  const etcdserverpb::PutRequest message = message_of(put);
  write({.at = at,
         .method = "/etcdserverpb.KV/Put",
         .command = kv::encode(kv::Command(put)),
         .once = !put.ignore_value,
         .invalid = as_status(etcd::check(message))},
        message.SerializeAsString(), fits<etcdserverpb::PutResponse, kv::PutAnswer>);
}

void KvClients::erase(const kv::DeleteRange& erase, NodeId at) {
  const etcdserverpb::DeleteRangeRequest message = message_of(erase);
  write({.at = at,
         .method = "/etcdserverpb.KV/DeleteRange",
         .command = kv::encode(kv::Command(erase)),
         .invalid = as_status(etcd::check(message))},
        message.SerializeAsString(), fits<etcdserverpb::DeleteRangeResponse, kv::DeleteAnswer>);
}

// It compares a key that there never is, and so is like no other.
void KvClients::txn(kv::Txn txn, NodeId at) {
  const std::string own = "txn" + std::to_string(++serial_);
  txn.compares.push_back({.keys = {own, {}}, .value = {}});
  const etcdserverpb::TxnRequest message = message_of(txn);
  const std::optional<Wrong> wrong = etcd::check(message, etcd::RequestLimits{}.txn_ops);
  if (!wrong && etcd::only_reads(message)) return read_txn(txn, at);
  write({.at = at,
         .method = "/etcdserverpb.KV/Txn",
         .command = kv::encode(kv::Command(txn)),
         .once = true,
         .invalid = as_status(wrong)},
        message.SerializeAsString(), fits<etcdserverpb::TxnResponse, kv::TxnAnswer>);
}

void KvClients::compact(std::int64_t revision, NodeId at) {
  etcdserverpb::CompactionRequest message;
  message.set_revision(revision);
  // Its header has the revision of the moment in which it was answered.
  write({.at = at,
         .method = "/etcdserverpb.KV/Compact",
         .command = kv::encode(kv::Command(kv::Compact{revision}))},
        message.SerializeAsString(), [](const kv::Answer& answer, const std::string& said) {
          const auto response = read<etcdserverpb::CompactionResponse>(said);
          return response && response->header().revision() >= answer.revision;
        });
}

// Some who kept it alive before a leader was paused say late that it is over.
void KvClients::old_revoke(kv::LeaseId id, NodeId at) {
  KvProgram* const program = scene_.program(at);
  if (program == nullptr) return;
  const std::uint64_t term = scene_.world.core(at)->term().value;
  if (term > 1) program->propose(kv::encode(kv::Command(kv::LeaseRevoke{id, term - 1})));
}

// Alarms go soon, or little else would happen.
void KvClients::alarm(kv::RandomRequests& random, NodeId at) {
  KvProgram* const program = scene_.program(at);
  if (program == nullptr) return;
  kv::AlarmChange change{.action = kv::AlarmChange::Action::clear, .alarm = {}};
  if (random.prng().chance(25))
    change = {.action = kv::AlarmChange::Action::raise,
              .alarm = {.member = 1, .kind = kv::Alarm::Kind::no_space}};
  program->propose(kv::encode(kv::Command(change)));
}

// ---- writes

void KvClients::write(Asked asked, const std::string& message, Fits fits,
                      std::function<void(Index)> done) {
  if (scene_.program(asked.at) == nullptr) return;
  if (asked.once) scene_.record.expect_once(asked.command);
  ask(std::move(asked), message,
      [this, fits = std::move(fits), done = std::move(done)](const Asked& heard,
                                                             const rpc::Status& status) {
        judge_write(heard, status, fits, done);
      });
}

void KvClients::judge_write(const Asked& asked, const rpc::Status& status, const Fits& fits,
                            const std::function<void(Index)>& done) {
  if (asked.invalid) {
    if (status != *asked.invalid && !is_void(status))
      scene_.wrong("I15",
                   asked.method + ": a request that makes no sense is answered " + text(status));
    return;
  }
  if (says_nothing(status)) return;
  if (is_void(status)) {
    if (asked.once) scene_.wrong("I15", scene_.record.refused(asked.command));
    return;
  }
  for (const Index index : scene_.record.find(asked.command)) {
    if (index <= asked.told) continue;
    const KvRecord::Entry& entry = *scene_.record.at(index);
    const kv::Answer answer = *kv::decode_answer(entry.answer);
    const bool refused = answer.refusal != kv::Refusal::none;
    if (refused ? status != etcd::status_of(answer.refusal)
                : !status.ok() || !fits(answer, asked.said))
      continue;
    scene_.tell(index);
    if (done && !refused) done(index);
    return;
  }
  scene_.wrong("I15", asked.method + ": " + text(status) +
                          " is not what the log has, after entry " +
                          std::to_string(asked.told.value));
}

// ---- reads

void KvClients::range(const kv::Range& range, NodeId at) {
  const etcdserverpb::RangeRequest message = message_of(range);
  const auto keep =
      std::make_shared<std::pair<std::string, std::string>>(range.keys.key, range.keys.range_end);
  kv::Range wanted = range;
  wanted.keys = {keep->first, keep->second};
  ask({.at = at, .method = "/etcdserverpb.KV/Range", .invalid = as_status(etcd::check(message))},
      message.SerializeAsString(),
      [this, keep, wanted](const Asked& asked, const rpc::Status& status) {
        if (asked.invalid ? status == *asked.invalid : says_nothing(status)) return;
        if (is_void(status)) return;
        KvProgram& program = *scene_.program(asked.at);
        const KvRecord::Entry& state = program.state();
        if (!wanted.serializable && program.applied() < asked.told)
          return scene_.wrong("I18", "a range shows the state after entry " +
                                         std::to_string(program.applied().value) +
                                         ", and a client knew of " +
                                         std::to_string(asked.told.value));
        if (wanted.revision > state.revision ||
            (wanted.revision > 0 && wanted.revision < state.compacted)) {
          const Wrong why =
              wanted.revision > state.revision ? Wrong::future_revision : Wrong::compacted;
          if (status != etcd::status_of(why))
            scene_.wrong("I18", "a range of another time is answered " + text(status));
          return;
        }
        const std::int64_t revision = wanted.revision > 0 ? wanted.revision : state.revision;
        etcdserverpb::RangeResponse expected;
        expected.mutable_header()->set_revision(state.revision);
        etcd::fill(expected, scene_.record.model().range_at(revision, wanted));
        const auto response = read<etcdserverpb::RangeResponse>(asked.said);
        if (!status.ok() || !response || essence(*response) != expected.SerializeAsString())
          return scene_.wrong("I18", "a range at revision " + std::to_string(revision) +
                                         " is not what a replay has there: " + text(status));
        if (check_header(asked, response->header().member_id(), response->header().raft_term(),
                         response->header().revision()))
          scene_.tell(program.applied());
        ++scene_.world.counters().ranges_checked;
      });
}

// The model answers for the present only.
void KvClients::read_txn(const kv::Txn& txn, NodeId at) {
  const std::string command = kv::encode(kv::Command(txn));
  const bool old = etcd::is_serializable(message_of(txn));
  ask({.at = at, .method = "/etcdserverpb.KV/Txn", .command = command},
      message_of(txn).SerializeAsString(),
      [this, old](const Asked& asked, const rpc::Status& status) {
        if (says_nothing(status) || is_void(status)) return;
        KvProgram& program = *scene_.program(asked.at);
        const KvRecord::Entry& state = program.state();
        kv::model::Model& model = scene_.record.model();
        if (!old && program.applied() < asked.told)
          return scene_.wrong("I18", "a transaction that reads does not see what a client knew of");
        if (state.revision != model.revision() || state.compacted != model.compacted()) return;
        const kv::Answer answer =
            model.run(*kv::decode_command(asked.command), state.id.term.value);
        // Alarms do not keep anybody from reading.
        if (answer.refusal == kv::Refusal::corrupt) return;
        if (answer.refusal != kv::Refusal::none
                ? status != etcd::status_of(answer.refusal)
                : !status.ok() ||
                      !fits<etcdserverpb::TxnResponse, kv::TxnAnswer>(answer, asked.said))
          return scene_.wrong("I18",
                              "a transaction that reads is answered otherwise than by a "
                              "replay: " +
                                  text(status));
        scene_.tell(program.applied());
      });
}

// ---- calls

void KvClients::ask(Asked asked, const std::string& message, Judge judge, bool stream) {
  KvProgram* const program = scene_.program(asked.at);
  if (program == nullptr) return;
  const std::uint64_t number = ++serial_;
  asked.told = scene_.told;
  asked.begun = scene_.world.now();
  asked.led = leads_in(asked.at);
  const auto shared = std::make_shared<Asked>(std::move(asked));
  open_[number] = shared;
  const auto call = std::make_shared<KvCall>(
      shared->method,
      KvCall::Told{.message = [shared](std::string_view bytes) { shared->said = bytes; },
                   .finished =
                       [this, shared, number, judge = std::move(judge)](const rpc::Status& status) {
                         if (open_.erase(number) == 0) return;
                         ++scene_.world.counters().answers;
                         if (says_nothing(status)) ++scene_.world.counters().no_answers;
                         if (scene_.counts(shared->at)) judge(*shared, status);
                       },
                   .lost = [this, number] { open_.erase(number); }});
  if (!stream) return program->call(call, message);
  program->call(call, {}, [call, message] {
    call->send(message);
    call->half_close();
  });
}

bool KvClients::check_header(const Asked& asked, std::uint64_t member, std::uint64_t term,
                             std::int64_t revision) {
  std::uint64_t& known = terms_[{asked.at, scene_.world.site(asked.at)->life}];
  std::string wrong;
  if (member != asked.at.value) wrong = "another member answers than was asked";
  if (term < known) wrong = "the term of a member goes back";
  if (revision > scene_.program(asked.at)->state().revision)
    wrong = "a header has a revision that there is not";
  known = std::max(known, term);
  scene_.wrong("I23", wrong);
  return wrong.empty();
}

std::string KvClients::open_call(const std::function<bool(NodeId)>& works) const {
  for (const auto& [number, asked] : open_)
    if (works(asked->at)) return asked->method + " at node " + std::to_string(asked->at.value);
  return {};
}

void KvClients::excuse() {
  open_.clear();
  terms_.clear();
  led_since_.clear();
}

}  // namespace bowline::apps
