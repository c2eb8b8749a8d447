// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/watched.h"

#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/base/ensure.h"
#include "bowline/sim/hash.h"

namespace bowline::sim {
namespace {

// Each node has batches of its own, so at some entries all of them stop and are looked at.
constexpr std::uint64_t looks_every = 8;

}  // namespace

class WatchedWriter final : public machine::Writer {
 public:
  WatchedWriter(Watched& machine, std::unique_ptr<machine::Writer> within)
      : machine_(machine), within_(std::move(within)) {}
  Result<void> add(std::string_view bytes) override { return within_->add(bytes); }
  Result<void> commit() override {
    Result<void> done = within_->commit();
    if (done) machine_.look(true);
    return done;
  }

 private:
  Watched& machine_;
  std::unique_ptr<machine::Writer> within_;
};

Watched::Watched(Machine& machine, std::uint64_t snapshot_bytes, Vault* vault, Hooks hooks,
                 machine::StateMachine* guest, bool bare)
    : hooks_(std::move(hooks)),
      notebook_(machine, snapshot_bytes, hooks_.did, guest),
      all_(bare ? static_cast<machine::StateMachine&>(notebook_) : sessions_),
      guest_(guest),
      machine_(machine),
      vault_(vault) {
  if (vault_ == nullptr || vault_->newest().mark.empty()) return;
  const std::unique_ptr<machine::Writer> writer = restore();
  ensure(writer->add(vault_->newest().state).has_value());
  ensure(writer->commit().has_value());
}

std::string Watched::marked() {
  vault_->sync();
  return vault_->newest().mark;
}

void Watched::mark(std::string_view mark) {
  const std::unique_ptr<machine::Reader> reader = all_.snapshot();
  std::string state;
  for (std::string part = *reader->next(1 << 20); !part.empty(); part = *reader->next(1 << 20))
    state += part;
  vault_->put({std::string(mark), std::move(state), machine_});
}

void Watched::look(bool restored) const {
  if (!notebook_.seen().index) return;
  const std::uint64_t digest = mixed(notebook_.digest(), crc32c(sessions().encode()));
  hooks_.stood(notebook_.seen(), digest, restored);
}

void Watched::apply(std::span<const machine::Command> commands, std::span<std::string> answers) {
  while (!commands.empty()) {
    std::size_t count = 1;
    while (count < commands.size() && commands[count - 1].id.index.value % looks_every != 0)
      ++count;
    all_.apply(commands.first(count), answers.first(count));
    notebook_.saw(commands[count - 1].id);
    look(false);
    commands = commands.subspan(count);
    answers = answers.subspan(count);
  }
}

std::unique_ptr<machine::Reader> Watched::snapshot() {
  look(false);
  return all_.snapshot();
}

void Watched::configured(LogId id, std::string_view membership) {
  if (guest_ != nullptr) guest_->configured(id, membership);
}

std::unique_ptr<machine::Writer> Watched::restore() {
  return std::make_unique<WatchedWriter>(*this, all_.restore());
}

}  // namespace bowline::sim
