// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_rig.h"

namespace bowline::runtime {
namespace {

TEST_F(TlsRig, each_side_knows_which_node_is_at_the_other) {
  TlsNode one(loop_, NodeId{1}, options(1));
  TlsNode two(loop_, NodeId{2}, options(2));
  ASSERT_EQ(one.wrong + two.wrong, "");
  const auto listener = listen(one.network());
  Connected connected = connect(two.network(), listener->address());
  ASSERT_TRUE(connected) << connected.error().what;
  ASSERT_TRUE(run_until([&] { return accepted_.size() == 1; }));
  EXPECT_EQ((*connected)->identity(), (env::Identity{.node = NodeId{1}, .cluster = "test"}));
  EXPECT_EQ(accepted_[0]->connection->identity(),
            (env::Identity{.node = NodeId{2}, .cluster = "test"}));
  accepted_.clear();
}

}  // namespace
}  // namespace bowline::runtime
