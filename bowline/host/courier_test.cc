// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/courier.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/host/staged.h"
#include "bowline/wal/memory_log.h"
#include "bowline/wire/letter.h"

// What is sent to a peer that takes nothing, and to one that came back.
namespace bowline::host {
namespace {

// Letters need no disk.
struct NoDisk final : env::Disk {
  void lock(env::Done<Result<void>>) override {}
  void list(env::Done<Result<std::vector<env::Listed>>>) override {}
  void open(std::string, env::Done<Result<std::unique_ptr<env::File>>>) override {}
  void create(std::string, std::uint64_t, env::Done<Result<std::unique_ptr<env::File>>>) override {}
  void remove(std::string, env::Done<Result<void>>) override {}
  void rename(std::string, std::string, env::Done<Result<void>>) override {}
  void sync_names(env::Done<Result<void>>) override {}
  env::Buffer buffer(std::size_t) override { return {}; }
  std::string path() const override { return "nowhere"; }
};

constexpr std::uint64_t queue = 1000;  // of a courier: four times that may wait for a peer

class CourierTest : public testing::Test {
 protected:
  CourierTest() {
    links_.listen("10.0.0.1:2380", [](const Result<void>&) {});
    hand_.run();
    connect();
  }

  void connect() {
    stage_ = &stages_[stages_.size()];
    network_.call(*stage_);
    stage_->say(wire::frame_of(hello(2)));
    hand_.run();
    stage_->sent.clear();
  }

  void write(std::uint64_t letters) {
    for (std::uint64_t i = 0; i < letters; ++i) {
      raft::Message message;
      message.term = {9};
      message.body = raft::VoteReply{};
      courier_.send(GroupId{7}, raft::Send{NodeId{2}, std::move(message)});
    }
  }
  std::uint64_t came() {
    wire::FrameReader reader(1 << 20);
    std::vector<wire::Frame> frames;
    EXPECT_TRUE(reader.feed(std::exchange(stage_->sent, {}), frames));
    std::uint64_t letters = 0;
    for (const wire::Frame& frame : frames) {
      const auto read = wire::letters_in(frame.body, *links_.way_to(NodeId{2}));
      EXPECT_TRUE(read);
      if (read) letters += read->size();
    }
    return letters;
  }

  Hand hand_;
  NoDisk disk_;
  StagedNetwork network_{hand_};
  std::map<std::size_t, Stage> stages_;
  Stage* stage_ = nullptr;
  std::vector<NodeId> dropped_;
  wal::MemoryLog log_{{.env = {.clock = hand_, .loop = hand_, .disk = disk_},
                       .owner = {},
                       .fresh = {1},
                       .hooks = {.persisted = [](GroupId, Seq) {},
                                 .broken = [](const Error&) {},
                                 .unreadable = {},
                                 .full = {}}},
                      {}};
  Links links_{hand_,
               hand_,
               network_,
               hello(1),
               {},
               1,
               {.letters = [](NodeId, const wire::Frame&, const wire::Way&) {},
                .lost = [](NodeId) {},
                .broke = [](NodeId) {},
                .met = [](NodeId) {},
                .drained = [](NodeId) {},
                .other = [](const std::unique_ptr<Link>&) {}}};
  Courier courier_{log_,
                   links_,
                   {.queued_bytes = queue},
                   {.core = [](GroupId) { return nullptr; },
                    .sent = {},
                    .unreadable = [](GroupId, Index) {},
                    .dropped = [this](NodeId id) { dropped_.push_back(id); },
                    .due = [] {}}};
};

TEST_F(CourierTest, the_letters_of_a_turn_are_one_frame) {
  write(3);
  EXPECT_EQ(came(), 0U);
  courier_.flush();
  EXPECT_EQ(courier_.sent().frames, 1U);
  EXPECT_EQ(came(), 3U);
}

// Somebody was asked for something large, on the same connection.
TEST_F(CourierTest, a_letter_is_not_lost_because_much_else_waits_for_the_peer) {
  stage_->queued = 1000 * queue;
  write(1);
  courier_.flush();
  EXPECT_EQ(came(), 1U);
  EXPECT_EQ(courier_.lost(), 0U);
}

TEST_F(CourierTest, to_a_peer_that_takes_nothing_no_more_letters_are_sent_and_it_is_said) {
  stage_->queued = 1000 * queue;
  std::uint64_t turns = 0;
  for (; turns < 1000 && courier_.lost() == 0; ++turns) {
    write(10);
    courier_.flush();
  }
  EXPECT_GT(courier_.sent().bytes, 4 * queue);
  EXPECT_LT(courier_.sent().bytes, 5 * queue);
  EXPECT_EQ(courier_.lost(), 1U) << "a frame, of ten letters";
  EXPECT_EQ(came(), 10 * (turns - 1));

  // It takes them: what was dropped has to be sent anew, which is said once.
  stage_->queued = 0;
  EXPECT_TRUE(dropped_.empty());
  courier_.drained(NodeId{2});
  courier_.drained(NodeId{2});
  EXPECT_EQ(dropped_, std::vector{NodeId{2}});
  write(1);
  courier_.flush();
  EXPECT_EQ(came(), 1U);
  EXPECT_EQ(courier_.lost(), 1U);
}

// How letters are written is agreed on for each connection.
TEST_F(CourierTest, what_was_written_for_another_connection_is_not_sent_on_this_one) {
  write(2);
  stage_->hooks.closed(Error{Fault::unreachable, "it is gone"});
  hand_.run();
  connect();
  write(1);
  courier_.flush();
  EXPECT_EQ(came(), 1U);
  write(2);
  stage_->hooks.closed(Error{Fault::unreachable, "it is gone again"});
  hand_.run();
  connect();
  courier_.flush();
  EXPECT_EQ(came(), 0U);
}

}  // namespace
}  // namespace bowline::host
