// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_member.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "apps/bowline/serve_doors.h"

namespace bowline::apps {
namespace {

namespace fs = std::filesystem;

class ServeMember : public testing::Test {
 protected:
  ~ServeMember() override { fs::remove_all(place); }
  std::string text() const {
    std::ifstream file(place + "/bowline-member");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  const std::string place =
      fs::temp_directory_path() / ("bowline-member-" + std::to_string(::getpid()));
};

TEST_F(ServeMember, who_it_is_is_written_once_in_a_file_that_is_whole) {
  const Result<WhoWeAre> first = remember(place, {NodeId{7}, "token"});
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_EQ(text(), "7 token\n");
  // As only a durable file is made: a plain one would be for others to read, too.
  EXPECT_EQ(fs::status(place + "/bowline-member").permissions() & fs::perms::all,
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_FALSE(fs::exists(place + "/bowline-member.new"));
  const Result<WhoWeAre> second = remember(place, {NodeId{8}, "other"});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->id, NodeId{7});
  EXPECT_EQ(second->token, "token");
}

TEST_F(ServeMember, what_cannot_be_written_is_told) {
  fs::create_directories(place + "/bowline-member.new");  // where the draft would be
  const Result<WhoWeAre> said = remember(place, {NodeId{7}, "token"});
  ASSERT_FALSE(said);
  EXPECT_TRUE(said.error().what.contains("bowline-member.new")) << said.error().what;
}

// A link that leads to itself stands for whatever cannot be opened.
TEST_F(ServeMember, who_it_is_is_not_written_anew_because_it_cannot_be_read) {
  ASSERT_TRUE(remember(place, {NodeId{7}, "token"}));
  fs::remove(place + "/bowline-member");
  fs::create_symlink(place + "/bowline-member", place + "/bowline-member");
  const Result<WhoWeAre> said = remember(place, {NodeId{8}, "other"});
  ASSERT_FALSE(said);
  EXPECT_TRUE(said.error().what.contains("cannot be read")) << said.error().what;
  EXPECT_TRUE(fs::is_symlink(place + "/bowline-member"));
}

TEST_F(ServeMember, who_was_removed_does_not_come_back_with_the_same_directory) {
  const Result<WhoWeAre> first = remember(place, {NodeId{7}, "token"});
  ASSERT_TRUE(first);
  ASSERT_TRUE(remember_removal(place, *first));
  EXPECT_EQ(text(), "7 token removed\n");
  const Result<WhoWeAre> again = remember(place, {NodeId{7}, "token"});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().fault, Fault::invalid);
  EXPECT_TRUE(again.error().what.contains("removed from its cluster")) << again.error().what;
}

TEST_F(ServeMember, a_directory_that_cannot_be_its_own_is_told_from_one_that_is_damaged) {
  fs::create_directories(place + "/member/snap");
  const Result<WhoWeAre> of_etcd = remember(place, {NodeId{7}, "token"});
  ASSERT_FALSE(of_etcd);
  EXPECT_EQ(of_etcd.error().fault, Fault::invalid) << of_etcd.error().what;
  fs::remove_all(place + "/member");
  std::ofstream(place + "/bowline-member") << "nobody\n";
  const Result<WhoWeAre> damaged = remember(place, {NodeId{7}, "token"});
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().fault, Fault::corrupt) << damaged.error().what;
  const Result<WhoWeAre> in_a_file = remember(place + "/bowline-member", {NodeId{7}, "token"});
  ASSERT_FALSE(in_a_file);
  EXPECT_EQ(in_a_file.error().fault, Fault::io) << in_a_file.error().what;
}

TEST_F(ServeMember, a_request_of_any_size_that_is_allowed_is_one_entry_of_the_log) {
  for (const std::uint64_t bytes : {std::uint64_t{1} << 20U, std::uint64_t{1536} << 10U,
                                    std::uint64_t{8} << 20U, most_request_bytes}) {
    ServeFlags flags;
    flags.max_request_bytes = bytes;
    const wal::Options log = node_options(flags, {}, {}).log;
    const auto raft = group_setup(flags, {}).options.raft;
    EXPECT_EQ(raft->fault(), "");
    EXPECT_EQ(log.fault(), "");
    EXPECT_GE(raft->entry_bytes, bytes + (512U << 10U));
    EXPECT_GE(log.most_entry_bytes(), raft->entry_bytes + 4096);
    EXPECT_LT(raft->entry_bytes + (4U << 20U), host::Links::Options{}.most_frame_bytes);
    if (bytes <= std::uint64_t{1536} << 10U) {
      EXPECT_EQ(log.segment_bytes, 32U << 20U) << "as small as may be";
    }
  }
}

// As etcd takes it; the nodes among themselves take less.
TEST_F(ServeMember, a_name_may_have_any_letters_and_as_many_as_one_likes) {
  ServeFlags flags;
  flags.name = "m\xc3\xbcller";
  EXPECT_EQ(node_options(flags, {}, {}).name, "m??ller");
  flags.name = std::string(300, 'n');
  EXPECT_EQ(node_options(flags, {}, {}).name, std::string(255, 'n'));
}

}  // namespace
}  // namespace bowline::apps
