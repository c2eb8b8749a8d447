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

// What follows is asked for when it is due: a guest's snapshot has to stay what it was meanwhile.
class NotebookReader final : public machine::Reader {
 public:
  NotebookReader(std::string written, std::unique_ptr<machine::Reader> rest)
      : written_(std::move(written)), rest_(std::move(rest)) {}
  bool is_ready() override {
    return at_ < written_.size() || rest_ == nullptr || rest_->is_ready();
  }
  Result<std::string> next(std::size_t most) override {
    std::string part = written_.substr(at_, most);
    at_ += part.size();
    if (part.empty() && rest_ != nullptr) return rest_->next(most);
    return part;
  }

 private:
  std::string written_;
  std::size_t at_ = 0;
  std::unique_ptr<machine::Reader> rest_;
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

std::uint64_t Notebook::key_of(std::string_view command) { return crc32c(command) % keys; }

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
    if (guest_ != nullptr) continue;
    state_.map[key_of(text)] = text;
    answers[i] = answer_to(text, commands[i].id.index);
  }
  if (guest_ != nullptr) guest_->apply(commands, answers);
}

std::uint64_t Notebook::digest() const {
  std::uint64_t digest = state_.digest;
  for (const std::string& value : state_.map) digest = mixed(digest, crc32c(value));
  if (guest_ == nullptr) return digest;
  const std::unique_ptr<machine::Reader> all = guest_->snapshot();
  for (Result<std::string> part = all->next(4096); part && !part->empty(); part = all->next(4096))
    digest = mixed(digest, crc32c(*part));
  return digest;
}

std::string Notebook::head() const {
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
  put(text, guest_ == nullptr ? snapshot_bytes_ : 0);
  for (const std::string& value : state_.map) {
    put_varint(text, value.size());
    text += value;
  }
  if (guest_ != nullptr) return text;
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
  for (std::string& value : state.map) value = cursor.take(cursor.varint());
  if (!cursor.good() || bytes > written.size()) return false;
  if (guest_ != nullptr) {
    if (!take_guest(cursor.take(cursor.left()))) return false;
  } else if (cursor.take(bytes) != filler(mixed(state.digest, machine.digest), bytes)) {
    return false;
  }
  if (!cursor.good() || !cursor.at_end()) return false;
  machine_ = machine;
  state_ = std::move(state);
  return true;
}

// In pieces that nobody made.
bool Notebook::take_guest(std::string_view written) {
  const std::unique_ptr<machine::Writer> writer = guest_->restore();
  for (std::size_t most = 1; !written.empty(); most = most % 97 * 2 + 1) {
    const std::string_view part = written.substr(0, most);
    if (!writer->add(part)) return false;
    written.remove_prefix(part.size());
  }
  return writer->commit().has_value();
}

std::unique_ptr<machine::Reader> Notebook::snapshot() {
  return std::make_unique<NotebookReader>(head(), guest_ ? guest_->snapshot() : nullptr);
}

std::unique_ptr<machine::Writer> Notebook::restore() {
  return std::make_unique<NotebookWriter>(*this);
}

}  // namespace bowline::sim
