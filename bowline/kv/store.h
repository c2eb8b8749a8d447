// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "bowline/kv/answer.h"
#include "bowline/kv/history.h"
#include "bowline/kv/index.h"
#include "bowline/kv/item.h"
#include "bowline/kv/pins.h"
#include "bowline/kv/request.h"
#include "bowline/kv/slabs.h"
#include "bowline/kv/values.h"
#include "bowline/kv/version.h"
#include "bowline/kv/weight.h"

namespace bowline::kv {

// The map with its whole past: in memory, but for old values if there are many. All writes between
// two calls of commit() are one revision; an empty map is at revision 1. On one thread, without
// locks. What is read views the memory of the store, and is good until it is next written to,
// swept, or cooled.
class Store {
 public:
  explicit Store(const ValueMemory& = {});
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // They change places. Nothing is pinned any more, in either.
  void trade(Store&);

  std::int64_t revision() const { return revision_; }
  std::int64_t compacted() const { return compacted_; }  // this one is still readable; -1: none
  std::int64_t keys() const { return index_.live(); }

  // --- Reading. Between a write and its commit() it sees what was written.
  std::expected<RangeAnswer, Refusal> range(const Range&) const;
  // The same, as long as all that was taken for this weight is not too much: answer_too_large.
  std::expected<RangeAnswer, Refusal> range(const Range&, Weight&) const;
  // The same below what is compacted, if the pin reaches there.
  std::expected<RangeAnswer, Refusal> range(const Range&, const Pin&) const;
  const Version* find(std::string_view key) const;    // the present one; null: there is no such key
  std::int64_t count(const Interval&) const;          // at present, in O(log n)
  template <class Visit>                              // Visit(const Version&): false ends it
  void each(const Interval& keys, Visit visit) const  // at present, by key
  {
    index_.each_live(keys, [&](const Key& key) { return visit(*key.newest); });
  }
  template <class Visit>                                  // Visit(const Key&), of each key with a
  bool each_key(const Interval& keys, Visit visit) const  // past: it may not be there at present
  {
    return index_.each(keys, visit);
  }
  Item item(const Version&) const;
  Event event(const Version&, bool with_before) const;

  // These keys are going to be written to, Index::most_warm at most.
  void warm(std::span<const std::string_view> keys) const { index_.warm(keys); }

  // --- Writing.
  // It becomes the present one of its key; `older` is what was there, if anything.
  const Version& put(std::string_view key, std::string_view value, LeaseId);
  const Version& erase(const Version& present);  // of a key that is there
  // Was there a write? Then the revision is a new one now.
  bool commit();
  bool is_written() const { return written_ > 0; }  // since the last commit()
  std::uint64_t puts() const { return puts_; }      // of this process; of erase() likewise
  std::uint64_t erasures() const { return erasures_; }

  // --- The past, in the order of revisions: each write at `from` or later that is not compacted.
  // A place in it is named by its number, which stays the same for all time.
  const History& history() const { return history_; }

  // --- Compaction. From compact() on older revisions are refused; their memory comes back in
  // slices, as far as no pin needs them.
  Refusal compact(std::int64_t revision);
  bool is_swept() const;              // all that may be forgotten is
  bool can_sweep() const;             // is there work for sweep()? Not while it waits for a disk
  void sweep(std::uint64_t most);     // so many writes of the past
  Pin pin(std::int64_t floor) const;  // floor >= compacted()
  std::size_t pins() const { return pins_ == nullptr ? 0 : pins_->size(); }  // that hold

  // --- Values that memory has no room for. The oldest go, in slices; what they leave behind is
  // put in order in slices, too.
  bool can_cool() const;  // is there work for cool()? Not while it waits for a disk: ask again
  void cool(std::uint64_t most);
  bool want(const Version& version) const { return values_.want(version); }
  const Values& values() const { return values_; }

  void check() const;                  // for tests: what must hold of it
  std::uint64_t bytes() const;         // of memory taken, and of the file of old values
  std::uint64_t bytes_in_use() const;  // of these, those that hold something
  std::uint64_t memory_bytes() const;  // of memory taken
  std::uint64_t memory_bytes_in_use() const;

 private:
  friend class StoreLoader;
  struct Taking;
  void present(Taking&) const;
  void past(Taking&, std::int64_t revision) const;
  std::expected<RangeAnswer, Refusal> range(const Range&, const Pin&, Weight&) const;
  std::int64_t sweep_target() const;
  Key& make_key(std::string_view key);
  Version& append(Key&, std::string_view value);
  void forget_older(Version&, std::int64_t target);
  void forget(Version&);
  void forget_key(Key&);

  std::int64_t revision_ = first_revision;
  std::int64_t compacted_ = -1;
  std::int64_t swept_ = -1;  // how far compaction has come
  std::int64_t sweeping_to_ = -1;
  History::Place sweep_at_ = 0;
  History::Place cool_at_ = 0;  // what is before it may have gone
  std::uint32_t written_ = 0;
  std::uint64_t puts_ = 0;
  std::uint64_t erasures_ = 0;
  Slabs slabs_;
  Values values_;
  Index index_;
  History history_;
  std::shared_ptr<PinnedFloors> pins_;
};

// What a key was at that revision; null: it was not there.
const Version* version_at(const Key&, std::int64_t revision);

// What is kept of a key as of a revision, the newest first: all that was written from the compacted
// revision on, and before that what was there then. The same on each replica, however far its
// compaction has come.
void kept_of(const Key&, std::int64_t compacted, std::int64_t revision,
             std::vector<const Version*>& kept);

}  // namespace bowline::kv
