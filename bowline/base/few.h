// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace bowline {

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
    reserve(elements.size());
    for (const T& element : elements) push_back(element);
  }
  Few(const Few& other) : Few(std::span<const T>(other)) {}
  Few(Few&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Few& operator=(Few other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Few() { clear(); }

  bool empty() const { return size() == 0; }
  std::size_t size() const { return block_ == nullptr ? 0 : block_->size; }
  T* begin() { return block_ == nullptr ? nullptr : first_of(block_); }
  const T* begin() const { return block_ == nullptr ? nullptr : first_of(block_); }
  T* end() { return begin() + size(); }
  const T* end() const { return begin() + size(); }
  T& front() { return *begin(); }
  const T& front() const { return *begin(); }
  T& back() { return *(end() - 1); }
  const T& back() const { return *(end() - 1); }

  void push_back(T element) { emplace_back(std::move(element)); }
  template <class... Parts>
  T& emplace_back(Parts&&... parts) {
    if (block_ == nullptr || block_->size == block_->room) reserve(size() == 0 ? 1 : 2 * size());
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
    if (first == begin() && last == end()) {
      clear();
      return end();
    }
    T* const gap = begin() + (first - begin());
    T* const rest = std::move(begin() + (last - begin()), end(), gap);
    std::destroy(rest, end());
    block_->size -= static_cast<std::uint32_t>(last - first);
    return gap;
  }
  void clear() {
    if (block_ == nullptr) return;
    std::destroy_n(begin(), block_->size);
    give_back(std::exchange(block_, nullptr));
  }
  void reserve(std::size_t room) {
    if (room <= (block_ == nullptr ? 0 : block_->room)) return;
    Block* const larger = allocate(room);
    std::uninitialized_move(begin(), end(), first_of(larger));
    larger->size = static_cast<std::uint32_t>(size());
    clear();
    block_ = larger;
  }

 private:
  struct alignas(8) Block {  // in front of the elements
    std::uint32_t size = 0;
    std::uint32_t room = 0;
  };
  static_assert(std::is_nothrow_move_constructible_v<T> && alignof(T) <= alignof(Block));

  static T* first_of(Block* block) { return static_cast<T*>(static_cast<void*>(block + 1)); }
  static std::size_t bytes(std::size_t room) { return sizeof(Block) + room * sizeof(T); }
  static Block* allocate(std::size_t room) {
    void* const place = std::allocator<std::byte>().allocate(bytes(room));
    return std::construct_at(static_cast<Block*>(place),
                             Block{0, static_cast<std::uint32_t>(room)});
  }
  static void give_back(Block* block) {
    void* const place = block;
    std::allocator<std::byte>().deallocate(static_cast<std::byte*>(place), bytes(block->room));
  }

  Block* block_ = nullptr;
};

template <class T, class Predicate>
std::size_t erase_if(Few<T>& list, Predicate predicate) {
  const auto gone = std::ranges::remove_if(list, predicate);
  const std::size_t count = gone.size();
  if (count > 0) list.erase(gone.begin(), gone.end());
  return count;
}

}  // namespace bowline
