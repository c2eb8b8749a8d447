// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bowline/kv/version.h"

namespace bowline::kv {

inline constexpr std::uint32_t fanout = 64;  // one bit each in a word
inline constexpr std::uint32_t most_levels = 24;

// The eight bytes of a key that come first after those that all keys of a node have in common, so
// that most comparisons are of two numbers in the node itself. What is missing is zero, hence equal
// heads decide nothing, and different ones do.
std::uint64_t head_of(std::string_view key, std::size_t skip);
std::size_t common_prefix(std::string_view a, std::string_view b);

struct IndexNode {
  explicit IndexNode(bool leaf) : is_leaf(leaf) {}
  virtual ~IndexNode() = default;
  IndexNode(const IndexNode&) = delete;
  IndexNode& operator=(const IndexNode&) = delete;

  bool is_leaf;
  std::uint32_t count = 0;
  std::uint32_t skip = 0;  // so many bytes all have in common
  std::array<std::uint64_t, fanout> heads{};
};

struct LeafNode final : IndexNode {
  LeafNode() : IndexNode(true) {}
  // The first key that is not less than this one.
  std::uint32_t lower(std::string_view key) const;
  bool is_live(std::uint32_t at) const { return (live >> at & 1) != 0; }
  void insert(std::uint32_t at, Key&, bool lives);
  void erase(std::uint32_t at);
  void move_tail(std::uint32_t from, LeafNode& to);  // to the end of that one
  void set_heads();                                  // after a change of many

  std::uint64_t live = 0;  // a bit for each key
  std::array<Key*, fanout> keys{};
};

struct InnerNode final : IndexNode {
  InnerNode() : IndexNode(false) {}
  // Below which child this key belongs.
  std::uint32_t child(std::string_view key) const;
  void insert(std::uint32_t at, std::unique_ptr<IndexNode>, std::string bound, std::int64_t alive);
  void erase(std::uint32_t at);
  void move_tail(std::uint32_t from, InnerNode& to);
  void set_heads();

  // No key below a child is less than its bound. That of the first child is not looked at.
  std::array<std::string, fanout> bounds;
  std::array<std::unique_ptr<IndexNode>, fanout> children;
  std::array<std::int64_t, fanout> live{};  // keys below each child
};

inline const LeafNode& as_leaf(const IndexNode& node) { return static_cast<const LeafNode&>(node); }
inline const InnerNode& as_inner(const IndexNode& node) {
  return static_cast<const InnerNode&>(node);
}
inline LeafNode& as_leaf(IndexNode& node) { return static_cast<LeafNode&>(node); }
inline InnerNode& as_inner(IndexNode& node) { return static_cast<InnerNode&>(node); }

}  // namespace bowline::kv
