// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bowline/kv/answer.h"
#include "bowline/kv/item.h"
#include "bowline/kv/pins.h"
#include "bowline/kv/request.h"
#include "bowline/kv/store.h"
#include "bowline/kv/weight.h"

namespace bowline::kv {

// A range that looks at many keys, in slices, while commands go on. It says what Store::range()
// would have said when this was made: a pin keeps what was there. Nothing in it grows with the keys
// of the interval but what is going to be in the answer: 24 bytes for each of these.
class LongRange {
 public:
  // Would Store::range() look at more than so many keys? Of a past revision nobody knows: keys that
  // are gone are not counted, and each key has versions since. So it would, unless it is refused.
  static bool is_long(const Store&, const Range&, std::uint64_t few);

  // Of the present, or of a revision that the store has. Not between a write and its commit.
  LongRange(const Store&, const Range&, const Weight&);

  // About so many keys more; what is left of them is told. False: the state was replaced, and there
  // will be no answer.
  bool step(std::uint64_t& most);

  // ---- Once that is over, and as long as the pin holds.
  bool is_ready() const { return phase_ == Phase::ready; }
  const Weight& weight() const { return weight_; }  // is it too much? Then that is the answer
  std::optional<Item> next();                       // in their order; nothing: that was all
  bool more() const { return more_; }
  std::int64_t count() const { return count_; }

  std::uint64_t held_bytes() const { return found_.capacity() * sizeof(Found); }

 private:
  enum class Phase : std::uint8_t { gathering, sorting, ready };
  struct Found {
    std::uint64_t rank = 0;    // of what is sorted by; of a value it is the beginning
    std::uint64_t number = 0;  // among those that were found, if the rank is the same
    const Version* version = nullptr;
  };

  void gather(std::uint64_t& most);
  bool look(const Key&, std::uint64_t& most);
  bool take(const Version&);
  Found found(const Version&);
  bool is_before(const Found&, const Found&) const;
  void sort(std::uint64_t& most);
  Item item(const Found&) const;

  const Store& store_;
  Range range_;  // without its keys
  bool is_present_;
  bool is_in_order_;
  std::int64_t revision_;
  Pin pin_;
  Weight weight_;
  std::size_t most_;
  std::string from_;             // the first key that was not seen
  std::string end_;              // of the interval
  const Version* at_ = nullptr;  // of that key, if it was begun: it is newer than the revision
  std::vector<Found> found_;     // a heap while it is gathered, if it has to be sorted
  std::uint64_t numbers_ = 0;    // how many were found
  std::uint64_t lightest_ = 0;   // that the answer can be, whatever comes
  std::size_t sorted_from_ = 0;  // from here on they are in their order
  std::size_t told_ = 0;
  std::int64_t count_ = 0;
  bool takes_;  // no: the rest is only counted
  bool is_too_much_ = false;
  bool more_ = false;
  bool is_all_ = false;  // of the interval was seen
  Phase phase_ = Phase::gathering;
};

}  // namespace bowline::kv
