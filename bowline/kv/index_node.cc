// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/index_node.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::kv {
namespace {

// The first in [from, to) for which `is_before` is false.
template <class Before>
std::uint32_t partition(std::uint32_t from, std::uint32_t to, Before is_before) {
  std::uint32_t length = to - from;
  while (length > 0) {
    const std::uint32_t half = length / 2;
    const bool before = is_before(from + half);
    from = before ? from + half + 1 : from;
    length = before ? length - half - 1 : half;
  }
  return from;
}

// Where in [from, count) a key belongs: behind all that are less, or behind equal ones as well.
template <class At>
std::uint32_t locate(const IndexNode& node, std::uint32_t from, std::string_view key, At at,
                     bool behind_equal) {
  if (from == node.count) return from;
  const std::uint64_t head = head_of(key, node.skip);
  const std::uint32_t low =
      partition(from, node.count, [&](std::uint32_t i) { return node.heads[i] < head; });
  if (node.skip > 0) {  // all of them begin so; of this one more will be looked at in any case
    const std::string_view common = at(std::min(low, node.count - 1)).substr(0, node.skip);
    const int order = key.substr(0, node.skip).compare(common);
    if (order != 0) return order < 0 ? from : node.count;
  }
  std::uint32_t high = low;
  while (high < node.count && node.heads[high] == head) ++high;
  return partition(low, high, [&](std::uint32_t i) {
    const int order = at(i).compare(key);
    return order < 0 || (behind_equal && order == 0);
  });
}

template <class At>
void set_heads_of(IndexNode& node, std::uint32_t from, At at) {
  if (node.count <= from) return;
  node.skip = static_cast<std::uint32_t>(common_prefix(at(from), at(node.count - 1)));
  for (std::uint32_t i = from; i < node.count; ++i) node.heads[i] = head_of(at(i), node.skip);
}

template <class List>
void open_gap(List& list, std::uint32_t at, std::uint32_t count) {
  std::move_backward(list.begin() + at, list.begin() + count, list.begin() + count + 1);
}
template <class List>
void close_gap(List& list, std::uint32_t at, std::uint32_t count) {
  std::move(list.begin() + at + 1, list.begin() + count, list.begin() + at);
}

std::uint64_t low_bits(std::uint32_t count) {
  return count >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << count) - 1;
}

}  // namespace

std::uint64_t head_of(std::string_view key, std::size_t skip) {
  if (key.size() <= skip) return 0;
  std::uint64_t head = 0;
  std::memcpy(&head, key.data() + skip, std::min(sizeof head, key.size() - skip));
  if constexpr (std::endian::native == std::endian::little) head = std::byteswap(head);
  return head;
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

std::uint32_t LeafNode::lower(std::string_view key) const {
  return locate(*this, 0, key, [&](std::uint32_t i) { return keys[i]->view(); }, false);
}

void LeafNode::insert(std::uint32_t at, Key& key, bool lives) {
  ensure(count < fanout && at <= count);
  const std::size_t shared = count == 0 ? key.bytes : common_prefix(key.view(), keys[0]->view());
  open_gap(keys, at, count);
  open_gap(heads, at, count);
  keys[at] = &key;
  live = (live & low_bits(at)) | ((live & ~low_bits(at)) << 1);
  if (lives) live |= std::uint64_t{1} << at;
  ++count;
  if (shared < skip || count == 1) return set_heads();
  heads[at] = head_of(key.view(), skip);
}

void LeafNode::erase(std::uint32_t at) {
  ensure(at < count);
  close_gap(keys, at, count);
  close_gap(heads, at, count);
  live = (live & low_bits(at)) | (live >> 1 & ~low_bits(at));
  --count;
}

void LeafNode::move_tail(std::uint32_t from, LeafNode& to) {
  const std::uint32_t moved = count - from;
  ensure(from <= count && to.count + moved <= fanout);
  std::copy_n(keys.begin() + from, moved, to.keys.begin() + to.count);
  if (moved > 0) to.live |= (live >> from) << to.count;
  live &= low_bits(from);
  to.count += moved;
  count = from;
  to.set_heads();
  set_heads();
}

void LeafNode::set_heads() {
  set_heads_of(*this, 0, [&](std::uint32_t i) { return keys[i]->view(); });
}

std::uint32_t InnerNode::child(std::string_view key) const {
  const auto at = [&](std::uint32_t i) { return std::string_view(bounds[i]); };
  return locate(*this, 1, key, at, true) - 1;
}

void InnerNode::insert(std::uint32_t at, std::unique_ptr<IndexNode> node, std::string bound,
                       std::int64_t alive) {
  ensure(count < fanout && at <= count);
  open_gap(children, at, count);
  open_gap(bounds, at, count);
  open_gap(live, at, count);
  children[at] = std::move(node);
  bounds[at] = std::move(bound);
  live[at] = alive;
  ++count;
  set_heads();
}

void InnerNode::erase(std::uint32_t at) {
  ensure(at < count);
  close_gap(children, at, count);
  close_gap(bounds, at, count);
  close_gap(live, at, count);
  --count;
  children[count].reset();
  bounds[count] = {};
  set_heads();
}

void InnerNode::move_tail(std::uint32_t from, InnerNode& to) {
  ensure(from <= count && to.count + (count - from) <= fanout);
  for (std::uint32_t i = from; i < count; ++i, ++to.count) {
    to.children[to.count] = std::move(children[i]);
    to.bounds[to.count] = std::move(bounds[i]);
    to.live[to.count] = live[i];
    bounds[i] = {};
  }
  count = from;
  to.set_heads();
  set_heads();
}

void InnerNode::set_heads() {
  set_heads_of(*this, 1, [&](std::uint32_t i) { return std::string_view(bounds[i]); });
}

}  // namespace bowline::kv
