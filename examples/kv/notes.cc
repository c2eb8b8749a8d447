// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/notes.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "bowline/base/crc32c.h"

namespace bowline::examples::kv {
namespace {

// How much of the file is whole lines. A process that is killed while it writes may leave the
// first part of a line: Linux ends a write early at the end of a page then.
std::uint64_t whole_lines(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::uint64_t size = 0;
  for (std::string line; std::getline(file, line) && !file.eof();) size += line.size() + 1;
  return size;
}

}  // namespace

Result<Notes> Notes::open(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "a");
  std::error_code failed;
  if (file != nullptr) std::filesystem::resize_file(path, whole_lines(path), failed);
  Notes notes(file);
  if (file != nullptr && !failed) return notes;
  return std::unexpected(
      Error{Fault::io, "cannot write " + path + ": is its directory there, and ours?"});
}

void Notes::note(Index index, const Command& command) {
  std::fprintf(file_.get(), "%llu %llu %u\n", static_cast<unsigned long long>(index.value),
               static_cast<unsigned long long>(command.mark), crc32c(encode(command)));
  if (std::fflush(file_.get()) == 0) return;
  std::fputs("cannot write what was applied: is the disk full?\n", stderr);
  std::abort();
}

}  // namespace bowline::examples::kv
