// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tools/tidy_rules.h"

namespace bowline::tidy {

namespace {

constexpr std::string_view protocol = "bowline/raft/";
constexpr std::size_t max_protocol = 4'000;

// Addresses, anchors of the same page, and pages of the hosting site are not ours to check.
bool leaves_repository(std::string_view target) {
  return target.empty() || target.starts_with('#') || target.contains("://") ||
         target.starts_with("mailto:");
}

// `docs` + `../LICENSE` = `LICENSE`. A path that climbs out of the repository becomes "..".
std::string resolve(std::string_view folder, std::string_view target) {
  std::vector<std::string_view> parts;
  const auto walk = [&](std::string_view path) {
    while (!path.empty()) {
      const std::size_t end = std::min(path.find('/'), path.size());
      const std::string_view part = path.substr(0, end);
      path.remove_prefix(std::min(end + 1, path.size()));
      if (part.empty() || part == ".") continue;
      if (part == ".." && !parts.empty() && parts.back() != "..") {
        parts.pop_back();
      } else {
        parts.push_back(part);
      }
    }
  };
  if (!target.starts_with('/')) walk(folder);
  walk(target);
  std::string path;
  for (const std::string_view part : parts) path += (path.empty() ? "" : "/") + std::string(part);
  return path;
}

bool is_there(const Tree& tree, const std::string& path) {
  if (path.empty() || tree.contains(path)) return true;
  const auto below = tree.lower_bound(path + "/");
  return below != tree.end() && below->first.starts_with(path + "/");
}

// The targets of `[text](target "title")` in a line, without what stands in `code`.
std::vector<std::string_view> targets_of(std::string_view line) {
  std::vector<std::string_view> targets;
  bool code = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '`') code = !code;
    if (code || !line.substr(at).starts_with("](")) continue;
    const std::size_t end = line.find_first_of(") ", at + 2);
    if (end == std::string_view::npos) break;
    std::string_view target = line.substr(at + 2, end - at - 2);
    if (target.starts_with('<')) target.remove_prefix(1);
    if (target.ends_with('>')) target.remove_suffix(1);
    targets.push_back(target.substr(0, target.find('#')));
  }
  return targets;
}

std::size_t lines_with_content(const Lines& lines) {
  return static_cast<std::size_t>(
      std::ranges::count_if(lines, [](const std::string& line) { return !is_blank(line); }));
}

}  // namespace

void check_named_in_cmake(const Source& source, const Tree& tree, Findings& findings) {
  if (!source.is_cpp() || source.path.starts_with("cmake/")) return;
  // The nearest list upwards is the one that must name the file, by its path from there.
  std::string_view folder = folder_of(source.path);
  while (!folder.empty() && !tree.contains(std::string(folder) + "/CMakeLists.txt")) {
    folder = folder_of(folder);
  }
  if (!folder.empty()) {
    const Source& list = tree.at(std::string(folder) + "/CMakeLists.txt");
    const std::string_view name = std::string_view(source.path).substr(folder.size() + 1);
    const bool named = std::ranges::any_of(list.lines, [&](std::string_view line) {
      line = line.substr(0, line.find('#'));
      for (std::size_t at = find_word(line, name); at != std::string_view::npos;
           at = find_word(line, name, at + 1)) {
        if (at == 0 || !std::string_view("/-.").contains(line[at - 1])) return true;
      }
      return false;
    });
    if (named) return;
  }
  findings.push_back(
      {source.path, 1, "dead-file", "name it in the CMakeLists.txt of its folder, or remove it"});
}

void check_links(const Source& source, const Tree& tree, Findings& findings) {
  if (!source.ends_with(".md")) return;
  bool fenced = false;
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    const std::string_view line = source.lines[i];
    if (trim(line).starts_with("```")) fenced = !fenced;
    if (fenced) continue;
    for (const std::string_view target : targets_of(line)) {
      if (leaves_repository(target)) continue;
      if (is_there(tree, resolve(folder_of(source.path), target))) continue;
      findings.push_back({source.path, i + 1, "link",
                          "'" + std::string(target) + "' is not in the repository: correct it"});
    }
  }
}

Weight weigh_raft(const Tree& tree) {
  Weight weight;
  for (const auto& [path, source] : tree) {
    if (!path.starts_with(protocol)) continue;
    if (path.ends_with(".txt") && path.starts_with(std::string(protocol) + "golden/")) {
      weight.golden += lines_with_content(source.lines);
    } else if (source.is_cpp()) {
      if (is_test(path)) {
        weight.tests += lines_with_content(source.code);
      } else {
        weight.code += lines_with_content(source.code);
      }
    }
  }
  return weight;
}

std::string describe(const Weight& weight) {
  const auto lines = [](std::size_t count) { return std::to_string(count); };
  std::string text = "bowline/raft: " + lines(weight.code) + " lines of code, " +
                     lines(weight.tests) + " of tests, " + lines(weight.golden) + " of stories";
  if (weight.code == 0) return text;
  return text + ": for 100 of code " + lines(100 * weight.tests / weight.code) +
         " of tests without the stories, " +
         lines(100 * (weight.tests + weight.golden) / weight.code) + " with them";
}

void check_weight(const Tree& tree, Findings& findings) {
  const std::string core = std::string(protocol) + "core.cc";
  if (!tree.contains(core)) return;
  const Weight weight = weigh_raft(tree);
  if (weight.code > max_protocol) {
    findings.push_back({core, 1, "protocol-size",
                        "take something out of bowline/raft: " + std::to_string(weight.code) +
                            " lines of at most 4000"});
  }
  const std::size_t tests = weight.tests + weight.golden;
  if (2 * tests < 3 * weight.code) {
    findings.push_back({core, 1, "protocol-tests",
                        "write tests for bowline/raft: " + std::to_string(tests) + " lines for " +
                            std::to_string(weight.code) +
                            " of code, and one and a half times as many are wanted"});
  }
}

Findings check_all(const Tree& tree) {
  Findings findings;
  for (const auto& [path, source] : tree) {
    check_text(source, findings);
    check_cpp(source, findings);
    check_includes(source, tree, findings);
    check_banned(source, findings);
    check_named_in_cmake(source, tree, findings);
    check_links(source, tree, findings);
  }
  check_weight(tree, findings);
  return findings;
}

std::string describe(const Finding& finding) {
  return finding.path + ":" + std::to_string(finding.line) + ": " + finding.rule + ": " +
         finding.advice;
}

}  // namespace bowline::tidy
