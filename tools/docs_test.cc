// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tools/docs_text.h"
#include "tools/tidy_rules.h"
#include "tools/tidy_text.h"

// What the documentation tells people to type works, and what it names is there. Nothing is built
// or started here that takes time: a command is taken apart and its parts are looked up.
namespace bowline::docs {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

struct Ran {
  int status = -1;
  std::string out;
};

// Through a shell, five seconds at most; what it says on either channel.
Ran run(const std::string& command) {
  Ran ran;
  std::FILE* pipe = popen(("timeout 5 " + command + " 2>&1 </dev/null").c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> part{};
  while (const std::size_t n = std::fread(part.data(), 1, part.size(), pipe))
    ran.out.append(part.data(), n);
  ran.status = pclose(pipe);
  return ran;
}

bool names(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    const auto in_word = [&](std::size_t i) {
      return i < text.size() && (tidy::is_word_char(text[i]) || text[i] == '-');
    };
    if ((at == 0 || !in_word(at - 1)) && !in_word(at + word.size())) return true;
  }
  return false;
}

// `--gtest_filter` of `--gtest_filter=*short*`.
std::string option_of(const std::string& word) { return word.substr(0, word.find('=')); }

// Looks the parts of commands up. Empty: nothing is wrong with it; else a sentence.
class Checker {
 public:
  explicit Checker(fs::path products) : products_(std::move(products)) {
    ninja_ = read(products_ / "build.ninja");
    presets_ = read("CMakePresets.json");
    tried_ = read("examples/embed/try.sh");
  }

  std::string fault_of(const Command& command) {
    const std::string& program = command.words.front();
    if (tried_.contains("\n" + command.text() + "\n")) return "";  // another test runs it
    if (program == "./dev") return fault_of_verb(command.words);
    if (program == "bowline") {  // as it is called where it is installed
      std::vector<std::string> words = command.words;
      words.front() = "build/bowline";
      return fault_of_program(words);
    }
    if (program.starts_with("build/")) return fault_of_program(command.words);
    if (program == "cmake" || program == "ctest") return fault_of_values(command.words);
    if (fs::exists(program) && !fs::is_directory(program))
      return run("test -x " + program).status == 0 ? "" : program + " cannot be run";
    return "no test can tell whether '" + program + "' works: use a verb of ./dev";
  }

 private:
  std::string fault_of_verb(const std::vector<std::string>& words) {
    if (words.size() == 1) return help_of("./dev").status == 0 ? "" : "./dev --help fails";
    const std::string verb = "./dev " + words[1];
    if (help_of(verb).status != 0) return "'" + verb + " --help' fails";
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (words[i].starts_with('-') && !names(help_of(verb).out, option_of(words[i])))
        return "'" + verb + " --help' does not know " + words[i];
      const bool target =
          words[1] == "build" && !words[i].starts_with('-') && words[i - 1] != "--preset";
      if (target && !is_target(words[i])) return "there is no target '" + words[i] + "'";
    }
    return fault_of_values(words);
  }

  std::string fault_of_program(const std::vector<std::string>& words) {
    const std::string name = words[0].substr(words[0].find('/') + 1);
    if (!is_target(name)) return "the build makes no program '" + name + "'";
    if (!fs::exists(products_ / name)) return "";  // made by hand only, and not yet
    // Each word may be a verb of the one before it, which has a help of its own.
    std::string program = (products_ / name).string();
    std::string help = help_of(program).out;
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (!words[i].starts_with('-')) {
        const bool verb = names(help_of(program).out, words[i]);
        if (verb) help += help_of(program += " " + words[i]).out;
      } else if (!names(help, option_of(words[i]))) {
        return "'" + words[0] + " --help' does not know " + words[i];
      }
    }
    return "";
  }

  std::string fault_of_values(const std::vector<std::string>& words) {
    for (std::size_t i = 1; i + 1 < words.size(); ++i) {
      const std::string& value = words[i + 1];
      if (words[i] == "--preset" && !presets_.contains("\"name\": \"" + value + "\""))
        return "there is no preset '" + value + "'";
      if (words[i] == "--target" && !is_target(value)) return "there is no target '" + value + "'";
    }
    return "";
  }

  bool is_target(const std::string& name) const {
    return ninja_.contains("\nbuild " + name + ": ") || ninja_.contains("\nbuild " + name + " ");
  }

  const Ran& help_of(const std::string& program) {
    const auto known = help_.find(program);
    if (known != help_.end()) return known->second;
    return help_[program] = run(program + " --help");
  }

  fs::path products_;
  std::string ninja_;
  std::string presets_;
  std::string tried_;
  std::map<std::string, Ran> help_;
};

fs::path products() { return fs::read_symlink("/proc/self/exe").parent_path(); }

Command command_of(const std::string& text) {
  const std::vector<Command> commands = commands_of("```sh\n" + text + "\n```\n");
  return commands.empty() ? Command{} : commands.front();
}

std::vector<fs::path> pages() {
  std::vector<fs::path> pages = {"README.md", "CONTRIBUTING.md", "deploy/README.md"};
  for (const auto& file : fs::recursive_directory_iterator("docs"))
    if (file.path().extension() == ".md") pages.push_back(file.path());
  return pages;
}

// Every word of the sources and scripts, and every file by its path and each end of it.
std::set<std::string, std::less<>> vocabulary() {
  std::set<std::string, std::less<>> words;
  const auto learn = [&words](const fs::path& path) {
    std::string name = path.lexically_normal().generic_string();
    for (words.insert(name); name.contains('/'); words.insert(name))
      name = name.substr(name.find('/') + 1);
    if (path.extension() == ".md" || path.extension() == ".svg") return;
    const std::string text = read(path);
    for (std::size_t at = 0, end = 0; at < text.size(); at = end + 1) {
      for (end = at; end < text.size() && tidy::is_word_char(text[end]);) ++end;
      if (end > at) words.emplace(text, at, end - at);
    }
  };
  for (const char* folder :
       {"bowline", "apps", "examples", "bench", "tools", "cmake", "docs", "deploy", "fuzz"})
    for (const auto& file : fs::recursive_directory_iterator(folder))
      if (file.is_regular_file()) learn(file.path());
  for (const auto& file : fs::directory_iterator("."))
    if (file.is_regular_file()) learn(file.path().filename());
  return words;
}

// ---- the extraction, on pages that we make up

TEST(Docs, commands_come_from_fences_from_indented_blocks_and_from_spans) {
  const std::vector<Command> commands = commands_of(
      "Type `./dev up` now.\n\n    ./dev test   # slow\n    not a command\n\n"
      "```sh\n# why\n./dev sim --seed 7 && build/tidy .\n```\n```cpp\nint dev;\n```\n"
      "In `build/` or `build/<preset>`.\n"
      "```text\nbowline serve --name n1 \\\n  --data-dir d\nbowline: not done\nput a b\n```\n"
      "```sh\n./dev up \\\n  --fresh\n```\n");
  std::string all;
  for (const Command& command : commands)
    all += std::to_string(command.line) + " " + command.text() + "\n";
  EXPECT_EQ(all,
            "1 ./dev up\n3 ./dev test\n8 ./dev sim --seed 7\n8 build/tidy .\n15 bowline serve "
            "--name n1 --data-dir d\n"
            "21 ./dev up --fresh\n");
}

TEST(Docs, a_block_is_found_by_its_word_and_is_the_first) {
  const std::string page = "```sh\na\n```\n```cpp\nb\n\nc\n```\n```cpp\nd\n```\n";
  EXPECT_EQ(block_of(page, "cpp"), "b\n\nc\n");
  EXPECT_EQ(block_of(page, "text"), std::nullopt);
}

TEST(Docs, names_are_told_from_words) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(names_in("core.cc"), Names{"core.cc"});
  EXPECT_EQ(names_in("Core::settle()"), (Names{"Core", "settle"}));
  EXPECT_EQ(names_in("on(Persisted)"), (Names{"on", "Persisted"}));
  EXPECT_EQ(names_in("progress.match_ + 1"), Names{"match_"});
  EXPECT_EQ(names_in("term 7, t1/2, commit"), Names{});
}

TEST(Docs, a_command_that_does_not_work_is_noticed) {
  Checker checker(products());
  const std::string with_pkg_config =
      "$CXX -std=c++23 $CXXFLAGS main.cc -o moorings $(pkg-config --cflags --libs bowline)";
  EXPECT_EQ(checker.fault_of(command_of(with_pkg_config)), "");
  for (const char* good :
       {"./dev", "./dev test --preset asan -R core", "./dev build docs_test",
        "build/docs_test --gtest_filter=*", "cmake --preset release", "ctest --test-dir build",
        ".ci/run", "bowline serve --name=n1", "bowline snapshot restore FILE --name n1"})
    EXPECT_EQ(checker.fault_of(command_of(good)), "") << good;
  for (const char* bad :
       {"./dev fly", "./dev test --fast", "./dev build no_such_target", "./dev test --preset quick",
        "build/no_such_program", "build/docs_test --no-such-option", "cmake --preset quick",
        "bowline serve --nam", "bowline snapshot restore FILE --fast", "curl example.org",
        "LICENSE", "$CXX main.cc"})
    EXPECT_NE(checker.fault_of(command_of(bad)), "") << bad;
}

// ---- the pages as they are

TEST(Docs, every_command_on_every_page_works) {
  Checker checker(products());
  std::size_t found = 0;
  for (const fs::path& page : pages()) {
    for (const Command& command : commands_of(read(page))) {
      const std::string fault = checker.fault_of(command);
      EXPECT_TRUE(fault.empty()) << page.string() << ":" << command.line << ": " << command.text()
                                 << "\n  " << fault;
      ++found;
    }
  }
  EXPECT_GE(found, 5U) << "the pages have more commands than that: the extraction is broken";
}

TEST(Docs, every_name_on_a_page_is_in_the_sources) {
  const auto words = vocabulary();
  std::size_t found = 0;
  for (const fs::path& page : pages()) {
    if (page.filename() == "STYLE.md" || page.string().starts_with("deploy")) continue;  // examples
    for (const Span& span : spans_of(read(page))) {
      for (const std::string& name : names_in(span.text)) {
        EXPECT_TRUE(words.contains(name))
            << page.string() << ":" << span.line << ": no '" << name << "' in the sources";
        ++found;
      }
    }
  }
  EXPECT_GE(found, 100U) << "the pages name more than that: the extraction is broken";
}

TEST(Docs, the_architecture_draws_the_layers_as_they_are) {
  const std::string drawn = read("docs/ARCHITECTURE.md");
  const auto squeezed = [](std::string_view text) {
    std::string out;
    for (const char c : text)
      if (c != ' ' || (!out.empty() && out.back() != ' ')) out += c;
    return std::string(tidy::trim(out));
  };
  std::set<std::string> rows;
  for (const std::string& line : tidy::split_lines(*block_of(drawn, "text")))
    rows.insert(squeezed(line));
  for (const tidy::Layer& layer : tidy::layers()) {
    if (layer.inside == "*" || layer.folder == "cmake") continue;
    const std::string row = squeezed(std::string(layer.folder) + " " + std::string(layer.inside));
    EXPECT_TRUE(rows.contains(row)) << "docs/ARCHITECTURE.md does not draw: " << row;
  }
}

TEST(Docs, the_index_names_every_page) {
  const std::string index = read("docs/README.md");
  std::size_t found = 0;
  for (const auto& file : fs::recursive_directory_iterator("docs")) {
    const std::string page = file.path().lexically_relative("docs").generic_string();
    if (file.path().extension() != ".md" || page == "README.md") continue;
    EXPECT_TRUE(index.contains("(" + page + ")")) << "docs/README.md does not name " << page;
    ++found;
  }
  EXPECT_GE(found, 20U) << "there are more pages than that: the search is broken";
}

TEST(Docs, every_planted_bug_has_one_row_and_no_other_bug_has_any) {
  // `p01_vote_not_persisted = 1,` there, `| P01 | ...` here.
  const auto number_of = [](std::string_view line, std::string_view begin) {
    if (!line.starts_with(begin)) return std::string();
    std::size_t end = begin.size();
    while (end < line.size() && line[end] >= '0' && line[end] <= '9') ++end;
    return std::string(line.substr(begin.size(), end - begin.size()));
  };
  std::multiset<std::string> planted;
  for (const std::string& line : tidy::split_lines(read("bowline/base/mutant.h")))
    if (const auto number = number_of(line, "  p"); !number.empty()) planted.insert(number);
  for (const std::string& line : tidy::split_lines(read("bowline/host/bugs.h")))
    if (const auto number = number_of(line, "inline constexpr Bug p"); !number.empty())
      planted.insert(number);
  std::multiset<std::string> rows;
  for (const std::string& line : tidy::split_lines(read("docs/MUTANTS.md")))
    if (const auto number = number_of(line, "| P"); !number.empty()) rows.insert(number);
  EXPECT_GE(planted.size(), 80U) << "there are more bugs than that: the search is broken";
  for (const std::string& number : planted)
    EXPECT_EQ(rows.count(number), 1U) << "docs/MUTANTS.md: rows of P" << number;
  for (const std::string& number : rows)
    EXPECT_EQ(planted.count(number), 1U)
        << "bowline/base/mutant.h, bowline/host/bugs.h: bugs P" << number;
}

// `leaving_test.cc: a_member_is_gone`, or a story. Empty: it is there.
std::string fault_of_place(const std::string& text,
                           const std::multimap<std::string, fs::path>& all) {
  const std::size_t colon = std::min(text.find(": "), text.size());
  const std::string name = text.substr(0, colon);
  if (!name.ends_with(".cc") && !name.ends_with(".txt")) return "";
  const auto [first, last] = all.equal_range(name);
  if (first == last) return "there is no " + name;
  if (colon == text.size()) return "";
  const std::string wanted = ", " + text.substr(colon + 2) + ")";
  for (auto file = first; file != last; ++file)
    if (read(file->second).contains(wanted)) return "";
  return name + " has no test " + text.substr(colon + 2);
}

std::multimap<std::string, fs::path> tests_and_stories() {
  std::multimap<std::string, fs::path> files;
  for (const char* folder : {"bowline", "apps", "fuzz"})
    for (const auto& file : fs::recursive_directory_iterator(folder))
      if (file.is_regular_file()) files.emplace(file.path().filename().string(), file.path());
  return files;
}

TEST(Docs, a_test_that_is_not_there_is_noticed) {
  const auto files = tests_and_stories();
  EXPECT_EQ(fault_of_place("./dev differ", files), "");
  EXPECT_EQ(fault_of_place("walk.txt", files), "");
  EXPECT_EQ(fault_of_place("base_test.cc: counts", files), "");
  EXPECT_EQ(fault_of_place("no_story.txt", files), "there is no no_story.txt");
  EXPECT_EQ(fault_of_place("no_test.cc: counts", files), "there is no no_test.cc");
  EXPECT_EQ(fault_of_place("base_test.cc: count", files), "base_test.cc has no test count");
}

// `| EL-01 | what | where | not asked |`: where names what is there, or it is said why it is not.
TEST(Docs, each_scenario_is_tested_or_it_is_said_why_not) {
  const auto files = tests_and_stories();
  std::map<std::string, int> numbers;
  for (const std::string& line : tidy::split_lines(read("docs/SCENARIOS.md"))) {
    const std::size_t dash = line.find('-');
    if (!line.starts_with("| ") || dash > 5 || line.size() < dash + 3) continue;
    const std::string kind = line.substr(2, dash - 2);
    EXPECT_EQ(std::atoi(line.substr(dash + 1, 2).c_str()), ++numbers[kind]) << line;
    std::vector<std::string> cells;
    std::istringstream rest(line.substr(1));
    for (std::string cell; std::getline(rest, cell, '|');) cells.emplace_back(tidy::trim(cell));
    ASSERT_EQ(cells.size(), 4U) << line;
    for (const Span& span : spans_of(cells[2] + cells[3]))
      EXPECT_EQ(fault_of_place(span.text, files), "") << line;
    const bool tested = cells[2].contains('`') || cells[2].contains("world");
    EXPECT_TRUE(tested || (cells[2] == "not tested" && !cells[3].empty())) << line;
  }
  EXPECT_EQ(numbers.size(), 18U) << "kinds of scenarios";
}

TEST(Docs, the_readme_shows_the_first_example_as_it_is_and_what_it_prints) {
  const std::string readme = read("README.md");
  const std::string source = read("docs/examples/first_core.cc");
  const std::string without_license = source.substr(source.find('\n') + 1);
  EXPECT_EQ(block_of(readme, "cpp"), without_license) << "copy docs/examples/first_core.cc there";
  const Ran ran = run((products() / "first_core").string());
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(block_of(readme, "text"), ran.out) << "copy what build/first_core prints there";
}

// What stands between them is left out.
TEST(Docs, the_page_on_embedding_begins_with_parts_of_a_program_that_a_test_runs) {
  const std::string source = read("docs/examples/first_node.cc");
  const std::string shown = block_of(read("docs/EMBEDDING.md"), "cpp").value_or("");
  const std::string gap = "// ...\n";
  const std::size_t middle = shown.find(gap);
  ASSERT_NE(middle, std::string::npos);
  EXPECT_TRUE(source.contains(shown.substr(0, middle))) << "copy the machine there";
  EXPECT_TRUE(source.contains(shown.substr(middle + gap.size()))) << "copy what main() does there";
}

}  // namespace
}  // namespace bowline::docs
