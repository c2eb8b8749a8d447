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

// What the checks of a network run on.
class Field {
 public:
  virtual ~Field() = default;
  virtual Loop& loop() = 0;
  virtual Network& network() = 0;             // of one process ...
  virtual Network& another() = 0;             // ... and of another, which the first can reach
  virtual std::string address() = 0;          // where the first may listen; another one each time
  virtual std::string nobodys_address() = 0;  // where nobody listens
  // Ends the network of the first, from which nothing is left by then, and opens it again.
  virtual void reopen() = 0;
  // Runs the loops of both until that holds, or gives up.
  virtual bool run_until(const std::function<bool()>& holds) = 0;
};

struct NetworkCheck {
  const char* name = nullptr;
  std::string (*run)(Field&) = nullptr;
};

std::span<const NetworkCheck> network_checks();
std::span<const Check> disk_checks();
std::span<const Check> loop_checks();

}  // namespace bowline::env
