// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/etcd/bolt_format.h"

namespace bowline::etcd::bolt {

// Writes a database page after page, each once and in its order, so that it can be sent while it is
// made. What the first page says depends on all others: so the same is done twice, first with a
// writer that only counts. It holds a page of each level of one tree.
class Writer {
 public:
  struct Plan {
    PageId pages = 0;  // in all
    PageId root = 0;
  };

  Writer() = default;            // that counts
  explicit Writer(const Plan&);  // that was counted

  // One bucket after the other; each name once.
  void begin_bucket(std::string_view name);
  // By rising keys. Append the value, all of it, to what is returned; null: it is only counted.
  std::string* add(std::string_view key, std::size_t value_bytes);
  void end_bucket();
  Plan end();

  // What is written and was not taken yet.
  std::string& out() { return out_; }

 private:
  struct Element {
    std::uint32_t flags = 0;
    std::size_t key_bytes = 0;
    std::size_t value_bytes = 0;
  };
  struct Leaf {
    std::vector<Element> elements;
    std::string first;      // key
    std::string data;       // keys and values
    std::size_t bytes = 0;  // of the page so far, were it written
  };
  struct Branch {
    std::vector<std::pair<std::string, PageId>> children;
    std::size_t bytes = 0;
  };

  std::string* add(std::string_view key, std::size_t value_bytes, std::uint32_t flags);
  void put_heads(const Plan&);
  void put_free_list();
  PageId page(std::uint16_t kind, std::size_t count, std::size_t bytes);
  void end_page();
  PageId end_leaf();
  void end_branch(std::size_t level);
  void add_child(std::size_t level, std::string key, PageId);
  PageId end_tree();

  bool counts_ = true;
  PageId next_ = 3;  // behind the heads and the free list
  std::string name_;
  std::map<std::string, PageId, std::less<>> buckets_;
  Leaf leaf_;
  std::vector<Branch> branches_;  // the lowest first
  bool is_empty_ = true;          // nothing of this tree has a page yet
  std::string out_;
};

}  // namespace bowline::etcd::bolt
