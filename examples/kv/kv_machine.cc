// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/kv_machine.h"

#include <optional>
#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"

namespace bowline::examples::kv {

KvMachine::KvMachine(Journal journal) : journal_(std::move(journal)) {
  for (std::shared_ptr<Shelf>& shelf : state_.shelves) shelf = std::make_shared<Shelf>();
}

KvMachine::Shelf& KvMachine::shelf(State& state, std::string_view key) {
  std::shared_ptr<Shelf>& shelf = state.shelves[crc32c(key) % state.shelves.size()];
  if (shelf.use_count() > 1) shelf = std::make_shared<Shelf>(*shelf);
  return *shelf;
}

void KvMachine::apply(std::span<const machine::Command> commands, std::span<std::string> answers) {
  for (std::size_t i = 0; i < commands.size(); ++i) {
    applied_ = commands[i].id.index;
    const std::optional<Command> command = decode_command(commands[i].payload.view());
    if (command && journal_) journal_(applied_, *command);
    answers[i] = encode(command ? write(*command) : Answer{.kind = Answer::Kind::malformed});
  }
}

Answer KvMachine::write(const Command& command) {
  if (command.verb == Verb::get) return get(command.key);
  const Entry* const before = find(command.key);
  const std::uint64_t version = before == nullptr ? 0 : before->version;
  if (command.verb == Verb::put_at && version != command.version)
    return {.kind = Answer::Kind::mismatch, .version = version};
  if (command.verb == Verb::remove && before == nullptr) return {.kind = Answer::Kind::absent};
  Entry& entry = shelf(state_, command.key)[command.key];
  entry.there = command.verb != Verb::remove;
  if (command.verb != Verb::append) entry.value.clear();
  if (!entry.there) return entry.value.shrink_to_fit(), Answer{.version = entry.version};
  entry.value += command.value;
  return {.version = ++entry.version};
}

const KvMachine::Entry* KvMachine::find(std::string_view key) const {
  const Shelf& shelf = *state_.shelves[crc32c(key) % state_.shelves.size()];
  const auto found = shelf.find(key);
  return found == shelf.end() || !found->second.there ? nullptr : &found->second;
}

Answer KvMachine::get(std::string_view key) const {
  const Entry* const entry = find(key);
  if (entry == nullptr) return {.kind = Answer::Kind::absent};
  return {.version = entry->version, .value = entry->value};
}

std::size_t KvMachine::keys() const {
  std::size_t sum = 0;
  for (const std::shared_ptr<Shelf>& shelf : state_.shelves) sum += shelf->size();
  return sum;
}

// The index, then each key: its name, whether it is there, its version, its value.
class KvMachine::Out final : public machine::Reader {
 public:
  Out(State state, Index applied) : state_(std::move(state)) {
    put_varint(text_, applied.value);
    next_ = state_.shelves.front()->begin();
  }

  Result<std::string> next(std::size_t most) override {
    while (text_.size() < most && shelf_ < state_.shelves.size()) add_one();
    std::string part = text_.substr(0, most);
    text_.erase(0, part.size());
    return part;
  }

 private:
  void add_one() {
    if (next_ == state_.shelves[shelf_]->end()) {
      state_.shelves[shelf_].reset();
      if (++shelf_ < state_.shelves.size()) next_ = state_.shelves[shelf_]->begin();
      return;
    }
    const auto& [key, entry] = *next_++;
    put_varint(text_, key.size());
    text_ += key;
    text_ += entry.there ? '+' : '-';
    put_varint(text_, entry.version);
    put_varint(text_, entry.value.size());
    text_ += entry.value;
  }

  State state_;
  std::size_t shelf_ = 0;
  Shelf::const_iterator next_;
  std::string text_;
};

class KvMachine::In final : public machine::Writer {
 public:
  explicit In(KvMachine& machine) : machine_(machine) {}

  Result<void> add(std::string_view bytes) override {
    text_ += bytes;
    std::size_t taken = 0;
    while (const std::size_t more = take(std::string_view(text_).substr(taken))) taken += more;
    text_.erase(0, taken);
    return {};
  }

  Result<void> commit() override {
    if (!text_.empty() || !applied_)
      return std::unexpected(Error{Fault::corrupt, "the snapshot of the map is cut off"});
    machine_.state_ = std::move(fresh_.state_);
    machine_.applied_ = *applied_;
    return {};
  }

 private:
  // How many bytes the next piece had; 0: it has not come as a whole.
  std::size_t take(std::string_view text) {
    Cursor cursor(text);
    const std::uint64_t number = cursor.varint();
    if (applied_) {
      const std::string_view key = cursor.take(number);
      Entry entry{.there = cursor.u8() == '+', .version = cursor.varint()};
      entry.value = cursor.take(cursor.varint());
      if (cursor.good()) shelf(fresh_.state_, key)[std::string(key)] = std::move(entry);
    } else if (cursor.good()) {
      applied_ = Index{number};
    }
    return cursor.good() ? cursor.at() : 0;
  }

  KvMachine& machine_;
  KvMachine fresh_;
  std::optional<Index> applied_;
  std::string text_;
};

std::unique_ptr<machine::Reader> KvMachine::snapshot() {
  return std::make_unique<Out>(state_, applied_);
}
std::unique_ptr<machine::Writer> KvMachine::restore() { return std::make_unique<In>(*this); }

}  // namespace bowline::examples::kv
