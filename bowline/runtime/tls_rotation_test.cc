// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "bowline/runtime/tls_rig.h"

// Files that change under a node that runs.
namespace bowline::runtime {
namespace {

using namespace std::chrono_literals;

class TlsRotation : public TlsRig {
 protected:
  // Of `from` to `to`: "" if both sides have it, else why not.
  std::string try_to_talk(TlsNode& from, TlsNode& to) {
    const auto listener = listen(to.network());
    const std::size_t before = accepted_.size();
    const std::size_t told = to.told.size();
    Connected connected = connect(from.network(), listener->address());
    if (!connected) return connected.error().what;
    kept_.push_back(std::make_unique<TlsEar>(*std::move(connected)));
    run_until([&] { return accepted_.size() > before || to.told.size() > told; });
    return accepted_.size() > before ? "" : to.told_last();
  }

  std::vector<std::unique_ptr<TlsEar>> kept_;
};

TEST_F(TlsRotation, an_authority_is_replaced_and_nobody_is_ever_kept_out) {
  Authority next("the next one");
  const std::string both = authority_.certificate() + next.certificate();
  std::map<std::uint64_t, TlsOptions> of;
  std::map<std::uint64_t, std::unique_ptr<TlsNode>> nodes;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    of[id] = options(id);
    of[id].authorities = {folder_.write("roots" + std::to_string(id), authority_.certificate())};
    nodes[id] = std::make_unique<TlsNode>(loop_, NodeId{id}, of[id]);
    ASSERT_EQ(nodes[id]->wrong, "");
  }
  const auto all_can_talk = [&](const std::string& step) {
    for (auto& [from, caller] : nodes)
      for (auto& [to, called] : nodes)
        EXPECT_EQ(from == to ? "" : try_to_talk(*caller, *called), "")
            << step << ": " << from << " to " << to;
  };
  all_can_talk("before");
  // One node after the other, each step: both authorities, the new certificate, the new authority.
  for (auto& [id, node] : nodes) {
    folder_.write("roots" + std::to_string(id), both);
    ASSERT_TRUE(reload(node->network()));
    all_can_talk("both authorities at " + std::to_string(id));
  }
  for (auto& [id, node] : nodes) {
    const Issued issued = next.issue(Wish::of_node(NodeId{id}));
    folder_.write("node" + std::to_string(id) + ".pem", issued.certificate);
    EXPECT_FALSE(reload(node->network())) << "a certificate without its key was taken";
    all_can_talk("half of the new files at " + std::to_string(id));
    folder_.write("node" + std::to_string(id) + ".key", issued.key);
    ASSERT_TRUE(reload(node->network()));
    all_can_talk("new certificate at " + std::to_string(id));
  }
  // From here on, connections that began with old certificates are closed.
  for (const auto& ear : kept_) EXPECT_FALSE(ear->closed) << ear->closed->what;
  for (auto& [id, node] : nodes) {
    folder_.write("roots" + std::to_string(id), next.certificate());
    ASSERT_TRUE(reload(node->network()));
    all_can_talk("new authority at " + std::to_string(id));
  }
  kept_.clear();
  accepted_.clear();
}

TEST_F(TlsRotation, files_that_are_not_good_change_nothing_and_are_told_of_once) {
  TlsOptions quick = options(1);
  quick.look_every = 1ms;
  TlsNode one(loop_, NodeId{1}, quick);
  TlsNode two(loop_, NodeId{2}, options(2));
  ASSERT_EQ(one.wrong + two.wrong, "");
  folder_.write("node1.pem", "nonsense");
  ASSERT_TRUE(run_until([&] { return !one.told.empty(); }));
  EXPECT_EQ(one.told_last(),
            "tls new files are not used, and the old ones still are: " + folder_.path("node1.pem") +
                ": there is no certificate in it; it must be in the PEM format");
  for (int i = 0; i < 10; ++i) {
    const Result<void> again = reload(one.network());
    ASSERT_FALSE(again);
    EXPECT_TRUE(again.error().what.contains("there is no certificate in it"));
  }
  EXPECT_EQ(one.told.size(), 1U);
  EXPECT_EQ(try_to_talk(one, two), "");
  EXPECT_EQ(try_to_talk(two, one), "");
  kept_.clear();
  accepted_.clear();
}

TEST_F(TlsRotation, new_files_are_found_without_a_word) {
  TlsOptions quick = options(1);
  quick.look_every = 1ms;
  TlsNode one(loop_, NodeId{1}, quick);
  ASSERT_EQ(one.wrong, "");
  Wish wish = Wish::of_node(NodeId{1});
  wish.to_seconds = 24L * 3600;
  const Issued brief = authority_.issue(wish);
  folder_.write("node1.key", brief.key);
  folder_.write("node1.pem", brief.certificate);
  EXPECT_TRUE(run_until([&] { return one.has_told("expires in"); }));
}

TEST_F(TlsRotation, a_node_that_was_revoked_is_put_out_and_the_others_stay) {
  TlsOptions of_one = options(1);
  of_one.revocations = {folder_.write("lists", authority_.revocations({}))};
  TlsNode one(loop_, NodeId{1}, of_one);
  const Issued bad = authority_.issue(Wish::of_node(NodeId{2}));
  TlsNode two(loop_, NodeId{2}, folder_.options("node2", bad, authority_.certificate()));
  TlsNode three(loop_, NodeId{3}, options(3));
  ASSERT_EQ(one.wrong + two.wrong + three.wrong, "");
  ASSERT_EQ(try_to_talk(two, one), "");
  ASSERT_EQ(try_to_talk(three, one), "");
  folder_.write("lists", authority_.revocations({bad.serial}));
  ASSERT_TRUE(reload(one.network()));
  ASSERT_TRUE(run_until([&] { return accepted_[0]->closed.has_value(); }));
  EXPECT_TRUE(accepted_[0]->closed->what.ends_with("its certificate was revoked"));
  EXPECT_TRUE(one.has_told("the connection is closed: its certificate was revoked"));
  EXPECT_TRUE(try_to_talk(two, one).ends_with("its certificate was revoked"));
  EXPECT_FALSE(accepted_[1]->closed);
  EXPECT_EQ(try_to_talk(three, one), "");
  kept_.clear();
  accepted_.clear();
}

// It stands between the node and the one that is trusted, and its own certificate was taken back.
TEST_F(TlsRotation, whom_a_revoked_authority_vouches_for_is_put_out) {
  Authority between("between", authority_);
  const std::string lists = between.revocations({});
  TlsOptions of_one = options(1);
  of_one.revocations = {folder_.write("lists", authority_.revocations({}) + lists)};
  TlsNode one(loop_, NodeId{1}, of_one);
  TlsNode two(
      loop_, NodeId{2},
      folder_.options("node2", between.issue(Wish::of_node(NodeId{2})), authority_.certificate()));
  ASSERT_EQ(one.wrong + two.wrong, "");
  ASSERT_EQ(try_to_talk(two, one), "");
  folder_.write("lists", authority_.revocations({between.serial()}) + lists);
  ASSERT_TRUE(reload(one.network()));
  const std::string why = "an authority above its certificate was revoked";
  EXPECT_TRUE(run_until([&] { return accepted_[0]->closed.has_value(); }));
  EXPECT_TRUE(one.has_told("the connection is closed: " + why));
  EXPECT_TRUE(try_to_talk(two, one).ends_with(why));
  kept_.clear();
  accepted_.clear();
}

// A day on which nobody renewed a list must not be the day on which a cluster stops.
TEST_F(TlsRotation, a_list_that_is_too_old_still_counts_and_is_told_of) {
  const Issued bad = authority_.issue(Wish::of_node(NodeId{2}));
  TlsOptions of_one = options(1);
  of_one.revocations = {folder_.write("lists", authority_.revocations({bad.serial}, -60))};
  TlsNode one(loop_, NodeId{1}, of_one);
  TlsNode two(loop_, NodeId{2}, folder_.options("node2", bad, authority_.certificate()));
  TlsNode three(loop_, NodeId{3}, options(3));
  ASSERT_EQ(one.wrong + two.wrong + three.wrong, "");
  EXPECT_TRUE(one.has_told("the list is older than it should be"));
  EXPECT_EQ(try_to_talk(three, one), "");
  EXPECT_TRUE(try_to_talk(two, one).ends_with("its certificate was revoked"));
  kept_.clear();
  accepted_.clear();
}

TEST_F(TlsRotation, a_connection_ends_with_the_certificate_that_it_rests_on) {
  TlsOptions of_one = options(1);
  of_one.look_every = 20ms;
  TlsNode one(loop_, NodeId{1}, of_one);
  Wish brief = Wish::of_node(NodeId{2});
  brief.to_seconds = 2;
  TlsNode two(loop_, NodeId{2}, options(2, brief));
  ASSERT_EQ(one.wrong + two.wrong, "");
  ASSERT_EQ(try_to_talk(two, one), "");
  ASSERT_TRUE(run_until([&] { return accepted_[0]->closed.has_value(); }));
  EXPECT_TRUE(accepted_[0]->closed->what.ends_with("its certificate has expired: renew it"));
  kept_.clear();
  accepted_.clear();
}

}  // namespace
}  // namespace bowline::runtime
