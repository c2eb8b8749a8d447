// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/kv_machine.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/kv/snapshot.h"

namespace bowline::kv {
namespace {

// Which key it will look for, as far as that can be said at once.
std::optional<std::string_view> first_key(const Command& command) {
  if (const auto* put = std::get_if<Put>(&command)) return put->key;
  if (const auto* erase = std::get_if<DeleteRange>(&command)) return erase->keys.key;
  if (const auto* txn = std::get_if<Txn>(&command))
    if (!txn->compares.empty()) return txn->compares.front().keys.key;
  return std::nullopt;
}

}  // namespace

// A few at a time are decoded, and the memory that they need is fetched, before the first of them
// is carried out.
void KvMachine::apply(std::span<const machine::Command> commands, std::span<std::string> answers) {
  ensure(commands.size() == answers.size());
  std::size_t told = 0;
  for (std::size_t from = 0; from < commands.size(); from += Index::most_warm) {
    const std::size_t count = std::min(commands.size() - from, Index::most_warm);
    apply_few(commands.subspan(from, count), answers.subspan(from, count), told);
  }
  watches_.deliver();
}

// All answers of a batch are there at once. Those that are small are always told: whoever asks for
// much in a request that writes has to live with it.
std::string KvMachine::tell(const Answer& answer, std::size_t& told) {
  constexpr std::size_t small_bytes = 4096;
  std::string bytes = encode(answer);
  if (bytes.size() <= small_bytes) return bytes;
  if (bytes.size() > most_answers_bytes - std::min(told, most_answers_bytes))
    return encode(Answer{answer.revision, Refusal::answer_left_out, {}});
  told += bytes.size();
  return bytes;
}

void KvMachine::apply_few(std::span<const machine::Command> commands,
                          std::span<std::string> answers, std::size_t& told) {
  std::array<std::optional<Command>, Index::most_warm> decoded;
  std::array<std::string_view, Index::most_warm> keys;
  std::size_t known = 0;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    decoded[i] = decode_command(commands[i].payload.view());
    if (decoded[i])
      if (const auto key = first_key(*decoded[i])) keys[known++] = *key;
  }
  if (known > 1) state_.store.warm(std::span(keys).first(known));
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const std::int64_t before = state_.store.revision();
    answers[i] = decoded[i] ? tell(run(state_, *decoded[i], commands[i].id.term.value), told)
                            : encode(Answer{before, Refusal::malformed, {}});
    if (state_.store.revision() != before) watches_.wrote();
  }
}

void KvMachine::step(std::uint64_t most) {
  if (state_.store.can_sweep()) state_.store.sweep(most);
  if (state_.store.can_cool()) state_.store.cool(most);
  if (watches_.can_catch_up()) watches_.catch_up(most);
}

std::unique_ptr<machine::Reader> KvMachine::snapshot() { return snapshot_of(state_); }

class KvWriter final : public machine::Writer {
 public:
  explicit KvWriter(KvMachine& machine)
      : machine_(machine), loader_(machine.store().values().memory()) {}

  Result<void> add(std::string_view bytes) override { return loader_.add(bytes); }
  Result<void> commit() override {
    if (Result<void> finished = loader_.finish(); !finished) return finished;
    State& loaded = loader_.state();
    machine_.state_.store.trade(loaded.store);
    machine_.state_.alarms = std::move(loaded.alarms);
    machine_.state_.leases.replace(std::move(loaded.leases));
    machine_.watches_.replaced();
    return {};
  }

 private:
  KvMachine& machine_;
  SnapshotLoader loader_;
};

std::unique_ptr<machine::Writer> KvMachine::restore() { return std::make_unique<KvWriter>(*this); }

}  // namespace bowline::kv
