// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdio>
#include <memory>
#include <string>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "examples/kv/command.h"

namespace bowline::examples::kv {

// A file with a line for each command that was applied here, for a checker: its index, its mark, a
// checksum. All lives of a member write into the same one.
class Notes {
 public:
  static Result<Notes> open(const std::string& path);

  // Written before anybody is told, so that no end of the process loses a line somebody relies on.
  void note(Index, const Command&);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit Notes(std::FILE* file) : file_(file) {}
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace bowline::examples::kv
