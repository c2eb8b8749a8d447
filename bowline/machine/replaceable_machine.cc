// SPDX-License-Identifier: Apache-2.0
#include "bowline/machine/replaceable_machine.h"

#include <utility>
#include <vector>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"

namespace bowline::machine {
namespace {

enum class Kind : std::uint8_t { ordinary, begin, part, end };
constexpr std::uint8_t kinds = 4;

// Of a snapshot: magic u32 | id u64 | bytes u64 | gathered u64 | CRC-32C of the gathered u32 | the
// gathered | what the machine within has
constexpr std::uint32_t magic = 0x706c7262;  // "brlp"
constexpr std::size_t head_bytes = 32;

std::string headed(Kind kind) { return std::string(1, static_cast<char>(kind)); }

bool is_ordinary(std::string_view command) {
  return !command.empty() && command[0] == static_cast<char>(Kind::ordinary);
}

class ReplaceableReader final : public Reader {
 public:
  ReplaceableReader(std::string front, std::unique_ptr<Reader> within)
      : front_(std::move(front)), within_(std::move(within)) {}
  bool is_ready() override { return at_ < front_.size() || within_->is_ready(); }
  Result<std::string> next(std::size_t most) override {
    if (at_ == front_.size()) return within_->next(most);
    std::string part = front_.substr(at_, most);
    at_ += part.size();
    return part;
  }

 private:
  std::string front_;
  std::unique_ptr<Reader> within_;
  std::size_t at_ = 0;
};

std::unexpected<Error> corrupt() {
  return std::unexpected(
      Error{Fault::corrupt, "this is no snapshot of a machine whose state can be replaced"});
}

}  // namespace

class ReplaceableWriter final : public Writer {
 public:
  explicit ReplaceableWriter(ReplaceableMachine& machine)
      : machine_(machine), within_(machine.within_->restore()) {}

  Result<void> add(std::string_view bytes) override {
    while (front_.size() < wanted() && !bytes.empty()) {
      const std::string_view part = bytes.substr(0, wanted() - front_.size());
      front_ += part;
      bytes.remove_prefix(part.size());
      if (front_.size() != head_bytes) continue;
      if (load<std::uint32_t>(front_.data()) != magic) return corrupt();
      if (load<std::uint64_t>(&front_[20]) > machine_.bounds_.most_bytes) return corrupt();
    }
    return bytes.empty() ? Result<void>() : within_->add(bytes);
  }
  Result<void> commit() override {
    if (front_.size() < head_bytes || front_.size() != wanted()) return corrupt();
    const std::string_view gathered = std::string_view(front_).substr(head_bytes);
    if (crc32c(gathered) != load<std::uint32_t>(&front_[28])) return corrupt();
    if (Result<void> done = within_->commit(); !done) return done;
    machine_.id_ = load<std::uint64_t>(&front_[4]);
    machine_.bytes_ = load<std::uint64_t>(&front_[12]);
    machine_.gathered_ = gathered;
    return {};
  }

 private:
  std::uint64_t wanted() const {
    return front_.size() < head_bytes ? head_bytes : head_bytes + load<std::uint64_t>(&front_[20]);
  }

  ReplaceableMachine& machine_;
  std::unique_ptr<Writer> within_;
  std::string front_;
};

std::string ordinary(std::string_view command) {
  return headed(Kind::ordinary) + std::string(command);
}

std::string begin_replacing(std::uint64_t id, std::uint64_t bytes) {
  std::string command = headed(Kind::begin);
  put(command, id);
  put(command, bytes);
  return command;
}

std::string replace_part(std::uint64_t id, std::uint64_t offset, std::string_view bytes) {
  std::string command = headed(Kind::part);
  put(command, id);
  put(command, offset);
  return command + std::string(bytes);
}

std::string end_replacing(std::uint64_t id, std::uint32_t sum) {
  std::string command = headed(Kind::end);
  put(command, id);
  put(command, sum);
  return command;
}

std::string ReplaceableMachine::fault() const {
  if (within_->durable() != nullptr)
    return "a machine that keeps its state by itself (durable()) cannot be within a "
           "ReplaceableMachine: that never marks it, and so it would begin empty with each "
           "process. Take it by itself, or leave its durable() out";
  return within_->fault();
}

// Ordinary ones go on together.
void ReplaceableMachine::apply(std::span<const Command> commands, std::span<std::string> answers) {
  ensure(commands.size() == answers.size());
  std::vector<Command> run;
  for (std::size_t i = 0; i <= commands.size(); ++i) {
    const bool joins = i < commands.size() && is_ordinary(commands[i].payload.view());
    if (joins) {
      const Bytes& payload = commands[i].payload;
      run.push_back({commands[i].id, payload.slice(payload.view().substr(1))});
      continue;
    }
    if (!run.empty()) within_->apply(run, answers.subspan(i - run.size(), run.size()));
    run.clear();
    if (i < commands.size()) answers[i] = replace(commands[i].payload.view());
  }
}

std::string ReplaceableMachine::replace(std::string_view command) {
  Cursor cursor(command);
  const auto kind = static_cast<Kind>(cursor.u8_below(kinds));
  const std::uint64_t id = cursor.u64();
  if (kind == Kind::part) {
    const std::uint64_t offset = cursor.u64();
    const std::string_view bytes = cursor.take(cursor.left());
    if (cursor.good() && id != 0) return add(id, offset, bytes);
  } else if (kind == Kind::begin) {
    const std::uint64_t bytes = cursor.u64();
    if (cursor.good() && cursor.at_end() && id != 0) return begin(id, bytes);
  } else if (kind == Kind::end) {
    const std::uint32_t sum = cursor.u32();
    if (cursor.good() && cursor.at_end() && id != 0) return end(id, sum);
  }
  return "this is no command of a machine whose state can be replaced: see ordinary()";
}

std::string ReplaceableMachine::begin(std::uint64_t id, std::uint64_t bytes) {
  if (bytes > bounds_.most_bytes)
    return "a state of " + std::to_string(bytes) + " bytes is more than the " +
           std::to_string(bounds_.most_bytes) + " that Bounds::most_bytes allows";
  if (id_ == id) return {};  // sent twice
  forget();
  id_ = id;
  bytes_ = bytes;
  return {};
}

std::string ReplaceableMachine::add(std::uint64_t id, std::uint64_t offset,
                                    std::string_view bytes) {
  if (id_ != id) return "another state was begun meanwhile, or this one is over: begin anew";
  if (offset + bytes.size() <= gathered_.size()) return {};  // sent twice
  if (offset != gathered_.size())
    return "the part at " + std::to_string(gathered_.size()) + " has to come first";
  if (bytes.size() > bytes_ - gathered_.size()) return "it is longer than it was said to be";
  gathered_ += bytes;
  return {};
}

std::string ReplaceableMachine::end(std::uint64_t id, std::uint32_t sum) {
  if (id_ != id) return "another state was begun meanwhile, or this one is over: begin anew";
  if (gathered_.size() != bytes_) return "parts of it are missing: send them first";
  const std::string state = std::exchange(gathered_, {});
  forget();
  if (crc32c(state) != sum) return "its sum is not what it must be: begin anew";
  const std::unique_ptr<Writer> writer = restore();
  Result<void> done = writer->add(state);
  if (done) done = writer->commit();
  forget();  // what was being gathered where it comes from is nothing to us
  return done ? std::string() : "the machine does not take it: " + done.error().what;
}

void ReplaceableMachine::forget() {
  id_ = bytes_ = 0;
  gathered_ = {};
}

std::unique_ptr<Reader> ReplaceableMachine::snapshot() {
  std::string front;
  front.reserve(head_bytes + gathered_.size());
  put(front, magic);
  put(front, id_);
  put(front, bytes_);
  put(front, std::uint64_t{gathered_.size()});
  put(front, crc32c(gathered_));
  front += gathered_;
  return std::make_unique<ReplaceableReader>(std::move(front), within_->snapshot());
}

std::unique_ptr<Writer> ReplaceableMachine::restore() {
  return std::make_unique<ReplaceableWriter>(*this);
}

}  // namespace bowline::machine
