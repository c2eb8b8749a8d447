// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bowline::rpc {

// Names and values beside a request, in their order. Names are lower case. One piece of memory for
// all of them, because each call has some and few are ever asked for.
class Metadata {
 public:
  void add(std::string_view name, std::string_view value);
  // The first value of that name; empty: it has none, or an empty one. A name that ends in "-bin"
  // has the bytes that the base64 on the wire stood for.
  std::string_view operator[](std::string_view wanted) const;
  bool has(std::string_view wanted) const;
  std::vector<std::string_view> all(std::string_view wanted) const;

  std::size_t size() const { return fields_.size(); }
  std::string_view name(std::size_t i) const;
  std::string_view value(std::size_t i) const;
  std::size_t bytes() const { return letters_.size(); }
  void clear();

 private:
  struct Field {
    std::uint32_t name = 0;  // where it begins in letters_
    std::uint32_t value = 0;
    std::uint32_t end = 0;
  };
  std::string letters_;
  std::vector<Field> fields_;
};

}  // namespace bowline::rpc
