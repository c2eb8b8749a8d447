// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/bolt_writer.h"

#include <utility>

#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"

namespace bowline::etcd::bolt {
namespace {

constexpr PageId free_list = 2;

// Full pages that a page of so many bytes takes.
constexpr std::size_t pages_of(std::size_t bytes) { return (bytes + page_bytes - 1) / page_bytes; }

}  // namespace

Writer::Writer(const Plan& plan) : counts_(false) {
  put_heads(plan);
  put_free_list();
}

void Writer::put_heads(const Plan& plan) {
  for (std::uint64_t number = 0; number < 2; ++number) {
    std::string page;
    put(page, number);  // its id
    put(page, head_page);
    put(page, std::uint16_t{0});
    put(page, std::uint32_t{0});
    put(page, magic);
    put(page, version);
    put(page, std::uint32_t{page_bytes});
    put(page, std::uint32_t{0});
    put(page, plan.root);
    put(page, std::uint64_t{0});
    put(page, free_list);
    put(page, plan.pages);
    put(page, number);
    put(page, sum_of(std::string_view(page).substr(page_head_bytes, summed_bytes)));
    page.resize(page_bytes);
    out_ += page;
  }
}

void Writer::put_free_list() {
  put(out_, free_list);
  put(out_, free_page);
  put(out_, std::uint16_t{0});
  put(out_, std::uint32_t{0});
  end_page();
}

void Writer::end_page() { out_.resize(pages_of(out_.size()) * page_bytes); }

// The head of a page that will have so many bytes; out_ ends with a whole page, or is taken.
PageId Writer::page(std::uint16_t kind, std::size_t count, std::size_t bytes) {
  const PageId id = next_;
  next_ += pages_of(bytes);
  is_empty_ = false;
  if (counts_) return id;
  put(out_, id);
  put(out_, kind);
  put(out_, static_cast<std::uint16_t>(count));
  put(out_, static_cast<std::uint32_t>(pages_of(bytes) - 1));
  return id;
}

void Writer::begin_bucket(std::string_view name) {
  name_ = name;
  leaf_ = {};
  leaf_.bytes = page_head_bytes;
  branches_.clear();
  is_empty_ = true;
}

std::string* Writer::add(std::string_view key, std::size_t value_bytes) {
  return add(key, value_bytes, 0);
}

std::string* Writer::add(std::string_view key, std::size_t value_bytes, std::uint32_t flags) {
  const std::size_t bytes = element_bytes + key.size() + value_bytes;
  if (!leaf_.elements.empty() && leaf_.bytes + bytes > page_bytes) end_leaf();
  if (leaf_.elements.empty()) leaf_.first = key;
  leaf_.elements.push_back({flags, key.size(), value_bytes});
  leaf_.bytes += bytes;
  if (counts_) return nullptr;
  leaf_.data += key;
  return &leaf_.data;
}

PageId Writer::end_leaf() {
  const PageId id = page(leaf_page, leaf_.elements.size(), leaf_.bytes);
  if (!counts_) {
    std::size_t where = element_bytes * leaf_.elements.size();
    for (const Element& element : leaf_.elements) {
      put(out_, element.flags);
      put(out_, static_cast<std::uint32_t>(where));
      put(out_, static_cast<std::uint32_t>(element.key_bytes));
      put(out_, static_cast<std::uint32_t>(element.value_bytes));
      where += element.key_bytes + element.value_bytes - element_bytes;
    }
    out_ += leaf_.data;
    ensure(page_head_bytes + element_bytes * leaf_.elements.size() + leaf_.data.size() ==
           leaf_.bytes);
    end_page();
  }
  add_child(0, std::move(leaf_.first), id);
  leaf_.elements.clear();
  leaf_.data.clear();
  leaf_.bytes = page_head_bytes;
  return id;
}

void Writer::add_child(std::size_t level, std::string key, PageId id) {
  if (branches_.size() == level) branches_.push_back({.children = {}, .bytes = page_head_bytes});
  const std::size_t bytes = element_bytes + key.size();
  if (branches_[level].children.size() > 1 && branches_[level].bytes + bytes > page_bytes)
    end_branch(level);
  branches_[level].children.emplace_back(std::move(key), id);
  branches_[level].bytes += bytes;
}

void Writer::end_branch(std::size_t level) {
  const Branch ended =
      std::exchange(branches_[level], Branch{.children = {}, .bytes = page_head_bytes});
  const PageId id = page(branch_page, ended.children.size(), ended.bytes);
  if (!counts_) {
    std::size_t where = element_bytes * ended.children.size();
    for (const auto& [key, child] : ended.children) {
      put(out_, static_cast<std::uint32_t>(where));
      put(out_, static_cast<std::uint32_t>(key.size()));
      put(out_, child);
      where += key.size() - element_bytes;
    }
    for (const auto& [key, child] : ended.children) out_ += key;
    end_page();
  }
  add_child(level + 1, ended.children.front().first, id);
}

// What is left of each level, until there is one page above all.
PageId Writer::end_tree() {
  if (!leaf_.elements.empty() || is_empty_) end_leaf();
  for (std::size_t level = 0;; ++level) {
    const Branch& branch = branches_[level];
    if (level + 1 == branches_.size() && branch.children.size() == 1)
      return branch.children.front().second;
    if (!branch.children.empty()) end_branch(level);
  }
}

void Writer::end_bucket() {
  const bool is_new = buckets_.emplace(name_, end_tree()).second;
  ensure(is_new);
}

Writer::Plan Writer::end() {
  const auto buckets = std::exchange(buckets_, {});
  begin_bucket({});
  for (const auto& [name, root] : buckets) {
    std::string* const value = add(name, bucket_bytes, is_bucket);
    if (value == nullptr) continue;
    put(*value, root);
    put(*value, std::uint64_t{0});
  }
  const PageId root = end_tree();
  return {.pages = next_, .root = root};
}

}  // namespace bowline::etcd::bolt
