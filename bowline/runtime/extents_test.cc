// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "bowline/env/conformance_extents.h"
#include "bowline/env/memory_extents.h"
#include "bowline/runtime/file_extents.h"

namespace bowline::runtime {
namespace {

namespace fs = std::filesystem;
using Room = env::Extents::Room;

constexpr std::size_t extent = 64 << 10;

FileExtents::Options small(std::uint64_t extents = 12) {
  FileExtents::Options options;
  options.extent_bytes = extent;
  options.most_bytes = extents * extent;
  options.leave_bytes = 0;
  return options;
}

// A directory of a test's own, and extents in it.
class ExtentsTest : public testing::Test {
 public:
  ExtentsTest() {
    std::string name = testing::TempDir() + "extents-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  ~ExtentsTest() override { fs::remove_all(directory_); }
  ExtentsTest(const ExtentsTest&) = delete;
  ExtentsTest& operator=(const ExtentsTest&) = delete;

  std::shared_ptr<FileExtents> open(FileExtents::Options options) {
    options.complain = [this](const std::string& what) {
      const std::lock_guard lock(mutex_);
      complaints_ += what;
    };
    auto opened = FileExtents::open(directory_, std::move(options));
    EXPECT_TRUE(opened) << opened.error().what;
    return *opened;
  }
  std::string complaints() {
    const std::lock_guard lock(mutex_);
    return complaints_;
  }
  // Of the file that has no name: the number by which this process knows it.
  int file() const {
    for (const fs::directory_entry& entry : fs::directory_iterator("/proc/self/fd")) {
      std::error_code none;
      if (fs::read_symlink(entry.path(), none).string().starts_with(directory_ + "/old-values"))
        return std::stoi(entry.path().filename().string());
    }
    return -1;
  }
  std::uint64_t disk_bytes() const {
    struct stat stat{};
    EXPECT_EQ(::fstat(file(), &stat), 0);
    return static_cast<std::uint64_t>(stat.st_blocks) * 512;
  }
  // Is what is at this address a part of the file?
  bool is_file(const char* at) const {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
      std::uintptr_t from = 0;
      std::uintptr_t to = 0;
      if (std::sscanf(line.c_str(), "%lx-%lx", &from, &to) != 2) continue;
      const auto address = reinterpret_cast<std::uintptr_t>(at);
      if (address >= from && address < to) return line.find(directory_) != std::string::npos;
    }
    return false;
  }

 private:
  std::string directory_;
  std::mutex mutex_;
  std::string complaints_;
};

// The thread of the extents has to get there by itself.
template <class Holds>
bool eventually(Holds holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::yield();
  }
  return true;
}

std::optional<env::Extents::Number> take(env::Extents& extents, char letter) {
  if (!eventually([&] { return extents.room() != Room::later; })) return std::nullopt;
  const auto number = extents.take();
  if (number) std::memset(extents.at(*number), letter, extents.extent_bytes());
  return number;
}

TEST_F(ExtentsTest, those_in_memory_keep_the_promises) {
  env::MemoryExtents extents({.later_every = 3});
  for (const env::ExtentsCheck& check : env::extents_checks())
    EXPECT_EQ(check.run(extents), "") << check.name;
}

TEST_F(ExtentsTest, those_in_a_file_keep_the_promises) {
  const auto extents = open(small());
  for (const env::ExtentsCheck& check : env::extents_checks())
    EXPECT_EQ(check.run(*extents), "") << check.name;
}

TEST_F(ExtentsTest, what_is_sealed_leaves_the_memory_and_what_is_dropped_the_disk) {
  const auto extents = open(small());
  const auto number = take(*extents, 'x');
  ASSERT_TRUE(number);
  EXPECT_FALSE(is_file(extents->at(*number)));
  extents->seal(*number, extent);
  EXPECT_TRUE(eventually([&] { return is_file(extents->at(*number)); }));
  EXPECT_EQ(extents->at(*number)[extent - 1], 'x');
  EXPECT_TRUE(eventually([&] { return extents->figures().pending_bytes == 0; }));
  EXPECT_TRUE(eventually([&] { return extents->figures().file_bytes == 4 * extent; }));
  EXPECT_GE(disk_bytes(), 4 * extent);
  extents->drop(*number);
  EXPECT_TRUE(eventually([&] { return extents->figures().file_bytes == 3 * extent; }));
  EXPECT_LT(disk_bytes(), 4 * extent);
}

// Of what nobody has looked at the kernel lets go when it is told to, but in a file system that has
// nothing else than memory.
TEST_F(ExtentsTest, what_the_kernel_let_go_is_not_there_until_it_was_asked_for) {
  const auto extents = open(small());
  const auto number = take(*extents, 'x');
  ASSERT_TRUE(number);
  const char* const part = extents->at(*number) + 3 * extent / 4 + 100;
  EXPECT_TRUE(extents->want(part, 5000)) << "it is being filled";
  extents->seal(*number, extent);
  EXPECT_TRUE(extents->want(part, 5000)) << "it is being written, or was just now";
  ASSERT_TRUE(eventually([&] { return is_file(part); }));
  struct statfs system{};
  ASSERT_EQ(::fstatfs(file(), &system), 0);
  const auto is_gone = [&] {
    ::posix_fadvise(file(), 0, 0, POSIX_FADV_DONTNEED);
    return !extents->want(part, 5000);
  };
  if (system.f_type == TMPFS_MAGIC) {
    EXPECT_FALSE(is_gone());
  } else {
    EXPECT_TRUE(eventually(is_gone));
  }
  EXPECT_TRUE(eventually([&] { return extents->want(part, 5000); }));
  EXPECT_EQ(std::string_view(part, 5000), std::string(5000, 'x'));
}

TEST_F(ExtentsTest, nothing_is_left_of_the_file_and_nothing_is_taken_before_somebody_asks) {
  const auto extents = open(small());
  EXPECT_EQ(extents->figures().file_bytes, 0U);
  EXPECT_EQ(disk_bytes(), 0U);
  struct stat stat{};
  ASSERT_EQ(::fstat(file(), &stat), 0);
  EXPECT_EQ(stat.st_nlink, 0U) << "it has a name that a crash would leave behind";
}

TEST_F(ExtentsTest, a_full_disk_is_said_once_and_asked_again_later) {
  FileExtents::Options options = small();
  options.leave_bytes = std::uint64_t{1} << 60;
  const auto extents = open(options);
  EXPECT_TRUE(eventually([&] { return extents->room() == Room::none; }));
  extents->wait();
  EXPECT_FALSE(extents->take());
  EXPECT_EQ(complaints(),
            "old values stay in memory: what is left of the disk is for the log. Make room on it");
}

TEST_F(ExtentsTest, what_is_dropped_makes_room_at_once_where_there_was_none) {
  const auto extents = open(small(4));
  std::vector<env::Extents::Number> taken;
  while (const auto number = take(*extents, 'x')) taken.push_back(*number);
  ASSERT_FALSE(taken.empty());
  ASSERT_EQ(extents->room(), Room::none);
  for (const auto number : taken) extents->drop(number);
  EXPECT_TRUE(eventually([&] { return extents->figures().file_bytes < 4 * extent; }));
  EXPECT_NE(extents->room(), Room::none);
  EXPECT_TRUE(take(*extents, 'y'));
}

TEST_F(ExtentsTest, what_cannot_be_written_stays_in_memory) {
  const auto extents = open(small());
  const auto number = take(*extents, 'x');
  ASSERT_TRUE(number);
  // Nothing else is to be refused: all that it keeps ready is reserved.
  ASSERT_TRUE(eventually([&] { return extents->figures().file_bytes == 4 * extent; }));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto was = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit nothing{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &nothing), 0);
  extents->seal(*number, extent);
  EXPECT_TRUE(eventually([&] { return extents->figures().pending_bytes == 0; }));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, was);
  EXPECT_FALSE(is_file(extents->at(*number)));
  EXPECT_EQ(extents->at(*number)[extent - 1], 'x');
  EXPECT_EQ(extents->room(), Room::none);
  EXPECT_TRUE(complaints().starts_with("old values stay in memory: cannot write")) << complaints();
  EXPECT_TRUE(extents->fetch(*number));
  extents->drop(*number);
}

TEST_F(ExtentsTest, a_read_that_fails_ends_the_process_with_a_sentence) {
  GTEST_FLAG_SET(death_test_style, "fast");  // what is mapped is to be there
  const auto extents = open(small());
  const auto number = take(*extents, 'x');
  ASSERT_TRUE(number);
  extents->seal(*number, extent);
  ASSERT_TRUE(eventually([&] { return is_file(extents->at(*number)); }));
  ASSERT_EQ(::ftruncate(file(), 0), 0);
  const volatile char* const at = extents->at(*number);
  EXPECT_EXIT(static_cast<void>(*at), testing::ExitedWithCode(EXIT_FAILURE),
              "the disk does not give back an old value");
}

TEST_F(ExtentsTest, a_directory_that_is_not_there_is_an_error_in_words) {
  const auto opened = FileExtents::open("/nowhere/at/all", small());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().what.find("/nowhere/at/all/old-values"), std::string::npos);
}

}  // namespace
}  // namespace bowline::runtime
