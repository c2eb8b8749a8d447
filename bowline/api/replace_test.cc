// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <ios>

#include "bowline/api/portable.h"
#include "bowline/api/test_node.h"
#include "bowline/machine/durable_stub.h"
#include "bowline/machine/replaceable_machine.h"

namespace bowline {
namespace {

// A diary whose state can be replaced while the group runs.
class ReplaceTest : public NodeTest {
 protected:
  void begin(std::uint64_t id) {
    GroupSetup setup;
    for (const auto& [each, address] : addresses_)
      setup.founders.push_back({.id = NodeId{each}, .address = address});
    setup.options.snapshot_entries = 8;  // so that some are made in the midst of it
    setup.options.keep_entries = 2;
    auto diary = std::make_unique<Diary>();
    members_[id].diary = diary.get();
    const Result<Group> here = members_[id].node->start(
        group, std::move(setup), std::make_unique<machine::ReplaceableMachine>(std::move(diary)));
    ASSERT_TRUE(here.has_value()) << here.error().what;
    members_[id].group = *here;
  }
  void begin_all() {
    for (std::uint64_t id = 1; id <= 3; ++id) open(id);
    for (std::uint64_t id = 1; id <= 3; ++id) begin(id);
  }
  std::string put(const std::string& text) { return write(machine::ordinary(text)); }

  std::string path_ = place_ + "/exported";
};

TEST_F(ReplaceTest, every_member_takes_the_state_that_was_exported) {
  begin_all();
  const std::string much(400'000, 'm');  // more than one part
  ASSERT_EQ(put("a"), "1");
  ASSERT_EQ(put(much), "2");
  const Group exporting = *members_.at(leader()).group;
  const auto exported = exporting.export_snapshot(path_).get();
  ASSERT_TRUE(exported.has_value()) << exported.error().what;
  ASSERT_EQ(put("b"), "3");
  const std::uint64_t away = leader() % 3 + 1;
  members_.erase(away);
  ASSERT_EQ(put("c"), "4");
  const Result<void> replaced = replace_state(*members_.at(leader()).group, path_);
  ASSERT_TRUE(replaced.has_value()) << replaced.error().what;
  EXPECT_EQ(put("d"), "3");
  open(away);
  begin(away);
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(read(id), "a\n" + much + "\nd\n") << id;
  // And after a start, by a snapshot or by the log.
  for (int i = 0; i < 10; ++i) put("e");
  members_.erase(away);
  open(away);
  begin(away);
  EXPECT_EQ(read(away), read(leader()));
  EXPECT_EQ(members_.at(leader()).group->status().get().members.members.size(), 3U);
}

TEST_F(ReplaceTest, what_cannot_be_is_said_and_changes_nothing) {
  begin_all();
  ASSERT_EQ(put("a"), "1");
  const std::uint64_t leads = leader();
  const Group group_here = *members_.at(leads).group;
  ASSERT_TRUE(group_here.export_snapshot(path_).get().has_value());
  ASSERT_EQ(put("b"), "2");
  const Result<void> elsewhere = replace_state(*members_.at(leads % 3 + 1).group, path_);
  ASSERT_FALSE(elsewhere.has_value());
  EXPECT_NE(elsewhere.error().what.find("does not lead"), std::string::npos);
  EXPECT_FALSE(replace_state(group_here, place_ + "/none").has_value());
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(-1, std::ios::end);
  file.put('?');
  file.close();
  const Result<void> damaged = replace_state(group_here, path_);
  ASSERT_FALSE(damaged.has_value());
  EXPECT_NE(damaged.error().what.find("missing or damaged"), std::string::npos);
  EXPECT_EQ(read(leads), "a\nb\n");
}

// It would be loaded anew at each start, and nobody would know why.
TEST_F(ReplaceTest,
       a_machine_that_keeps_its_state_is_not_started_within_one_that_does_not_mark_it) {
  open(1);
  GroupSetup setup;
  setup.founders = {{.id = NodeId{1}, .address = addresses_[1]}};
  const Result<Group> started = members_[1].node->start(
      group, setup,
      std::make_unique<machine::ReplaceableMachine>(std::make_unique<machine::DurableStub>()));
  ASSERT_FALSE(started.has_value());
  EXPECT_EQ(started.error().fault, Fault::invalid);
  EXPECT_TRUE(started.error().what.contains("ReplaceableMachine")) << started.error().what;
  EXPECT_TRUE(members_[1].node->start(group, setup, std::make_unique<Diary>()).has_value());
}

}  // namespace
}  // namespace bowline
