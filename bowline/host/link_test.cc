// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/link.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/host/links.h"
#include "bowline/host/staged.h"
#include "bowline/wire/letter.h"

// Who may say what on a connection whose network knows who is there.
namespace bowline::host {
namespace {

class LinkTest : public testing::Test {
 protected:
  // What becomes of a link of node 1 to somebody with this certificate who says that.
  std::string outcome(const std::optional<env::Identity>& identity, const wire::Hello& said,
                      const wire::Hello& here = hello(1)) {
    Stage stage{.identity = identity, .hooks = {}, .sent = {}};
    Link link(std::make_unique<StagedConnection>(stage), here, 1 << 20);
    std::string what = "nothing";
    link.begin({.agreed = [&] { what = "agreed"; },
                .came = [](const wire::Frame&) {},
                .ended = [&](const std::string& why) { what = why; },
                .drained = {}});
    stage.say(wire::frame_of(said));
    EXPECT_EQ(stage.refusal(), what == "agreed" ? "" : what) << "of what the other side is told";
    return what;
  }
};

TEST_F(LinkTest, without_certificates_whoever_speaks_is_believed) {
  EXPECT_EQ(outcome({}, hello(2)), "agreed");
}

TEST_F(LinkTest, a_certificate_speaks_for_the_node_that_it_names) {
  EXPECT_EQ(outcome(certified(2), hello(2)), "agreed");
  EXPECT_EQ(outcome(certified(2), hello(3)),
            "it says that it is node 3, and its certificate names node 2. Give it the certificate "
            "of its own id");
}

TEST_F(LinkTest, nobody_is_taken_for_the_node_that_was_called) {
  EXPECT_TRUE(outcome(certified(2), hello(2), hello(1, 3)).contains("and not node 3"));
  EXPECT_TRUE(outcome(certified(2), hello(3), hello(1, 3)).contains("names node 2"));
}

TEST_F(LinkTest, a_certificate_speaks_for_the_cluster_that_it_names) {
  EXPECT_EQ(outcome(certified(2, "test"), hello(2)),
            "it says that it is of the cluster prod, and its certificate names test");
  wire::Hello nameless = hello(2);
  nameless.cluster_name = "";
  EXPECT_EQ(outcome(certified(2), nameless), "agreed");
}

TEST_F(LinkTest, nodes_of_two_clusters_do_not_speak) {
  wire::Hello other = hello(2);
  other.cluster_name = "test";
  EXPECT_TRUE(outcome({}, other).contains("of the cluster test, and node 1 of prod"));
}

// What TLS found out does not depend on what an old program knows to say.
TEST_F(LinkTest, an_old_program_names_no_cluster_and_its_certificate_does) {
  wire::Hello old = hello(2);
  old.newest = 1;
  old.cluster_name = "test";
  EXPECT_EQ(outcome(certified(2), old), "agreed");
  EXPECT_EQ(outcome({}, old), "agreed");
  EXPECT_TRUE(outcome(certified(3), old).contains("names node 3"));
}

TEST_F(LinkTest, without_a_version_that_both_speak_each_side_says_so) {
  wire::Hello later = hello(2);
  later.oldest = 5;
  later.newest = 6;
  const std::string tail = " of the protocol, and node ";
  EXPECT_EQ(outcome({}, later), "node 2 speaks the versions 5 to 6" + tail +
                                    "1 the versions 1 to 4. Upgrade the older one, by way of a "
                                    "release that speaks both");
  EXPECT_EQ(outcome({}, hello(1), later), "node 1 speaks the versions 1 to 4" + tail +
                                              "2 the versions 5 to 6. Upgrade the older one, by "
                                              "way of a release that speaks both");
}

TEST_F(LinkTest, whoever_administers_has_a_certificate_for_that_or_none) {
  wire::Hello admin;
  admin.purpose = wire::Purpose::admin;
  admin.name = "anna";
  const env::Identity anna{.node = {}, .cluster = "prod", .admin = "anna"};
  EXPECT_EQ(outcome({}, admin), "agreed");
  EXPECT_EQ(outcome(anna, admin), "agreed");
  EXPECT_EQ(outcome(certified(2), admin),
            "it asks to administer, and its certificate names node 2. Give it one with a URI like "
            "bowline://CLUSTER/admin/NAME");
  EXPECT_EQ(outcome(anna, hello(2)),
            "it says that it is node 2, and its certificate names the admin anna");
}

class LinksTest : public testing::Test {
 protected:
  LinksTest() {
    links_.listen("10.0.0.1:2380", [](const Result<void>&) {});
    hand_.run();
  }

  // A call of somebody with the certificate of `proved` who says that it is `said`, and then sends
  // a letter.
  Stage& call(std::uint64_t proved, std::uint64_t said) {
    Stage& stage = stages_[stages_.size()];
    stage.identity = certified(proved);
    network_.call(stage);
    stage.say(wire::frame_of(hello(said)));
    if (stage.is_there && stage.refusal().empty()) stage.say(letter(said));
    hand_.run();
    return stage;
  }
  // A vote of `said`, in the name of that node's disk.
  static std::string letter(std::uint64_t said) {
    std::string frame = wire::begin_frame(wire::FrameKind::letters);
    raft::Message message;
    message.term = {9};
    message.from = {100 + said};
    raft::VoteReply vote;
    vote.granted = true;
    message.body = vote;
    wire::put_letter(frame, GroupId{7}, message, {});
    wire::end_frame(frame);
    return frame;
  }

  Hand hand_;
  StagedNetwork network_{hand_};
  std::map<std::size_t, Stage> stages_;
  std::vector<NodeId> heard_of_;
  std::vector<std::string> told_;
  Links links_{hand_,
               hand_,
               network_,
               hello(1),
               {},
               1,
               {.letters = [this](NodeId from, const wire::Frame&,
                                  const wire::Way&) { heard_of_.push_back(from); },
                .lost = [](NodeId) {},
                .broke = [](NodeId) {},
                .met = [](NodeId) {},
                .drained = [](NodeId) {},
                .told = [this](const std::string& who,
                               const std::string& why) { told_.push_back(who + ": " + why); },
                .other = [](const std::unique_ptr<Link>&) {}}};
};

// A letter names no sender: it is from whoever the connection is to.
TEST_F(LinksTest, a_letter_is_from_the_node_that_the_certificate_names) {
  call(2, 2);
  EXPECT_EQ(heard_of_, std::vector{NodeId{2}});
}

TEST_F(LinksTest, who_says_to_be_another_is_not_heard_and_takes_no_place) {
  const Stage& honest = call(3, 3);
  ASSERT_TRUE(links_.up(NodeId{3}));
  heard_of_.clear();
  const Stage& liar = call(2, 3);
  EXPECT_TRUE(heard_of_.empty());
  EXPECT_FALSE(liar.is_there);
  EXPECT_TRUE(honest.is_there) << "the real one lost its connection to somebody who lied";
  EXPECT_TRUE(links_.up(NodeId{3}));
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_TRUE(told_[0].starts_with("10.0.0.9:4321: it says that it is node 3")) << told_[0];
}

}  // namespace
}  // namespace bowline::host
