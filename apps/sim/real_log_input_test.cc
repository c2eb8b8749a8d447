// SPDX-License-Identifier: Apache-2.0
//
// Directories that a log must not use. It says why, which one it is and what to do; and every byte
// that was there is there afterwards.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <unistd.h>

#include "apps/sim/real_log.h"
#include "bowline/wal/identity.h"

namespace bowline::sim {
namespace {

namespace files = std::filesystem;

std::string content_of(const files::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const files::path& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
}

using Tree = std::map<std::string, std::string>;

Tree tree_of(const std::string& path) {
  Tree tree;
  for (const auto& entry : files::directory_iterator(path))
    tree[entry.path().filename()] = content_of(entry.path());
  return tree;
}

class Refusal : public testing::Test {
 protected:
  void SetUp() override {
    RealLog log(path_);
    ASSERT_EQ(log.open(), "");
    raft::Persist write;
    write.seq = {1};
    write.entries.push_back({{{1}, {1}}, raft::Kind::command, Bytes::copy("kept")});
    log.log().submit({1}, std::move(write));
    ASSERT_TRUE(log.drain());
  }

  std::string file(const std::string& name) const { return path_ + "/" + name; }

  // Opens it as whoever, and says why it is refused.
  std::string refused(const wal::Owner& owner = real_owner) const {
    const Tree before = tree_of(path_);
    std::string why;
    {
      RealLog log(path_, owner);
      why = log.open();
    }
    EXPECT_TRUE(tree_of(path_) == before) << "something was changed";
    return why;
  }

  // The sentence has the path, what is wrong, and what to do.
  void expect_says(const std::string& why, std::string_view what, std::string_view advice) const {
    EXPECT_TRUE(why.contains(path_)) << why;
    EXPECT_TRUE(why.contains(what)) << why;
    EXPECT_TRUE(why.contains(advice)) << why;
  }

  RealDirectory directory_;
  std::string path_ = directory_.path() + "/log";
};

TEST_F(Refusal, of_the_directory_of_another_node) {
  expect_says(refused({.cluster = {77}, .node = {2}}), "it is of node 1, and this is node 2",
              "Start with the directory of this node");
}

TEST_F(Refusal, of_the_directory_of_another_cluster) {
  expect_says(refused({.cluster = {78}, .node = {1}}),
              "it is of cluster 77, and this is cluster 78",
              "Start with the directory of this node");
}

TEST_F(Refusal, of_the_directory_of_another_shard) {
  expect_says(refused({.cluster = {77}, .node = {1}, .shard = 1, .shards = 2}),
              "it is of shard 0 of 1, and this is shard 1 of 2",
              "Start with the directory of this node");
}

TEST_F(Refusal, of_a_directory_that_another_program_version_wrote) {
  // As this version writes it, but for the number; with a good checksum.
  std::string identity = content_of(file("identity"));
  constexpr std::size_t version_at = wal::head_bytes;
  ASSERT_EQ(identity[version_at], 1);
  const wal::Place place{};
  identity[version_at] = 9;
  const auto head = wal::checked({content_of(file("identity")).substr(0, wal::block_bytes)}, place);
  ASSERT_TRUE(head);
  wal::seal({identity.data(), identity.size()}, place, head->batch, head->content);
  put(file("identity"), identity);
  expect_says(refused(), "is of format 9; this program reads format 1", "or move the directory");
}

TEST_F(Refusal, of_an_identity_that_is_too_short) {
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{100}, wal::block_bytes}) {
    put(file("identity"), content_of(file("identity")).substr(0, bytes));
    expect_says(refused(), "the file 'identity'", "Put the file back, or move the directory away");
  }
}

TEST_F(Refusal, of_an_identity_that_is_damaged_twice) {
  std::string identity = content_of(file("identity"));
  for (std::size_t block = 0; block < identity.size(); block += wal::block_bytes)
    identity[block + wal::head_bytes + 9] ^= 1;
  put(file("identity"), identity);
  expect_says(refused(), "damaged", "Put the file back, or move the directory away");
}

TEST_F(Refusal, of_segments_without_an_identity) {
  files::remove(file("identity"));
  expect_says(refused(), "no file 'identity'", "Put it back, or move the directory away");
}

TEST_F(Refusal, of_a_directory_in_use) {
  RealLog first(path_);
  ASSERT_EQ(first.open(), "");
  ASSERT_TRUE(first.drain());
  RealLog second(path_);
  expect_says(second.open(), "in use by another process", "end that first, or choose another");
  // And the first one goes on.
  raft::Persist write;
  write.seq = {2};
  write.entries.push_back({{{1}, {2}}, raft::Kind::command, Bytes::copy("more")});
  first.log().submit({1}, std::move(write));
  EXPECT_TRUE(first.drain());
}

TEST(RealDirectory, that_cannot_be_written_is_refused) {
  if (::geteuid() == 0) {
    // Nothing is forbidden to root but to write where nobody can.
    RealLog log("/proc/self");
    const std::string why = log.open();
    EXPECT_TRUE(why.contains("/proc/self")) << why;
    return;
  }
  RealDirectory directory;
  files::permissions(directory.path(), files::perms::owner_read | files::perms::owner_exec);
  RealLog log(directory.path());
  const std::string why = log.open();
  EXPECT_TRUE(why.contains(directory.path())) << why;
  EXPECT_TRUE(tree_of(directory.path()).empty());
  files::permissions(directory.path(), files::perms::owner_all);
}

TEST(RealDirectory, whose_parent_is_missing_is_refused) {
  RealDirectory directory;
  RealLog log(directory.path() + "/a/b");
  const std::string why = log.open();
  EXPECT_TRUE(why.contains(directory.path() + "/a/b")) << why;
}

TEST(RealDirectory, that_is_a_file_is_refused) {
  RealDirectory directory;
  const std::string path = directory.path() + "/file";
  put(path, "mine");
  RealLog log(path);
  const std::string why = log.open();
  EXPECT_TRUE(why.contains(path)) << why;
  EXPECT_EQ(content_of(path), "mine");
}

}  // namespace
}  // namespace bowline::sim
