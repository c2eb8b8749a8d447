// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/log_view.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

#include "apps/bowline/wal.h"
#include "apps/bowline/words.h"

namespace bowline::apps {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 16;  // a column

struct Paint {
  std::string_view topic, code;
};
constexpr std::array<Paint, 7> paints{{{"node", "37"},
                                       {"group", "36"},
                                       {"election", "33"},
                                       {"members", "35"},
                                       {"snapshot", "34"},
                                       {"peer", "32"},
                                       {"disk", "91"}}};

std::string_view code_of(const LogLine& line) {
  if (line.level == "error") return "1;31";
  const auto found = std::ranges::find(paints, line.topic, &Paint::topic);
  return found == paints.end() ? std::string_view("0") : found->code;
}

// The hours only: the day is the same for most.
std::string clock_of(const std::string& time) {
  const std::size_t begin = time.find('T');
  if (begin == std::string::npos) return time;
  return time.substr(begin + 1, time.find('Z', begin) - begin - 1);
}

std::string words_of(const LogLine& line) {
  std::string words;
  if (line.group != 0) words += "g" + std::to_string(line.group) + " ";
  if (line.level == "error" || line.level == "warning") words += line.level + ": ";
  words += line.what;
  for (const auto& [name, value] : line.more) words += " " + name + "=" + value;
  for (char& letter : words)
    if (letter < ' ' || letter > '~') letter = '?';
  return words;
}

// At a gap between words where there is one.
std::vector<std::string> wrapped(std::string_view words, std::size_t width) {
  std::vector<std::string> rows;
  while (words.size() > width) {
    const std::size_t space = words.rfind(' ', width);
    const bool at_space = space != std::string_view::npos && space > 0;
    const std::size_t end = at_space ? space : width;
    rows.emplace_back(words.substr(0, end));
    words.remove_prefix(at_space ? end + 1 : end);
  }
  rows.emplace_back(words);
  return rows;
}

template <class Value>
bool has(const std::vector<Value>& all, const Value& one) {
  return std::ranges::find(all, one) != all.end();
}

bool wanted(const LogLine& line, const LogView& view) {
  const bool topic = view.topics.empty() || has(view.topics, line.topic);
  const bool group = view.groups.empty() || line.group == 0 || has(view.groups, line.group);
  return topic && group;
}

std::string without_end_gap(std::string row) {
  row.erase(row.find_last_not_of(' ') + 1);
  return row + "\n";
}

}  // namespace

std::string lay_out(const std::vector<LogLine>& lines, const LogView& view) {
  std::set<std::uint64_t> nodes;
  std::size_t clock_width = 4;
  for (const LogLine& line : lines) {
    if (!wanted(line, view)) continue;
    nodes.insert(line.node);
    clock_width = std::max(clock_width, clock_of(line.time).size());
  }
  if (nodes.empty()) return "nothing to show\n";
  const std::size_t room = view.width > clock_width ? view.width - clock_width : 0;
  const std::size_t share = room / nodes.size();
  const std::size_t width = std::max(share > gap ? share - gap : 0, narrowest);
  const auto padded = [](std::string text, std::size_t to) {
    text.resize(std::max(text.size(), to), ' ');
    return text;
  };
  std::string head = padded("time", clock_width);
  for (const std::uint64_t node : nodes)
    head += std::string(gap, ' ') + padded("node " + std::to_string(node), width);
  std::string out = without_end_gap(head);
  for (const LogLine& line : lines) {
    if (!wanted(line, view)) continue;
    const auto before =
        static_cast<std::size_t>(std::distance(nodes.begin(), nodes.find(line.node)));
    std::string clock = clock_of(line.time);
    for (const std::string& row : wrapped(words_of(line), width)) {
      const std::string front = padded(std::exchange(clock, {}), clock_width) +
                                std::string(before * (width + gap) + gap, ' ');
      const std::string code(code_of(line));
      out += view.colour ? front + "\x1b[" + code + "m" + row + "\x1b[0m\n"
                         : without_end_gap(front + row);
    }
  }
  return out;
}

LogViewVerb::LogViewVerb(CLI::App& app)
    : verb_(app.add_subcommand("log-view", "Lay out what nodes wrote, a column for each node")) {
  verb_->add_option("FILE", files_, "Lines of one or more nodes; -: what comes in")->required();
  verb_->add_option("--topic", view_.topics, "Only these: election, members, peer, ...");
  verb_->add_option("--group", view_.groups, "Only these groups, and what is of a whole node");
  verb_->add_option("--colour,--color", colour_, "auto: on a terminal only")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  width_ =
      verb_->add_option("--width", view_.width, "Letters in a row; else what the terminal has");
}

int LogViewVerb::run() {
  std::vector<std::string> contents;
  for (const std::string& path : files_) {
    std::ifstream file;
    if (path != "-") file.open(path, std::ios::binary);
    if (path != "-" && !file) {
      std::fprintf(stderr, "bowline: cannot read %s\n", path.c_str());
      return bad_usage;
    }
    std::istream& in = path == "-" ? std::cin : file;
    contents.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  winsize size{};
  if (width_->count() == 0 && terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 &&
      size.ws_col > 0)
    view_.width = size.ws_col;
  view_.colour = colour_ == "always" || (colour_ == "auto" && terminal);
  const LogLines all = merge(contents);
  const std::string text = lay_out(all.lines, view_);
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (all.others > 0)
    std::fprintf(stderr, "bowline: left out %s, not written by a node\n",
                 count(all.others, "line").c_str());
  return all_is_well;
}

}  // namespace bowline::apps
