// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "bowline/wire/letter.h"

namespace bowline::wire {

// Of each thing that nodes of a version can say to each other one frame, always the same.
struct Specimen {
  std::string name;
  std::string frame;
};
std::vector<Specimen> specimens(Version);

// How the letters among them are written.
Way specimen_way(Version);

}  // namespace bowline::wire
