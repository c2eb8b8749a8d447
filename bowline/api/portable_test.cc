// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/portable.h"

#include <fstream>
#include <future>
#include <iterator>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "bowline/api/test_node.h"

// States that travel as files.
namespace bowline {
namespace {

using PortableTest = NodeTest;

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void put(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

TEST_F(PortableTest, a_new_group_is_founded_with_the_state_of_another) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  ASSERT_EQ(write("b"), "2");
  const std::string path = place_ + "/state";
  const Result<raft::Base> exported = members_[1].group->export_snapshot(path).get();
  ASSERT_TRUE(exported.has_value()) << exported.error().what;
  ASSERT_TRUE(members_[1].group->export_snapshot(path + "2").get().has_value());  // nothing is new
  EXPECT_EQ(content_of(path), content_of(path + "2"));
  members_.clear();
  addresses_.clear();
  const Result<Importer> state = import_snapshot(path);
  ASSERT_TRUE(state.has_value()) << state.error().what;
  adjust_setup_ = [&](std::uint64_t, GroupSetup& setup) { setup.state = *state; };
  place_ += "/other";
  std::filesystem::create_directory(place_);
  found(3);
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(read(id), "a\nb\n");
  EXPECT_EQ(write("c"), "3");
  members_.clear();
  for (std::uint64_t id = 1; id <= 3; ++id) open(id);
  for (std::uint64_t id = 1; id <= 3; ++id) start(id);  // with the same setup: it is ignored now
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(read(id), "a\nb\nc\n");
}

TEST_F(PortableTest, a_file_that_is_damaged_founds_nothing) {
  found(1);
  ASSERT_EQ(write("something"), "1");
  const std::string path = place_ + "/state";
  ASSERT_TRUE(members_[1].group->export_snapshot(path).get().has_value());
  const std::string good = content_of(path);
  const auto why = [&](const std::string& content) {
    put(path, content);
    const Result<Importer> state = import_snapshot(path);
    return state ? std::string("it can be read") : state.error().what;
  };
  EXPECT_NE(why(good.substr(0, good.size() - 1)).find("not as long"), std::string::npos);
  EXPECT_NE(why("nonsense").find("no exported snapshot"), std::string::npos);
  EXPECT_NE(import_snapshot(place_ + "/none").error().what.find("cannot be opened"),
            std::string::npos);
  std::string flipped = good;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  EXPECT_EQ(why(flipped), "it can be read");  // until its pieces are looked at
  GroupSetup setup;
  setup.founders = {{.id = NodeId{1}, .address = addresses_[1]}};
  setup.state = *import_snapshot(path);
  const Result<Group> started =
      members_[1].node->start(GroupId{8}, setup, std::make_unique<Diary>());
  ASSERT_FALSE(started.has_value());
  EXPECT_NE(started.error().what.find("piece 1 of 1"), std::string::npos);
  put(path, good);
  EXPECT_TRUE(members_[1].node->start(GroupId{8}, setup, std::make_unique<Diary>()).has_value());
}

// There is an older one, which is not what was asked for.
TEST_F(PortableTest, of_a_group_that_ends_meanwhile_nothing_is_exported) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  ASSERT_TRUE(members_[1].group->snapshot().get().has_value());
  ASSERT_EQ(write("b"), "2");
  Group& ends = *members_[1].group;
  std::promise<void> gate;
  members_[1].node->at([open = gate.get_future().share()](host::Shard*) { open.wait(); });
  std::future<Result<raft::Base>> exported = ends.export_snapshot(place_ + "/state");
  members_[1].node->end(group);
  gate.set_value();  // one after the other, in one turn
  const Result<raft::Base> base = exported.get();
  ASSERT_FALSE(base.has_value());
  EXPECT_EQ(base.error().what, "the group is not on this node any more");
  EXPECT_FALSE(std::filesystem::exists(place_ + "/state"));
}

TEST_F(PortableTest, what_was_never_made_cannot_be_exported) {
  found(1);
  const Result<raft::Base> exported =
      members_[1].group->export_snapshot(place_ + "/no/such/place").get();
  EXPECT_FALSE(exported.has_value());
}

}  // namespace
}  // namespace bowline
