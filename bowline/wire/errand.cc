// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/errand.h"

#include <utility>

#include "bowline/base/encoding.h"
#include "bowline/wire/sayings.h"

// A row of these, numbers as varints, to the end of the frame:
//   errand: number | group | size | bytes
//   answer: number | served u8 | size | bytes
namespace bowline::wire {
namespace {

std::unexpected<Error> senseless(std::string_view what) {
  return std::unexpected(
      Error{Fault::corrupt, "a frame of " + std::string(what) + " that makes no sense"});
}

}  // namespace

void put_errand(std::string& frame, std::uint64_t number, GroupId group, std::string_view what) {
  put_varint(frame, number);
  put_varint(frame, group.value);
  put_saying(frame, what);
}

void put_errand_answer(std::string& frame, std::uint64_t number, bool served,
                       std::string_view what) {
  put_varint(frame, number);
  put(frame, static_cast<std::uint8_t>(served));
  put_saying(frame, what);
}

Result<std::vector<Errand>> errands_in(const Frame& frame) {
  std::vector<Errand> all;
  if (frame.kind != FrameKind::errands) return senseless("errands");
  Cursor in(*frame.body);
  while (in.good() && !in.at_end()) {
    Errand& one = all.emplace_back();
    one.number = in.varint();
    one.group = {in.varint()};
    one.what = Bytes::part(frame.body, in.take(in.varint()));
  }
  if (!in.good()) return senseless("errands");
  return all;
}

Result<std::vector<ErrandAnswer>> errand_answers_in(const Frame& frame) {
  std::vector<ErrandAnswer> all;
  if (frame.kind != FrameKind::errand_answers) return senseless("answers to errands");
  Cursor in(*frame.body);
  while (in.good() && !in.at_end()) {
    ErrandAnswer& one = all.emplace_back();
    one.number = in.varint();
    one.served = in.u8_below(2) != 0;
    one.what = Bytes::part(frame.body, in.take(in.varint()));
  }
  if (!in.good()) return senseless("answers to errands");
  return all;
}

}  // namespace bowline::wire
