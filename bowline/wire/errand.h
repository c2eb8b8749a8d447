// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/bytes.h"
#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/wire/frame.h"

// What the program on one node asks of the program on another, beside the letters of the cores. The
// bytes mean something to the programs only. Those of one turn go in one frame, and so do the
// answers.
namespace bowline::wire {

struct Errand {
  std::uint64_t number = 0;  // the answer has the same
  GroupId group;
  Bytes what;  // shares the memory of the frame
};

struct ErrandAnswer {
  std::uint64_t number = 0;
  bool served = false;  // or nobody was there who could: nothing was done
  Bytes what;
};

// Appended to a frame that was begun with FrameKind::errands or errand_answers.
void put_errand(std::string& frame, std::uint64_t number, GroupId, std::string_view what);
void put_errand_answer(std::string& frame, std::uint64_t number, bool served,
                       std::string_view what);

// An error: the frame is of another kind, or was not made by these.
Result<std::vector<Errand>> errands_in(const Frame&);
Result<std::vector<ErrandAnswer>> errand_answers_in(const Frame&);

}  // namespace bowline::wire
