// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bowline/kv/interval.h"

namespace bowline::kv {

// Values by interval, and which intervals a key lies in. A balanced tree (AVL) by beginning and
// end, in which each node knows the one below it that ends last.
template <class T>
class IntervalTree {
 public:
  bool empty() const { return root_ == nullptr; }

  // Made if it is not there.
  T& get(const Interval& keys) {
    T* found = nullptr;
    root_ = insert(std::move(root_), keys, found);
    return *found;
  }
  T* find(const Interval& keys) const {
    const Node* node = root_.get();
    while (node != nullptr && node->keys() != keys)
      node = less(keys, node->keys()) ? node->left.get() : node->right.get();
    return node == nullptr ? nullptr : &node->value;
  }
  void erase(const Interval& keys) { root_ = erase(std::move(root_), keys); }

  // With the value of each interval that holds the key.
  template <class Visit>
  void match(std::string_view key, Visit visit) const {
    match(root_.get(), key, visit);
  }

 private:
  struct Node {
    std::string begin;
    std::string end;
    mutable T value{};
    int height = 1;
    const Node* last = nullptr;  // of this and those below it, the one that ends last
    std::unique_ptr<Node> left;
    std::unique_ptr<Node> right;
    Interval keys() const { return {begin, end}; }
  };
  using Tree = std::unique_ptr<Node>;

  static bool less(const Interval& a, const Interval& b) {
    return a.key != b.key ? a.key < b.key : a.range_end < b.range_end;
  }
  static bool ends_later(const Node& a, const Node& b) {
    if (b.keys().is_unbounded()) return false;
    return a.keys().is_unbounded() || a.end > b.end;
  }
  static int height(const Tree& tree) { return tree == nullptr ? 0 : tree->height; }
  static void settle(Node& node) {
    node.height = 1 + std::max(height(node.left), height(node.right));
    node.last = &node;
    for (const Tree* child : {&node.left, &node.right})
      if (*child != nullptr && ends_later(*(*child)->last, *node.last)) node.last = (*child)->last;
  }
  static Tree rotate_right(Tree tree) {
    Tree up = std::move(tree->left);
    tree->left = std::move(up->right);
    settle(*tree);
    up->right = std::move(tree);
    settle(*up);
    return up;
  }
  static Tree rotate_left(Tree tree) {
    Tree up = std::move(tree->right);
    tree->right = std::move(up->left);
    settle(*tree);
    up->left = std::move(tree);
    settle(*up);
    return up;
  }
  static Tree balance(Tree tree) {
    settle(*tree);
    const int lean = height(tree->left) - height(tree->right);
    if (lean > 1) {
      if (height(tree->left->left) < height(tree->left->right))
        tree->left = rotate_left(std::move(tree->left));
      return rotate_right(std::move(tree));
    }
    if (lean < -1) {
      if (height(tree->right->right) < height(tree->right->left))
        tree->right = rotate_right(std::move(tree->right));
      return rotate_left(std::move(tree));
    }
    return tree;
  }
  static Tree insert(Tree tree, const Interval& keys, T*& found) {
    if (tree == nullptr) {
      tree = std::make_unique<Node>();
      tree->begin = keys.key;
      tree->end = keys.range_end;
    }
    if (tree->keys() == keys) {
      found = &tree->value;
    } else {
      Tree& side = less(keys, tree->keys()) ? tree->left : tree->right;
      side = insert(std::move(side), keys, found);
    }
    return balance(std::move(tree));
  }
  static Tree erase(Tree tree, const Interval& keys) {
    if (tree == nullptr) return tree;
    if (tree->keys() == keys) {
      if (tree->left == nullptr) return std::move(tree->right);
      if (tree->right == nullptr) return std::move(tree->left);
      Tree next;
      Tree right = take_first(std::move(tree->right), next);
      next->left = std::move(tree->left);
      next->right = std::move(right);
      return balance(std::move(next));
    }
    Tree& side = less(keys, tree->keys()) ? tree->left : tree->right;
    side = erase(std::move(side), keys);
    return balance(std::move(tree));
  }
  static Tree take_first(Tree tree, Tree& first) {
    if (tree->left == nullptr) {
      Tree rest = std::move(tree->right);
      first = std::move(tree);
      return rest;
    }
    tree->left = take_first(std::move(tree->left), first);
    return balance(std::move(tree));
  }
  // Down the left side only where something ends late enough, and never right of the key.
  template <class Visit>
  static void match(const Node* node, std::string_view key, Visit& visit) {
    while (node != nullptr && node->last->keys().reaches(key)) {
      match(node->left.get(), key, visit);
      if (key < node->begin) return;
      if (node->keys().reaches(key)) visit(node->value);
      node = node->right.get();
    }
  }

  Tree root_;
};

}  // namespace bowline::kv
