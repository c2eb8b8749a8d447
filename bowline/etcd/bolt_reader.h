// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "bowline/base/result.h"
#include "bowline/etcd/bolt_format.h"

namespace bowline::etcd::bolt {

// Reads a database that somebody else wrote, and believes nothing that it says: what makes no sense
// is an error.
class Reader {
 public:
  // Gives so many bytes from there on; an error, if there are fewer.
  using ReadAt = std::function<Result<std::string>(std::uint64_t offset, std::uint64_t bytes)>;
  using Visit = std::function<Result<void>(std::string_view key, std::string_view value)>;

  // Of a file that has so many bytes.
  static Result<Reader> open(ReadAt, std::uint64_t file_bytes);

  // All of one bucket, by rising keys; what is a bucket itself is left out. A bucket that is not
  // there is empty.
  Result<void> each(std::string_view bucket, const Visit&);

 private:
  struct Head {
    std::uint64_t page_bytes = 0;
    PageId root = 0;
    PageId pages = 0;
    std::uint64_t number = 0;
  };
  struct Page {
    std::uint16_t kind = 0;
    std::uint16_t count = 0;
    std::string bytes;  // with its head
  };
  struct Element {
    bool is_bucket = false;
    std::string_view key;
    std::string_view value;
  };
  using Take = std::function<Result<void>(const Element&)>;

  Reader(ReadAt read, std::uint64_t file_bytes) : read_(std::move(read)), file_(file_bytes) {}
  static std::optional<Head> head_in(std::string_view page);
  Result<void> find_head();
  Result<Page> page(PageId);
  static Result<Page> page_in(std::string bytes);
  static Result<Element> leaf_element(const Page&, std::size_t number);
  static PageId child(const Page&, std::size_t number);
  Result<void> walk(PageId, int depth, const Take&);
  Result<void> walk(const Page&, int depth, const Take&);

  ReadAt read_;
  std::uint64_t file_;
  Head head_;
  std::uint64_t pages_read_ = 0;  // no page twice: so no circle is followed for ever
};

}  // namespace bowline::etcd::bolt
