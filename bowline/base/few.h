// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline {

// In front of the elements of a list.
struct alignas(8) FewBlock {
  std::uint32_t size = 0;
  std::uint32_t room = 0;
};
inline FewBlock no_block;  // of all that are empty; nobody writes to it

// A vector for what is mostly empty: one word, and no more while there is nothing in it. What a
// busy time needed is given back when the last element goes, so that a group at rest is as small as
// one that never worked.
template <class T>
class Few {
 public:
  using value_type = T;
  using iterator = T*;
  using const_iterator = const T*;

  Few() = default;
  explicit Few(std::span<const T> elements) {
    if (elements.empty()) return;
    reserve(elements.size());
    std::uninitialized_copy(elements.begin(), elements.end(), begin());
    block_->size = static_cast<std::uint32_t>(elements.size());
  }
  Few(const Few& other) : Few(std::span<const T>(other)) {}
  Few(Few&& other) noexcept : block_(std::exchange(other.block_, &no_block)) {}
  Few& operator=(Few other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Few() { clear(); }

  bool empty() const { return size() == 0; }
  std::size_t size() const { return block_->size; }
  T* begin() { return first_of(block_); }
  const T* begin() const { return first_of(block_); }
  T* end() { return begin() + size(); }
  const T* end() const { return begin() + size(); }
  T& front() { return *begin(); }
  const T& front() const { return *begin(); }
  T& operator[](std::size_t at) { return *(begin() + at); }
  const T& operator[](std::size_t at) const { return *(begin() + at); }
  T& back() { return *(end() - 1); }
  const T& back() const { return *(end() - 1); }

  void push_back(T element) { emplace_back(std::move(element)); }
  template <class... Parts>  // none of them in this very list
  T& emplace_back(Parts&&... parts) {
    if (block_->size == block_->room) reserve(empty() ? 1 : 2 * size());
    T* const added = std::construct_at(end(), std::forward<Parts>(parts)...);
    ++block_->size;
    return *added;
  }
  T* insert(const T* before, T element) {
    const std::ptrdiff_t at = before - begin();
    push_back(std::move(element));
    std::rotate(begin() + at, end() - 1, end());
    return begin() + at;
  }
  void pop_back() { erase(end() - 1); }
  T* erase(const T* element) { return erase(element, element + 1); }
  T* erase(const T* first, const T* last) {
    ensure(begin() <= first && first <= last && last <= end());  // else all empty lists would go
    T* const gap = begin() + (first - begin());
    if (first == last) return gap;
    T* const rest = std::move(begin() + (last - begin()), end(), gap);
    std::destroy(rest, end());
    block_->size -= static_cast<std::uint32_t>(last - first);
    if (!empty()) return gap;
    clear();
    return end();
  }
  void clear() {
    if (block_ == &no_block) return;
    std::destroy_n(begin(), size());
    give_back(std::exchange(block_, &no_block));
  }
  void reserve(std::size_t room) {
    if (room <= block_->room) return;
    FewBlock* const larger = allocate(room);
    std::uninitialized_move(begin(), end(), first_of(larger));
    larger->size = static_cast<std::uint32_t>(size());
    clear();
    block_ = larger;
  }

 private:
  static_assert(std::is_nothrow_move_constructible_v<T> && alignof(T) <= alignof(FewBlock));

  static T* first_of(FewBlock* block) { return reinterpret_cast<T*>(block + 1); }
  static std::size_t bytes(std::size_t room) { return sizeof(FewBlock) + room * sizeof(T); }
  static FewBlock* allocate(std::size_t room) {
    void* const place = std::allocator<std::byte>().allocate(bytes(room));
    return std::construct_at(static_cast<FewBlock*>(place),
                             FewBlock{0, static_cast<std::uint32_t>(room)});
  }
  static void give_back(FewBlock* block) {
    void* const place = block;
    std::allocator<std::byte>().deallocate(static_cast<std::byte*>(place), bytes(block->room));
  }

  FewBlock* block_ = &no_block;
};

template <class T, class Predicate>
std::size_t erase_if(Few<T>& list, Predicate predicate) {
  const auto gone = std::ranges::remove_if(list, predicate);
  const std::size_t count = gone.size();
  if (count > 0) list.erase(gone.begin(), gone.end());
  return count;
}

}  // namespace bowline
