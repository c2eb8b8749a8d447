// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/raft/golden_script.h"

// Plays the stories of bowline/raft/golden and compares what happens with what they say. With
// --write it rewrites them instead. Any further argument names the stories to play.
namespace {

namespace fs = std::filesystem;
using bowline::raft::golden::Played;

std::string story_now = "none";  // for whoever reads why the process stopped

void name_the_story(const char*, unsigned, const char*) {
  std::fprintf(stderr, "in the story %s:\n", story_now.c_str());
}

std::string contents_of(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// The first place where the two differ, with what led there.
void show_difference(std::string_view said, std::string_view happened) {
  const auto before = lines_of(said);
  const auto after = lines_of(happened);
  const auto [a, b] = std::ranges::mismatch(before, after);
  for (auto line = a - std::min<std::ptrdiff_t>(6, a - before.begin()); line != a; ++line)
    std::printf("    %.*s\n", static_cast<int>(line->size()), line->data());
  for (auto line = a; line != before.end() && line < a + 6; ++line)
    std::printf("  - %.*s\n", static_cast<int>(line->size()), line->data());
  for (auto line = b; line != after.end() && line < b + 6; ++line)
    std::printf("  + %.*s\n", static_cast<int>(line->size()), line->data());
}

bool check(const fs::path& path, bool write) {
  story_now = path.filename().string();
  const std::string said = contents_of(path);
  const Played played = bowline::raft::golden::play(said);
  bool good = played.violations.empty();
  for (const std::string& violation : played.violations)
    std::printf("%s: %s\n", path.c_str(), violation.c_str());
  if (played.text == said) return good;
  if (write) {
    std::ofstream(path) << played.text;
    std::printf("rewritten: %s\n", path.c_str());
  } else {
    std::printf("%s: it goes differently (- what the file says, + what happens):\n", path.c_str());
    show_difference(said, played.text);
    good = false;
  }
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  bowline::on_ensure_failure(name_the_story);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool write = std::ranges::find(arguments, "--write") != arguments.end();
  std::vector<fs::path> stories;
  for (const auto& file : fs::directory_iterator("bowline/raft/golden")) {
    const bool named = std::ranges::find(arguments, file.path().stem().string()) != arguments.end();
    const bool all = arguments.size() == (write ? 1U : 0U);
    if (file.path().extension() == ".txt" && (all || named)) stories.push_back(file.path());
  }
  std::ranges::sort(stories);
  const auto bad =
      std::ranges::count_if(stories, [&](const fs::path& path) { return !check(path, write); });
  std::printf("%zu stories, %td of them wrong\n", stories.size(), bad);
  if (bad > 0 && !write)
    std::printf("if the new behaviour is right: ./dev golden --write, and read the difference\n");
  return stories.empty() || bad > 0 ? 1 : 0;
}
