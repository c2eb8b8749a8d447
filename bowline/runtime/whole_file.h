// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "bowline/base/result.h"
#include "bowline/runtime/handle.h"

namespace bowline::runtime {

// A file for somebody else, written from front to back. It has its name only when it is whole and
// durable; destroyed before that, nothing is left of it. Its calls block. Not for two threads at
// once.
class WholeFile {
 public:
  explicit WholeFile(std::string path) : path_(std::move(path)), draft_(path_ + ".new") {}
  ~WholeFile();
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  Result<void> write(std::string_view bytes);
  Result<void> end();

 private:
  Result<void> failed(const std::string& what) const;

  std::string path_;
  std::string draft_;
  Handle file_;
};

}  // namespace bowline::runtime
