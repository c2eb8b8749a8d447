// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/memory_disk.h"

#include <chrono>
#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "bowline/env/conformance.h"
#include "bowline/runtime/loop.h"

namespace bowline::env {

std::ostream& operator<<(std::ostream& out, const Check& check) { return out << check.name; }

}  // namespace bowline::env

namespace bowline::runtime {
namespace {

class MemoryGround final : public env::Ground {
 public:
  env::Clock& clock() override { return loop_.clock(); }
  env::Loop& loop() override { return loop_; }
  env::Disk& disk() override { return *disk_; }
  void reopen() override {
    disk_.reset();
    disk_ = another();
  }
  std::unique_ptr<env::Disk> another() override { return memory_disk(loop_, files_); }
  bool run_until(const std::function<bool()>& holds) override {
    return loop_.run_until(holds, loop_.clock().now() + std::chrono::seconds(10));
  }

 private:
  Loop loop_;
  std::shared_ptr<MemoryFiles> files_ = std::make_shared<MemoryFiles>();
  std::unique_ptr<env::Disk> disk_ = another();
};

// It keeps the promises of a disk, by the same checks as the real one.
class MemoryConformance : public testing::TestWithParam<env::Check> {};

TEST_P(MemoryConformance, holds) {
  MemoryGround ground;
  EXPECT_EQ(GetParam().run(ground), "");
}

INSTANTIATE_TEST_SUITE_P(Disk, MemoryConformance,
                         testing::ValuesIn(env::disk_checks().begin(), env::disk_checks().end()),
                         [](const testing::TestParamInfo<env::Check>& test) {
                           return std::string(test.param.name);
                         });

}  // namespace
}  // namespace bowline::runtime
