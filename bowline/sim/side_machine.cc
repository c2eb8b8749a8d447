// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/side_machine.h"

#include "bowline/base/encoding.h"

namespace bowline::sim {
namespace {

class SideReader final : public machine::Reader {
 public:
  explicit SideReader(std::string written) : written_(std::move(written)) {}
  Result<std::string> next(std::size_t most) override {
    std::string part = written_.substr(at_, most);
    at_ += part.size();
    return part;
  }

 private:
  std::string written_;
  std::size_t at_ = 0;
};

}  // namespace

class SideWriter final : public machine::Writer {
 public:
  explicit SideWriter(SideMachine& machine) : machine_(machine) {}
  Result<void> add(std::string_view bytes) override {
    written_ += bytes;
    return {};
  }
  Result<void> commit() override {
    if (machine_.take(written_)) return {};
    return std::unexpected(Error{Fault::corrupt, "a snapshot that no side group wrote"});
  }

 private:
  SideMachine& machine_;
  std::string written_;
};

void SideMachine::apply(std::span<const machine::Command> commands, std::span<std::string>) {
  for (const machine::Command& command : commands) {
    judge(lives_.did(life_, command.id, command.payload.view(), digest_));
    digest_ = SideLives::digest(digest_, command.id, command.payload.view());
    last_ = command.id;
  }
}

std::unique_ptr<machine::Reader> SideMachine::snapshot() {
  std::string text;
  put(text, last_.term.value);
  put(text, last_.index.value);
  put(text, digest_);
  return std::make_unique<SideReader>(std::move(text));
}

std::unique_ptr<machine::Writer> SideMachine::restore() {
  return std::make_unique<SideWriter>(*this);
}

bool SideMachine::take(std::string_view written) {
  Cursor cursor(written);
  last_.term.value = cursor.u64();
  last_.index.value = cursor.u64();
  digest_ = cursor.u64();
  judge(lives_.stood(life_, last_, digest_));
  return cursor.good() && cursor.at_end();
}

}  // namespace bowline::sim
