// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "bowline/env/conformance.h"
#include "bowline/runtime/disk.h"
#include "bowline/runtime/loop.h"

namespace bowline::runtime {

// A directory of a test's own, gone with it.
class Scratch {
 public:
  explicit Scratch(const std::string& parent);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string ordinary_parent();  // on whatever disk temporary files are
std::string memory_parent();    // on tmpfs, where there is one

// A disk of this folder as the checks of env/ want it. Stops the test if it cannot be opened.
class RealGround final : public env::Ground {
 public:
  RealGround(const std::string& parent, DiskOptions options);

  env::Clock& clock() override { return loop_.clock(); }
  env::Loop& loop() override { return loop_; }
  env::Disk& disk() override { return *disk_; }
  void reopen() override;
  std::unique_ptr<env::Disk> another() override;
  // Gives up after a minute: only a test that fails has to wait.
  bool run_until(const std::function<bool()>& holds) override;

  const std::string& path() const { return scratch_.path(); }

 private:
  Scratch scratch_;
  DiskOptions options_;
  Loop loop_;
  std::unique_ptr<env::Disk> disk_;
};

}  // namespace bowline::runtime
