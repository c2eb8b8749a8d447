// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "bowline/env/env.h"

// What env.h promises and a user can see, as checks that every implementation passes: a simulation
// that keeps other promises than the kernel proves nothing. No part of a product, only of tests.
namespace bowline::env {

// What a check runs on: an empty directory of its own.
class Ground {
 public:
  virtual ~Ground() = default;
  virtual Clock& clock() = 0;
  virtual Loop& loop() = 0;
  virtual Disk& disk() = 0;
  // Ends the disk and opens the same directory again.
  virtual void reopen() = 0;
  // The same directory once more, as another process has it.
  virtual std::unique_ptr<Disk> another() = 0;
  // Runs the loop until that holds, or gives up.
  virtual bool run_until(const std::function<bool()>& holds) = 0;
};

struct Check {
  const char* name = nullptr;             // a sentence
  std::string (*run)(Ground&) = nullptr;  // what is wrong; empty: nothing
};

std::span<const Check> disk_checks();
std::span<const Check> loop_checks();

}  // namespace bowline::env
