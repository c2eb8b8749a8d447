// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/pieces.h"

#include <memory>

namespace bowline::wal {
namespace {

std::pmr::memory_resource& heap() { return *std::pmr::new_delete_resource(); }

}  // namespace

Pieces::~Pieces() {
  for (std::size_t i = 0; i < stacks_.size(); ++i) {
    while (Free* const top = stacks_[i].top) {
      stacks_[i].top = top->next;
      heap().deallocate(top, (i + 1) * step);
    }
  }
}

std::size_t Pieces::waiting_bytes() const {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < stacks_.size(); ++i) sum += stacks_[i].count * (i + 1) * step;
  return sum;
}

void* Pieces::do_allocate(std::size_t bytes, std::size_t alignment) {
  if (!is_small(bytes, alignment)) return heap().allocate(bytes, alignment);
  Stack& stack = of(bytes);
  if (stack.top == nullptr) return heap().allocate((bytes + step - 1) / step * step);
  --stack.count;
  Free* const piece = stack.top;
  stack.top = piece->next;
  return piece;
}

void Pieces::do_deallocate(void* place, std::size_t bytes, std::size_t alignment) {
  if (!is_small(bytes, alignment)) return heap().deallocate(place, bytes, alignment);
  Stack& stack = of(bytes);
  if (stack.count == most_waiting)
    return heap().deallocate(place, (bytes + step - 1) / step * step);
  ++stack.count;
  stack.top = std::construct_at(static_cast<Free*>(place), Free{stack.top});
}

}  // namespace bowline::wal
