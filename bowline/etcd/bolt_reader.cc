// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/bolt_reader.h"

#include <bit>
#include <utility>

#include "bowline/base/encoding.h"

namespace bowline::etcd::bolt {
namespace {

constexpr int most_depth = 64;
constexpr std::uint64_t least_page = 512;
constexpr std::uint64_t most_page = 1 << 20;

std::unexpected<Error> damaged(std::string what) {
  return std::unexpected(Error{Fault::corrupt, "it is no database of bbolt: " + std::move(what)});
}

}  // namespace

Result<Reader> Reader::open(ReadAt read, std::uint64_t file_bytes) {
  Reader reader(std::move(read), file_bytes);
  if (Result<void> found = reader.find_head(); !found) return std::unexpected(found.error());
  return reader;
}

std::optional<Reader::Head> Reader::head_in(std::string_view page) {
  if (page.size() < page_head_bytes + head_bytes) return std::nullopt;
  const std::string_view bytes = page.substr(page_head_bytes, head_bytes);
  Cursor in(bytes);
  if (in.u32() != magic || in.u32() != version) return std::nullopt;
  Head head;
  head.page_bytes = in.u32();
  in.u32();
  head.root = in.u64();
  in.u64();
  in.u64();
  head.pages = in.u64();
  head.number = in.u64();
  if (in.u64() != sum_of(bytes.substr(0, summed_bytes))) return std::nullopt;
  const bool is_page_size = std::has_single_bit(head.page_bytes) && head.page_bytes >= least_page &&
                            head.page_bytes <= most_page;
  return is_page_size ? std::optional(head) : std::nullopt;
}

// The second is where the first says that a page ends; if the first is not good, it is looked for.
Result<void> Reader::find_head() {
  std::optional<Head> best;
  constexpr std::size_t bytes = page_head_bytes + head_bytes;
  const auto look = [&](std::uint64_t offset) {
    if (offset + bytes > file_) return;
    const Result<std::string> page = read_(offset, bytes);
    const std::optional<Head> head = page ? head_in(*page) : std::nullopt;
    if (head && (!best || head->number > best->number)) best = head;
  };
  look(0);
  if (best) {
    look(best->page_bytes);
  } else {
    for (std::uint64_t size = least_page; size <= most_page; size *= 2) look(size);
  }
  if (!best) return damaged("neither of its heads is whole");
  if (best->pages > file_ / best->page_bytes) return damaged("it is shorter than its head says");
  head_ = *best;
  return {};
}

Result<Reader::Page> Reader::page_in(std::string bytes) {
  Page page;
  page.bytes = std::move(bytes);
  Cursor in(page.bytes);
  in.u64();
  page.kind = in.u16();
  page.count = in.u16();
  if (!in.good() || (page.kind != leaf_page && page.kind != branch_page))
    return damaged("a page is of an unknown kind");
  if (page_head_bytes + page.count * element_bytes > page.bytes.size())
    return damaged("a page has more elements than there is room for");
  return page;
}

Result<Reader::Page> Reader::page(PageId id) {
  if (id < 2 || id >= head_.pages || ++pages_read_ > head_.pages)
    return damaged("a page is where none can be");
  const std::uint64_t offset = id * head_.page_bytes;
  const Result<std::string> front = read_(offset, page_head_bytes);
  if (!front) return std::unexpected(front.error());
  const std::uint64_t more = load<std::uint32_t>(front->data() + 12);
  if (load<std::uint64_t>(front->data()) != id || more >= head_.pages - id)
    return damaged("a page says that it is another one");
  Result<std::string> bytes = read_(offset, (more + 1) * head_.page_bytes);
  if (!bytes) return std::unexpected(bytes.error());
  return page_in(*std::move(bytes));
}

Result<Reader::Element> Reader::leaf_element(const Page& page, std::size_t number) {
  const std::size_t at = page_head_bytes + number * element_bytes;
  Cursor in(std::string_view(page.bytes).substr(at));
  Element element;
  element.is_bucket = (in.u32() & is_bucket) != 0;
  const std::uint64_t key_at = at + in.u32();
  const std::uint64_t key_bytes = in.u32();
  const std::uint64_t value_bytes = in.u32();
  if (key_at + key_bytes + value_bytes > page.bytes.size())
    return damaged("an element points out of its page");
  element.key = std::string_view(page.bytes).substr(key_at, key_bytes);
  element.value = std::string_view(page.bytes).substr(key_at + key_bytes, value_bytes);
  return element;
}

PageId Reader::child(const Page& page, std::size_t number) {
  Cursor in(std::string_view(page.bytes).substr(page_head_bytes + number * element_bytes));
  in.u32();
  in.u32();
  return in.u64();
}

Result<void> Reader::walk(PageId id, int depth, const Take& take) {
  if (depth > most_depth) return damaged("it is too deep");
  const Result<Page> found = page(id);
  if (!found) return std::unexpected(found.error());
  return walk(*found, depth, take);
}

Result<void> Reader::walk(const Page& page, int depth, const Take& take) {
  for (std::size_t i = 0; i < page.count; ++i) {
    if (page.kind == branch_page) {
      if (Result<void> walked = walk(child(page, i), depth + 1, take); !walked) return walked;
      continue;
    }
    const Result<Element> element = leaf_element(page, i);
    if (!element) return std::unexpected(element.error());
    if (Result<void> taken = take(*element); !taken) return taken;
  }
  return {};
}

Result<void> Reader::each(std::string_view bucket, const Visit& visit) {
  pages_read_ = 0;
  std::optional<std::string> found;
  Result<void> walked = walk(head_.root, 0, [&](const Element& element) -> Result<void> {
    if (element.is_bucket && element.key == bucket) found = element.value;
    return {};
  });
  if (!walked || !found) return walked;
  if (found->size() < bucket_bytes) return damaged("a bucket has no head");
  const PageId root = load<std::uint64_t>(found->data());
  const Take take = [&](const Element& element) -> Result<void> {
    return element.is_bucket ? Result<void>() : visit(element.key, element.value);
  };
  pages_read_ = 0;
  if (root != 0) return walk(root, 0, take);
  const Result<Page> within = page_in(found->substr(bucket_bytes));
  if (!within) return std::unexpected(within.error());
  if (within->kind != leaf_page) return damaged("a small bucket has large pages");
  return walk(*within, 0, take);
}

}  // namespace bowline::etcd::bolt
