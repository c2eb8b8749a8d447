// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/session/session_machine.h"

namespace bowline::session {

// A machine for tests: it keeps all that it was given, and answers with how many there were.
class Diary final : public machine::StateMachine {
 public:
  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    ++batches;
    for (std::size_t i = 0; i < commands.size(); ++i) {
      entries.emplace_back(commands[i].payload.view());
      answers[i] = longer + "#" + std::to_string(entries.size());
    }
  }
  std::unique_ptr<machine::Reader> snapshot() override {
    std::string text;
    for (const std::string& entry : entries) text += entry + "\n";
    return std::make_unique<DiaryReader>(std::move(text));
  }
  std::unique_ptr<machine::Writer> restore() override {
    return std::make_unique<DiaryWriter>(*this);
  }
  void configured(LogId, std::string_view membership) override { members = membership; }

  std::vector<std::string> entries;
  std::size_t batches = 0;
  std::string longer;  // in front of each answer
  std::string members;

 private:
  class DiaryReader final : public machine::Reader {
   public:
    explicit DiaryReader(std::string text) : text_(std::move(text)) {}
    Result<std::string> next(std::size_t most) override {
      std::string part = text_.substr(0, most);
      text_.erase(0, part.size());
      return part;
    }

   private:
    std::string text_;
  };
  class DiaryWriter final : public machine::Writer {
   public:
    explicit DiaryWriter(Diary& diary) : diary_(diary) {}
    Result<void> add(std::string_view bytes) override {
      text_ += bytes;
      return {};
    }
    Result<void> commit() override {
      diary_.entries.clear();
      while (!text_.empty()) {
        diary_.entries.push_back(text_.substr(0, text_.find('\n')));
        text_.erase(0, text_.find('\n') + 1);
      }
      return {};
    }

   private:
    Diary& diary_;
    std::string text_;
  };
};

// A replica of it with sessions. Entries are numbered from 1 on.
struct Rig {
  Rig() = default;
  Rig(const Rig&) = delete;
  Rig& operator=(const Rig&) = delete;

  Diary diary;
  SessionMachine machine{diary};
  std::uint64_t index = 0;

  std::string give(const std::string& bytes) { return give_all({bytes}).front(); }
  std::vector<std::string> give_all(const std::vector<std::string>& all) {
    std::vector<machine::Command> commands;
    commands.reserve(all.size());
    for (const std::string& bytes : all) commands.push_back({{{1}, {++index}}, Bytes::copy(bytes)});
    std::vector<std::string> answers(all.size());
    machine.apply(commands, answers);
    return answers;
  }
  std::string say(Body body) { return give(encode({.tag = 0, .body = body})); }
  SessionId open() { return std::get<Opened>(*decode_reply(say(Open{}))).session; }
  std::string call(SessionId session, std::uint64_t serial, std::uint64_t from,
                   std::string_view command) {
    return say(Call{session, {serial}, {from}, command});
  }

  // In pieces of this many bytes.
  std::string saved(std::size_t piece = 1'000'000) {
    const std::unique_ptr<machine::Reader> reader = machine.snapshot();
    std::string all;
    for (std::string part = *reader->next(piece); !part.empty(); part = *reader->next(piece)) {
      ensure(part.size() <= piece);
      all += part;
    }
    return all;
  }
  Result<void> load(std::string_view bytes, std::size_t piece = 1'000'000) {
    const std::unique_ptr<machine::Writer> writer = machine.restore();
    while (!bytes.empty()) {
      if (Result<void> taken = writer->add(bytes.substr(0, piece)); !taken) return taken;
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
    return writer->commit();
  }
};

inline std::string done(std::string_view answer) { return encode(Done{answer}); }

}  // namespace bowline::session
