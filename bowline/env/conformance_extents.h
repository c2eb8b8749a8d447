// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string>

#include "bowline/env/extents.h"

namespace bowline::env {

// What extents.h promises, for whatever has room for 3 to 64 of them. Each check leaves none taken.
struct ExtentsCheck {
  const char* name = nullptr;              // a sentence
  std::string (*run)(Extents&) = nullptr;  // what is wrong; empty: nothing
};
std::span<const ExtentsCheck> extents_checks();

}  // namespace bowline::env
