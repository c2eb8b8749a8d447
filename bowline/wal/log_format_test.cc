// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "bowline/wal/golden_format.h"

// Is the log on disk what docs/LOG_FORMAT.md shows? With --write the example is put there, and into
// the golden file beside this one. A difference in it is a new format: old logs cannot be read.
namespace {

constexpr const char* golden = "bowline/wal/golden/log.txt";
constexpr const char* page = "docs/LOG_FORMAT.md";
constexpr std::string_view fence = "```";
constexpr std::string_view begin = "```text\nThe file 'identity':";

std::string contents_of(const char* path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// The page with this example in place of the one that it has; empty: it has none.
std::string with_example(const std::string& text, const std::string& example) {
  const std::size_t from = text.find(begin);
  if (from == std::string::npos) return {};
  const std::size_t first = text.find('\n', from) + 1;
  const std::size_t end = text.find(fence, first);
  return text.substr(0, first) + example + text.substr(end);
}

}  // namespace

int main(int argc, char** argv) {
  const bool write = argc == 2 && std::string_view(argv[1]) == "--write";
  const std::string example = bowline::wal::golden_format();
  const std::string text = contents_of(page);
  const std::string wanted = with_example(text, example);
  if (wanted.empty()) {
    std::printf("%s shows no log: a block that begins with \"The file 'identity':\"\n", page);
    return 1;
  }
  if (write) {
    std::ofstream(golden) << example;
    std::ofstream(page) << wanted;
    return 0;
  }
  if (example == contents_of(golden) && text == wanted) {
    std::printf("the log on disk is as %s shows it\n", page);
    return 0;
  }
  std::printf(
      "the log on disk is not what %s or %s shows. If the format was meant to change, raise its "
      "version and run ./dev golden --write; this is what it is now:\n%s",
      golden, page, example.c_str());
  return 1;
}
