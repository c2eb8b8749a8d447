// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace bowline {

// What belongs to an id, for what is asked for all the time: one look into a table where std::map
// goes through a tree. A value stays where it is until it is erased. In no order to rely on, but
// nothing here is drawn at random: it is the same in each run.
template <class Id, class T>
class IdMap {
 public:
  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  // nullptr: there is none.
  T* find(Id id) { return at(id); }
  const T* find(Id id) const { return at(id); }

  T& operator[](Id id) { return get(id); }
  // If there is none, it is made of these.
  template <class... Of>
  T& get(Id id, Of&&... of) {
    if (T* const found = at(id); found != nullptr) return *found;
    if (2 * (size_ + 1) > slots_.size()) grow();
    ++size_;
    return *put({id, std::make_unique<T>(std::forward<Of>(of)...)}).value;
  }

  void erase(Id id) {
    if (at(id) == nullptr) return;
    std::size_t hole = home(id);
    while (slots_[hole].id != id) hole = next(hole);
    slots_[hole].value.reset();
    --size_;
    // What follows without a gap moves up, but never before its home: there nobody would look.
    for (std::size_t i = next(hole); slots_[i].value != nullptr; i = next(i)) {
      if (distance(home(slots_[i].id), i) < distance(hole, i)) continue;
      slots_[hole] = std::move(slots_[i]);
      hole = i;
    }
  }

  // With each id and value.
  template <class Visit>
  void each(Visit visit) const {
    for (const Slot& slot : slots_)
      if (slot.value != nullptr) visit(slot.id, std::as_const(*slot.value));
  }

 private:
  struct Slot {
    Id id;
    std::unique_ptr<T> value;  // nullptr: free
  };

  // Its slot is here, or one of those behind it up to the first that is free. Half of them are.
  std::size_t home(Id id) const {
    const int shift = 64 - std::countr_zero(slots_.size());
    return (id.value * 0x9e3779b97f4a7c15) >> shift;  // ids are often numbered from 1
  }
  std::size_t next(std::size_t i) const { return (i + 1) & (slots_.size() - 1); }
  std::size_t distance(std::size_t from, std::size_t to) const {
    return (to - from) & (slots_.size() - 1);
  }

  T* at(Id id) const {
    if (slots_.empty()) return nullptr;
    std::size_t i = home(id);
    while (slots_[i].value != nullptr && slots_[i].id != id) i = next(i);
    return slots_[i].value.get();
  }
  Slot& put(Slot slot) {
    std::size_t i = home(slot.id);
    while (slots_[i].value != nullptr) i = next(i);
    return slots_[i] = std::move(slot);
  }
  void grow() {
    const std::size_t larger = slots_.empty() ? 8 : 2 * slots_.size();
    std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(larger));
    for (Slot& slot : old)
      if (slot.value != nullptr) put(std::move(slot));
  }

  std::vector<Slot> slots_;  // a power of two
  std::size_t size_ = 0;
};

}  // namespace bowline
