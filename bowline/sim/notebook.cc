// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/notebook.h"

#include <algorithm>
#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/sim/hash.h"

namespace bowline::sim {
namespace {

class NotebookReader final : public machine::Reader {
 public:
  explicit NotebookReader(std::string written) : written_(std::move(written)) {}
  Result<std::string> next(std::size_t most) override {
    std::string part = written_.substr(at_, most);
    at_ += part.size();
    return part;
  }

 private:
  std::string written_;
  std::size_t at_ = 0;
};

// So that a piece of another snapshot, or one in the wrong place, never fits.
std::string filler(std::uint64_t seed, std::uint64_t bytes) {
  std::string text;
  text.reserve(bytes + 8);
  for (std::uint64_t i = 0; text.size() < bytes; ++i) put(text, mixed(seed, i));
  text.resize(bytes);
  return text;
}

}  // namespace

class NotebookWriter final : public machine::Writer {
 public:
  explicit NotebookWriter(Notebook& notebook) : notebook_(notebook) {}
  Result<void> add(std::string_view bytes) override {
    written_ += bytes;
    return {};
  }
  Result<void> commit() override {
    if (notebook_.take(written_)) return {};
    return std::unexpected(Error{Fault::corrupt, "a snapshot that no machine of ours wrote"});
  }

 private:
  Notebook& notebook_;
  std::string written_;
};

std::string Notebook::answer_to(std::string_view command, Index at) {
  return "did " + std::to_string(crc32c(command)) + " at " + std::to_string(at.value);
}

void Notebook::apply(std::span<const machine::Command> commands, std::span<std::string> answers) {
  ensure(commands.size() == answers.size());
  for (std::size_t i = 0; i < commands.size(); ++i) {
    ensure(commands[i].id.index > state_.last.index);
    const std::string_view text = commands[i].payload.view();
    did_(commands[i].id, text);
    state_.digest = mixed(mixed(state_.digest, crc32c(text)), text.size());
    ++state_.commands;
    state_.last = commands[i].id;
    answers[i] = answer_to(text, commands[i].id.index);
  }
}

std::string Notebook::written() const {
  std::string text;
  put(text, machine_.applied.term.value);
  put(text, machine_.applied.index.value);
  put(text, machine_.digest);
  put(text, state_.digest);
  put(text, state_.commands);
  put(text, state_.last.term.value);
  put(text, state_.last.index.value);
  put(text, state_.seen.term.value);
  put(text, state_.seen.index.value);
  put(text, snapshot_bytes_);
  return text + filler(mixed(state_.digest, machine_.digest), snapshot_bytes_);
}

bool Notebook::take(std::string_view written) {
  Cursor cursor(written);
  Machine machine;
  machine.applied.term.value = cursor.u64();
  machine.applied.index.value = cursor.u64();
  machine.digest = cursor.u64();
  State state;
  state.digest = cursor.u64();
  state.commands = cursor.u64();
  state.last.term.value = cursor.u64();
  state.last.index.value = cursor.u64();
  state.seen.term.value = cursor.u64();
  state.seen.index.value = cursor.u64();
  const std::uint64_t bytes = cursor.u64();
  if (!cursor.good() || bytes > written.size()) return false;
  if (cursor.take(bytes) != filler(mixed(state.digest, machine.digest), bytes)) return false;
  if (!cursor.good() || !cursor.at_end()) return false;
  machine_ = machine;
  state_ = state;
  return true;
}

std::unique_ptr<machine::Reader> Notebook::snapshot() {
  return std::make_unique<NotebookReader>(written());
}

std::unique_ptr<machine::Writer> Notebook::restore() {
  return std::make_unique<NotebookWriter>(*this);
}

}  // namespace bowline::sim
