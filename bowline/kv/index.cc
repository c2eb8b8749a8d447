// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/index.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <string>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::kv {
namespace {

constexpr std::uint32_t half = fanout / 2;
constexpr std::uint32_t sparse = fanout / 4;      // a node with fewer looks for one to join
constexpr std::uint32_t joined = fanout * 3 / 4;  // which must leave some room

std::int64_t live_below(const IndexNode& node) {
  if (node.is_leaf) return std::popcount(as_leaf(node).live);
  std::int64_t sum = 0;
  for (std::uint32_t i = 0; i < node.count; ++i) sum += as_inner(node).live[i];
  return sum;
}

// The shortest that is greater than what lies left, and not greater than what lies right.
std::string bound_between(std::string_view left, std::string_view right) {
  return std::string(right.substr(0, common_prefix(left, right) + 1));
}

}  // namespace

Index::Index() : root_(std::make_unique<LeafNode>()) {}
Index::~Index() = default;

void Index::trade(Index& other) {
  std::swap(root_, other.root_);
  std::swap(live_, other.live_);
  std::swap(keys_, other.keys_);
  std::swap(leaves_, other.leaves_);
  std::swap(inners_, other.inners_);
}

bool Index::Spot::is_last(std::uint32_t level) const {
  for (std::uint32_t i = 0; i < level; ++i)
    if (turns_[i].child + 1 != turns_[i].node->count) return false;
  return true;
}

Index::Spot Index::find(std::string_view key) const {
  Spot spot;
  IndexNode* node = root_.get();
  while (!node->is_leaf) {
    InnerNode& inner = as_inner(*node);
    const std::uint32_t child = inner.child(key);
    ensure(spot.levels_ < most_levels);
    spot.turns_[spot.levels_++] = {&inner, child};
    node = inner.children[child].get();
  }
  spot.leaf_ = &as_leaf(*node);
  spot.at_ = spot.leaf_->lower(key);
  if (spot.at_ < spot.leaf_->count && spot.leaf_->keys[spot.at_]->view() == key)
    spot.key_ = spot.leaf_->keys[spot.at_];
  return spot;
}

Key* Index::get(std::string_view key) const {
  IndexNode* node = root_.get();
  while (!node->is_leaf) {
    InnerNode& inner = as_inner(*node);
    node = inner.children[inner.child(key)].get();
  }
  const LeafNode& leaf = as_leaf(*node);
  const std::uint32_t at = leaf.lower(key);
  return at < leaf.count && leaf.keys[at]->view() == key ? leaf.keys[at] : nullptr;
}

// Each round touches what the one before it has asked for.
void Index::warm(std::span<const std::string_view> keys) const {
  ensure(keys.size() <= most_warm);
  std::array<const LeafNode*, most_warm> leaves{};
  std::array<Key* const*, most_warm> found{};
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const IndexNode* node = root_.get();
    while (!node->is_leaf) node = as_inner(*node).children[as_inner(*node).child(keys[i])].get();
    leaves[i] = &as_leaf(*node);
    const auto* const bytes = reinterpret_cast<const char*>(leaves[i]);
    for (std::size_t at = 0; at < sizeof(IndexNode); at += 64) __builtin_prefetch(bytes + at);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const LeafNode& leaf = *leaves[i];
    const auto end = leaf.heads.begin() + leaf.count;
    const auto at = std::lower_bound(leaf.heads.begin(), end, head_of(keys[i], leaf.skip));
    found[i] = at == end ? nullptr : &leaf.keys[static_cast<std::size_t>(at - leaf.heads.begin())];
    if (found[i] != nullptr) __builtin_prefetch(static_cast<const void*>(found[i]));
  }
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (found[i] != nullptr) __builtin_prefetch(*found[i]);
  for (std::size_t i = 0; i < keys.size(); ++i)
    if (found[i] != nullptr) __builtin_prefetch((*found[i])->newest);
}

void Index::count(const Spot& spot, std::int64_t by) {
  for (std::uint32_t i = 0; i < spot.levels_; ++i)
    spot.turns_[i].node->live[spot.turns_[i].child] += by;
}

void Index::insert(const Spot& spot, Key& key, bool live) {
  ensure(spot.key_ == nullptr);
  ++keys_;
  if (live) {
    ++live_;
    count(spot, 1);
  }
  if (spot.leaf_->count < fanout) return spot.leaf_->insert(spot.at_, key, live);
  split(spot, key, live);
}

void Index::set_live(const Spot& spot, bool live) {
  ensure(spot.key_ != nullptr && spot.leaf_->is_live(spot.at_) != live);
  spot.leaf_->live ^= std::uint64_t{1} << spot.at_;
  live_ += live ? 1 : -1;
  count(spot, live ? 1 : -1);
}

// Keys that come in their order fill each leaf.
void Index::split(const Spot& spot, Key& key, bool live) {
  LeafNode& left = *spot.leaf_;
  auto right = std::make_unique<LeafNode>();
  ++leaves_;
  const bool appends = spot.at_ == left.count && spot.is_last(spot.levels_);
  if (!appends) left.move_tail(half, *right);
  if (spot.at_ <= half && !appends) {
    left.insert(spot.at_, key, live);
  } else {
    right->insert(spot.at_ - left.count, key, live);
  }
  std::string bound = bound_between(left.keys[left.count - 1]->view(), right->keys[0]->view());
  adopt(spot, spot.levels_, std::move(right), std::move(bound));
}

void Index::adopt(const Spot& spot, std::uint32_t level, std::unique_ptr<IndexNode> right,
                  std::string bound) {
  const std::int64_t moved = live_below(*right);
  if (level == 0) {
    auto root = std::make_unique<InnerNode>();
    ++inners_;
    const std::int64_t stayed = live_below(*root_);
    root->insert(0, std::move(root_), {}, stayed);
    root->insert(1, std::move(right), std::move(bound), moved);
    root_ = std::move(root);
    return;
  }
  const Spot::Turn& turn = spot.turns_[level - 1];
  InnerNode& parent = *turn.node;
  const std::uint32_t at = turn.child + 1;
  parent.live[turn.child] -= moved;
  if (parent.count < fanout) return parent.insert(at, std::move(right), std::move(bound), moved);
  auto other = std::make_unique<InnerNode>();
  ++inners_;
  const bool appends = at == parent.count && spot.is_last(level - 1);
  if (!appends) parent.move_tail(half, *other);
  if (at <= half && !appends) {
    parent.insert(at, std::move(right), std::move(bound), moved);
  } else {
    other->insert(at - parent.count, std::move(right), std::move(bound), moved);
  }
  std::string middle = other->bounds[0];
  adopt(spot, level - 1, std::move(other), std::move(middle));
}

void Index::erase(const Spot& spot) {
  ensure(spot.key_ != nullptr);
  --keys_;
  if (spot.leaf_->is_live(spot.at_)) {
    --live_;
    count(spot, -1);
  }
  spot.leaf_->erase(spot.at_);
  shrink(spot, spot.levels_);
  lower_root();
}

void Index::shrink(const Spot& spot, std::uint32_t level) {
  if (level == 0) return;
  InnerNode& parent = *spot.turns_[level - 1].node;
  const std::uint32_t at = spot.turns_[level - 1].child;
  const IndexNode& node = *parent.children[at];
  if (node.count >= sparse) return;
  if (node.count == 0) {
    --(node.is_leaf ? leaves_ : inners_);
    parent.erase(at);
  } else if (at + 1 < parent.count && node.count + parent.children[at + 1]->count <= joined) {
    merge(parent, at);
  } else if (at > 0 && node.count + parent.children[at - 1]->count <= joined) {
    merge(parent, at - 1);
  } else {
    return;
  }
  shrink(spot, level - 1);
}

void Index::merge(InnerNode& parent, std::uint32_t at) {
  IndexNode& left = *parent.children[at];
  IndexNode& right = *parent.children[at + 1];
  --(left.is_leaf ? leaves_ : inners_);
  if (left.is_leaf) {
    as_leaf(right).move_tail(0, as_leaf(left));
  } else {
    as_inner(right).bounds[0] = parent.bounds[at + 1];  // it has to be true now
    as_inner(right).move_tail(0, as_inner(left));
  }
  parent.live[at] += parent.live[at + 1];
  parent.erase(at + 1);
}

void Index::lower_root() {
  while (!root_->is_leaf && root_->count == 1) {
    std::unique_ptr<IndexNode> only = std::move(as_inner(*root_).children[0]);
    root_ = std::move(only);
    --inners_;
  }
  if (root_->is_leaf || root_->count > 0) return;
  root_ = std::make_unique<LeafNode>();
  --inners_;
  ++leaves_;
}

std::int64_t Index::live_before(std::string_view key) const {
  std::int64_t before = 0;
  const IndexNode* node = root_.get();
  while (!node->is_leaf) {
    const InnerNode& inner = as_inner(*node);
    const std::uint32_t child = inner.child(key);
    for (std::uint32_t i = 0; i < child; ++i) before += inner.live[i];
    node = inner.children[child].get();
  }
  const LeafNode& leaf = as_leaf(*node);
  const std::uint32_t at = leaf.lower(key);
  const std::uint64_t mask = at >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << at) - 1;
  return before + std::popcount(leaf.live & mask);
}

std::int64_t Index::live_in(const Interval& keys) const {
  if (keys.is_empty()) return 0;
  if (keys.is_single()) {
    const Key* const key = get(keys.key);
    return key != nullptr && key->newest->is_live() ? 1 : 0;
  }
  const std::int64_t end = keys.is_unbounded() ? live_ : live_before(keys.range_end);
  return end - live_before(keys.key);
}

namespace {

struct Below {
  std::int64_t live = 0;
  std::int64_t keys = 0;
  std::uint64_t leaves = 0;
  std::uint64_t inners = 0;
  std::uint32_t height = 0;
  std::string_view first;
  std::string_view last;
};

Below check_leaf(const LeafNode& leaf) {
  Below below{
      .live = std::popcount(leaf.live), .keys = leaf.count, .leaves = 1, .first = {}, .last = {}};
  for (std::uint32_t i = 0; i < leaf.count; ++i) {
    const std::string_view key = leaf.keys[i]->view();
    if (i > 0) ensure(leaf.keys[i - 1]->view() < key);
    ensure(leaf.heads[i] == head_of(key, leaf.skip));
    ensure(key.substr(0, leaf.skip) == leaf.keys[0]->view().substr(0, leaf.skip));
    ensure(leaf.is_live(i) == leaf.keys[i]->newest->is_live());
  }
  ensure(leaf.count == fanout || leaf.live >> leaf.count == 0);
  if (leaf.count > 0) below.first = leaf.keys[0]->view();
  if (leaf.count > 0) below.last = leaf.keys[leaf.count - 1]->view();
  return below;
}

Below check_node(const IndexNode& node) {
  if (node.is_leaf) return check_leaf(as_leaf(node));
  const InnerNode& inner = as_inner(node);
  Below all{.inners = 1, .first = {}, .last = {}};
  ensure(inner.count > 0);
  for (std::uint32_t i = 0; i < inner.count; ++i) {
    const Below below = check_node(*inner.children[i]);
    ensure(below.live == inner.live[i] && below.keys > 0);
    if (i > 0) {
      ensure(below.height + 1 == all.height);
      ensure(all.last < inner.bounds[i] && inner.bounds[i] <= below.first);
      ensure(inner.heads[i] == head_of(inner.bounds[i], inner.skip));
    } else {
      all.first = below.first;
    }
    all.height = below.height + 1;
    all.last = below.last;
    all.live += below.live;
    all.keys += below.keys;
    all.leaves += below.leaves;
    all.inners += below.inners;
  }
  return all;
}

}  // namespace

void Index::check() const {
  const Below all = check_node(*root_);
  ensure(all.live == live_ && all.keys == keys_);
  ensure(all.leaves == leaves_ && all.inners == inners_);
}

}  // namespace bowline::kv
