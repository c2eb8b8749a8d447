// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/node.h"

// Nodes as a program embeds them: real threads, disks and sockets.
namespace bowline {
using namespace std::chrono_literals;

// Remembers its commands, and says how many there were.
class Diary final : public machine::StateMachine {
 public:
  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      if (before) before(commands[i].payload.view());
      text += std::string(commands[i].payload.view()) + "\n";
      answers[i] = std::to_string(++count);
    }
  }
  void configured(LogId id, std::string_view membership) override {
    if (members) members(id, membership);
  }
  std::unique_ptr<machine::Reader> snapshot() override {
    return std::make_unique<Reader>(std::to_string(count) + "\n" + text);
  }
  std::unique_ptr<machine::Writer> restore() override { return std::make_unique<Writer>(*this); }

  std::string text;
  std::uint64_t count = 0;
  std::function<void(std::string_view)> before;  // each command is applied; on the node's thread
  std::function<void(LogId, std::string_view)> members;  // likewise, as they come

 private:
  struct Reader final : machine::Reader {
    explicit Reader(std::string all) : rest(std::move(all)) {}
    Result<std::string> next(std::size_t most) override {
      std::string part = rest.substr(0, most);
      rest.erase(0, part.size());
      return part;
    }
    std::string rest;
  };
  struct Writer final : machine::Writer {
    explicit Writer(Diary& of) : diary(of) {}
    Result<void> add(std::string_view bytes) override {
      all += bytes;
      return {};
    }
    Result<void> commit() override {
      const std::size_t line = all.find('\n');
      diary.count = std::stoull(all.substr(0, line));
      diary.text = all.substr(line + 1);
      return {};
    }
    Diary& diary;
    std::string all;
  };
};

class NodeTest : public testing::Test {
 protected:
  static constexpr GroupId group{7};

  struct Member {
    std::unique_ptr<Node> node;
    std::optional<Group> group;
    Diary* diary = nullptr;  // on the node's thread
  };

  NodeTest() {
    std::filesystem::remove_all(place_);
    std::filesystem::create_directories(place_);
  }
  ~NodeTest() override {
    members_.clear();
    std::filesystem::remove_all(place_);
  }

  NodeOptions options(std::uint64_t id) {
    NodeOptions options;
    options.id = NodeId{id};
    options.directory = place_ + "/" + std::to_string(id);
    options.listen = addresses_.contains(id) ? addresses_[id] : "127.0.0.1:0";
    options.disk.direct = false;  // a temporary directory may not have it
    if (adjust_) adjust_(options);
    return options;
  }
  void open(std::uint64_t id) {
    Result<std::unique_ptr<Node>> node = Node::open(options(id));
    ASSERT_TRUE(node.has_value()) << node.error().what;
    members_[id].node = *std::move(node);
    addresses_[id] = members_[id].node->address();
  }
  void start(std::uint64_t id, host::GroupOptions of = {}) {
    GroupSetup setup;
    for (const auto& [each, address] : addresses_)
      setup.founders.push_back({.id = NodeId{each}, .address = address});
    setup.options = std::move(of);
    if (adjust_setup_) adjust_setup_(id, setup);
    auto diary = std::make_unique<Diary>();
    members_[id].diary = diary.get();
    if (adjust_machine_) adjust_machine_(id);
    Result<Group> group_here = members_[id].node->start(group, std::move(setup), std::move(diary));
    ASSERT_TRUE(group_here.has_value()) << group_here.error().what;
    members_[id].group = *group_here;
  }
  void found(std::uint64_t count, const host::GroupOptions& of = {}) {
    for (std::uint64_t id = 1; id <= count; ++id) open(id);
    for (std::uint64_t id = 1; id <= count; ++id) start(id, of);
  }
  // Asks again and again, and leaves the cores to the nodes meanwhile.
  static bool soon(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < until) {
      if (holds()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }
  std::uint64_t leader() {
    std::uint64_t found = 0;
    soon([&] {
      for (auto& [id, member] : members_)
        if (member.group && member.group->status().get().role == raft::Role::leader) found = id;
      return found != 0;
    });
    return found;
  }
  // By whoever leads; the answer of the machine.
  std::string write(const std::string& text) {
    for (int tries = 0; tries < 1000; ++tries) {
      const Outcome outcome = members_.at(leader()).group->propose(text).get();
      if (const auto* done = std::get_if<Applied>(&outcome)) return done->answer.value_or("?");
    }
    return "never";
  }
  // Everything, as this member has it. Again, as long as it knows of no leader.
  std::string read(std::uint64_t id) {
    std::optional<std::string> text;
    return soon([&] { return (text = try_to_read(id)).has_value(); }) ? *text : "never";
  }
  std::optional<std::string> try_to_read(std::uint64_t id) {
    std::promise<std::optional<std::string>> promise;
    std::future<std::optional<std::string>> text = promise.get_future();
    const Diary& diary = *members_.at(id).diary;
    members_.at(id).group->read(raft::ReadKind::linearizable, [&](const ReadOutcome& outcome) {
      if (std::holds_alternative<Ready>(outcome)) return promise.set_value(diary.text);
      promise.set_value(std::nullopt);
    });
    return text.get();
  }

  // Of this test, in this process.
  std::string place_ = testing::TempDir() + "bowline-" +
                       testing::UnitTest::GetInstance()->current_test_info()->name() + "-" +
                       std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
  std::function<void(NodeOptions&)> adjust_;
  std::function<void(std::uint64_t, GroupSetup&)> adjust_setup_;
  std::function<void(std::uint64_t)> adjust_machine_;  // of a member, before it starts
  std::map<std::uint64_t, std::string> addresses_;
  std::map<std::uint64_t, Member> members_;
};

}  // namespace bowline
