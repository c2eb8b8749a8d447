// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/memory_limit.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace bowline::runtime {
namespace {

namespace fs = std::filesystem;

class MemoryLimit : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("bowline-memory-" + std::to_string(::getpid()));
    fs::remove_all(root_);
    write("/proc/meminfo", "MemTotal:       1000 kB\nMemFree:         10 kB\n");
  }
  void TearDown() override { fs::remove_all(root_); }
  void write(const std::string& path, const std::string& text) const {
    const fs::path whole = root_.string() + path;
    fs::create_directories(whole.parent_path());
    std::ofstream(whole) << text;
  }
  std::uint64_t limit() const { return memory_limit(root_.string()); }
  fs::path root_;
};

TEST_F(MemoryLimit, is_what_the_machine_has) { EXPECT_EQ(limit(), 1000U << 10U); }

TEST_F(MemoryLimit, is_the_least_of_the_control_groups_above_us) {
  write("/proc/self/cgroup", "1:name=old:/elsewhere\n0::/outer/inner\n");
  write("/sys/fs/cgroup/outer/inner/memory.max", "max\n");
  EXPECT_EQ(limit(), 1000U << 10U);
  write("/sys/fs/cgroup/outer/memory.max", "500000\n");
  EXPECT_EQ(limit(), 500'000U);
  write("/sys/fs/cgroup/outer/inner/memory.max", "400000\n");
  EXPECT_EQ(limit(), 400'000U);
  write("/sys/fs/cgroup/outer/inner/memory.max", "600000\n");
  EXPECT_EQ(limit(), 500'000U);
  write("/sys/fs/cgroup/outer/memory.max", "9000000000\n");
  write("/sys/fs/cgroup/outer/inner/memory.max", "9000000000\n");
  EXPECT_EQ(limit(), 1000U << 10U);
}

TEST_F(MemoryLimit, is_not_known_where_nothing_says_it) {
  fs::remove_all(root_);
  EXPECT_EQ(limit(), 0U);
}

}  // namespace
}  // namespace bowline::runtime
