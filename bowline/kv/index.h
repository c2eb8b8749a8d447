// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bowline/kv/index_node.h"
#include "bowline/kv/interval.h"
#include "bowline/kv/version.h"

namespace bowline::kv {

// All keys that have a past, in their order: a B+ tree that knows how many live keys are below each
// of its nodes, so that counting and skipping cost a walk from the root. A key is live if it is
// there at present.
class Index {
 public:
  Index();
  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  void trade(Index&);  // they change places

  // Where a key is, or would be. Good until the tree is changed.
  class Spot {
   public:
    Key* key() const { return key_; }  // null: it is not there

   private:
    friend class Index;
    struct Turn {
      InnerNode* node = nullptr;
      std::uint32_t child = 0;
    };
    bool is_last(std::uint32_t level) const;  // all the way at the right, so far down

    std::array<Turn, most_levels> turns_;  // from the root down
    std::uint32_t levels_ = 0;
    LeafNode* leaf_ = nullptr;
    std::uint32_t at_ = 0;
    Key* key_ = nullptr;
  };
  Spot find(std::string_view key) const;
  Key* get(std::string_view key) const;
  // These are going to be looked for, most_warm at most. It changes nothing but how long that
  // takes: the memory that they need is fetched for all of them at once, and not one after the
  // other.
  static constexpr std::size_t most_warm = 16;
  void warm(std::span<const std::string_view> keys) const;

  void insert(const Spot&, Key&, bool live);
  void set_live(const Spot&, bool live);
  void erase(const Spot&);

  std::int64_t live() const { return live_; }
  std::int64_t keys() const { return keys_; }  // those that are not live, too
  std::int64_t live_in(const Interval&) const;
  // Visit(const Key&): false ends it. Gives false then.
  template <class Visit>
  bool each_live(const Interval& keys, Visit visit) const {
    return walk(*root_, keys, true, true, visit);
  }
  template <class Visit>
  bool each(const Interval& keys, Visit visit) const {
    return walk(*root_, keys, true, false, visit);
  }

  std::uint64_t bytes() const { return leaves_ * sizeof(LeafNode) + inners_ * sizeof(InnerNode); }
  void check() const;  // for tests: what must hold of the tree

 private:
  template <class Visit>
  static bool walk(const IndexNode&, const Interval&, bool from_begin, bool live_only, Visit&);
  template <class Visit>
  static bool walk_leaf(const LeafNode&, const Interval&, bool from_begin, bool live_only, Visit&);
  std::int64_t live_before(std::string_view key) const;
  static void count(const Spot&, std::int64_t by);
  void split(const Spot&, Key&, bool live);
  void adopt(const Spot&, std::uint32_t level, std::unique_ptr<IndexNode> right, std::string bound);
  void shrink(const Spot&, std::uint32_t level);
  void merge(InnerNode& parent, std::uint32_t at);  // this child and the next
  void lower_root();

  std::unique_ptr<IndexNode> root_;
  std::int64_t live_ = 0;
  std::int64_t keys_ = 0;
  std::uint64_t leaves_ = 1;
  std::uint64_t inners_ = 0;
};

// What lies right of the first child on the way down needs no look at where the interval begins.
template <class Visit>
bool Index::walk(const IndexNode& node, const Interval& keys, bool from_begin, bool live_only,
                 Visit& visit) {
  if (node.is_leaf) return walk_leaf(as_leaf(node), keys, from_begin, live_only, visit);
  const InnerNode& inner = as_inner(node);
  const std::uint32_t first = from_begin ? inner.child(keys.key) : 0;
  for (std::uint32_t i = first; i < inner.count; ++i) {
    if (i > first && !keys.reaches(inner.bounds[i])) return true;
    if (live_only && inner.live[i] == 0) continue;
    const bool at_begin = from_begin && i == first;
    if (!walk(*inner.children[i], keys, at_begin, live_only, visit)) return false;
  }
  return true;
}

template <class Visit>
bool Index::walk_leaf(const LeafNode& leaf, const Interval& keys, bool from_begin, bool live_only,
                      Visit& visit) {
  for (std::uint32_t i = from_begin ? leaf.lower(keys.key) : 0; i < leaf.count; ++i) {
    if (live_only && !leaf.is_live(i)) continue;
    const Key& key = *leaf.keys[i];
    if (!keys.reaches(key.view())) return true;
    if (!visit(key)) return false;
  }
  return true;
}

}  // namespace bowline::kv
