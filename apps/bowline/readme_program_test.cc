// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/serve_rig.h"
#include "tools/docs_text.h"

// Every command in README.md is run: here, on a cluster of our own, or by a test that is named.
namespace bowline::apps {
namespace {

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Also of blocks that show a console, and of sentences that name a verb of the program.
std::vector<std::string> commands_in(std::string page) {
  page = std::regex_replace(page, std::regex("```console"), "```sh");
  std::vector<std::string> all;
  for (const docs::Command& one : docs::commands_of(page)) all.push_back(one.text());
  for (const docs::Span& span : docs::spans_of(page))
    if (span.text.starts_with("bowline ")) all.push_back(span.text);
  return all;
}

// What is run here, in this order, and what it has to say.
struct RunHere {
  std::string_view command;
  std::string_view says;  // a pattern
};
constexpr RunHere run_here[] = {
    {"build/bowline put ship moored", "^OK"},
    {"build/bowline get ship", "moored"},
    {"build/bowline watch ship --rev 1 --events 1", "ship[\\s\\S]*moored"},
    {"build/bowline status --cluster -o table", "^ENDPOINT[^\n]+(\n127[^\n]+){3}\n"},
    {"ETCDCTL_API=3 etcdctl --endpoints=OLD:2379 make-mirror NEW:2379", ""},
    {"examples/counter/three.sh DIRECTORY", ""},
    {"build/counter-client increment_and_get 5 127.0.0.1:8101 127.0.0.1:8102 127.0.0.1:8103",
     "^5\n"},
    {"build/first_core", "decide ticket 1: committed"},
    {"build/bowline-sim-mutants shrink --plant P14 --seed 1", "I9 is broken"},
};

// What takes minutes, or is run with other numbers: which file runs it, and by which words. The
// file is a step of CI, or a source or script that a CMakeLists.txt lists.
struct RunElsewhere {
  std::string_view command;
  std::string_view file;
  std::string_view words;
};
constexpr RunElsewhere run_elsewhere[] = {
    {"./dev up", "apps/bowline/up_program_test.cc", "./dev up --program"},
    {"./dev up --detach", "apps/bowline/up_program_test.cc", "up(\"--detach"},
    {"./dev test", ".ci/run", "stage test ./dev test"},
    {"./dev build bowline-sim-mutants", ".ci/run", "./dev build --preset fuzz"},
    {"./dev sim --seeds 1000", ".ci/run", "./dev sim --world cores --seeds"},
    {"./dev mutants", ".ci/run", "stage mutants ./dev mutants"},
    {"cmake --install build --prefix PREFIX", "examples/embed/try.sh",
     "cmake --install \"$build\" --prefix \"$prefix\""},
    {"build/bowline-bench-etcd", "apps/CMakeLists.txt", "COMMAND bowline-bench-etcd --alone"},
    {"bowline serve", "apps/bowline/serve_program_test.cc", "TrioTest"},
    {"bowline snapshot restore", "apps/bowline/serve_snapshot_test.cc", " snapshot restore "},
};

// Those of a page that nobody runs.
std::vector<std::string> run_by_nobody(const std::string& page) {
  std::vector<std::string> left;
  for (const std::string& command : commands_in(page))
    if (std::ranges::find(run_here, command, &RunHere::command) == std::end(run_here) &&
        std::ranges::find(run_elsewhere, command, &RunElsewhere::command) ==
            std::end(run_elsewhere))
      left.push_back(command);
  return left;
}

TEST(ReadmeText, a_command_that_nobody_runs_is_noticed) {
  using Commands = std::vector<std::string>;
  const std::string page = "`bowline serve`\n\n```sh\n./dev up  # why\nbuild/bowline fly\n```\n";
  EXPECT_EQ(run_by_nobody(page), Commands{"build/bowline fly"});
  EXPECT_EQ(run_by_nobody("```console\netcdctl fly\n```\n"), Commands{"etcdctl fly"});
  EXPECT_EQ(run_by_nobody("Type `./dev up --slowly` or `bowline fly`.\n"),
            (Commands{"./dev up --slowly", "bowline fly"}));
}

TEST(ReadmeText, each_of_its_commands_is_run_by_somebody) {
  const std::string page = text_of("README.md");
  for (const std::string& command : run_by_nobody(page))
    ADD_FAILURE() << "README.md: no test runs '" << command << "': add it to those of this file";
  const std::vector<std::string> all = commands_in(page);
  const auto is_there = [&](std::string_view command) {
    return std::ranges::find(all, command) != all.end();
  };
  for (const RunHere& one : run_here)
    EXPECT_TRUE(is_there(one.command)) << "README.md has it no more: " << one.command;
  for (const RunElsewhere& one : run_elsewhere)
    EXPECT_TRUE(is_there(one.command)) << "README.md has it no more: " << one.command;
}

TEST(ReadmeText, who_is_said_to_run_a_command_does) {
  std::string registered;
  for (const char* folder : {"apps", "examples"})
    registered += text_of(fs::path(folder) / "CMakeLists.txt");
  for (const RunElsewhere& one : run_elsewhere) {
    EXPECT_TRUE(text_of(one.file).contains(one.words)) << one.file << " does not: " << one.words;
    const fs::path file(one.file);
    const std::string name = (file.parent_path().filename() / file.filename()).string();
    const bool is_run =
        one.file == ".ci/run" || file.filename() == "CMakeLists.txt" || registered.contains(name);
    EXPECT_TRUE(is_run) << "no test is made of " << one.file;
  }
}

class ReadmeProgramTest : public TrioTest {
 protected:
  void SetUp() override {
    TrioTest::SetUp();
    if (HasFatalFailure()) return;
    const std::vector<int> ports = free_ports(2);
    old_ = std::make_unique<ServedProcess>(alone({"etcd"}, scratch.at("etcd"), ports[0], ports[1]));
    ASSERT_TRUE(old_->is_ready()) << old_->said();
    old_port_ = ports[0];
  }
  void TearDown() override {
    if (counters_ > 0) ::kill(counters_, SIGTERM);  // which ends its children
  }

  // As it stands there, with our places and addresses for those that it names.
  std::string ours(std::string command) const {
    const auto put = [&command](const std::string& what, const std::string& with) {
      for (std::size_t at = 0; (at = command.find(what, at)) != std::string::npos;
           at += with.size())
        command.replace(at, what.size(), with);
    };
    if (command.starts_with("build/"))
      command.replace(0, std::string("build").size(), fs::path(program()).parent_path().string());
    put("OLD:2379", address(old_port_));
    put("NEW:2379", address(ports_[0]));
    put("127.0.0.1:810", host_ + ":810");
    put("DIRECTORY", scratch.at("counters") + " " + host_ + " " +
                         (fs::path(program()).parent_path() / "counter-server").string());
    return command;
  }
  static std::string address(int port) { return "127.0.0.1:" + std::to_string(port); }
  // In a directory of its own: one of them leaves a file.
  std::string run(const std::string& command) const {
    return shell("export BOWLINE_ENDPOINTS=" + address(ports_[0]) + "; cd " + scratch.at("") +
                 " && timeout 60 " + command);
  }
  // It goes on until somebody ends it.
  void mirror(const std::string& command) {
    etcdctl(old_port_, "put cargo rope");
    shell("{ " + command + " & } >" + scratch.at("mirror") +
          " 2>&1; for i in $(seq 500); do ETCDCTL_API=3 etcdctl --endpoints=" + address(ports_[0]) +
          " get cargo | grep -q rope && break; done; kill $!");
    EXPECT_EQ(ask(1, "get cargo --print-value-only"), "rope\n") << text_of(scratch.at("mirror"));
  }
  void count(const std::string& command) {
    counters_ = std::stoi(shell(command + " >" + scratch.at("three") + " 2>&1 & echo $!"));
  }

  Process old_;
  int old_port_ = 0;
  pid_t counters_ = 0;
  // Addresses of this test alone, since the ports are those that are written there.
  std::string host_ = "127." + std::to_string(1 + ::getpid() / 62500 % 250) + "." +
                      std::to_string(1 + ::getpid() / 250 % 250) + "." +
                      std::to_string(1 + ::getpid() % 250);
};

TEST_F(ReadmeProgramTest, each_of_its_commands_does_what_is_said) {
  const std::string page = text_of("README.md");
  std::string story;
  for (const RunHere& one : run_here) {
    const std::string command = ours(std::string(one.command));
    if (one.command.contains("make-mirror")) {
      mirror(command);
    } else if (one.command.contains("three.sh")) {
      count(command);
    } else {
      const std::string said = run(command);
      EXPECT_TRUE(std::regex_search(said, std::regex(std::string(one.says)))) << one.command << "\n"
                                                                              << said;
      if (one.command.contains("shrink")) story = said;
    }
  }
  // The end of the story that is shown there, without some lines of it.
  const std::size_t at = page.find("```text\n", page.find("shrink --plant"));
  ASSERT_NE(at, std::string::npos);
  std::istringstream shown(page.substr(at + 8, page.find("```", at + 8) - at - 8));
  int lines = 0;
  for (std::string line; std::getline(shown, line); ++lines)
    EXPECT_TRUE(story.contains(line + "\n")) << "README.md shows what is not told: " << line;
  EXPECT_GT(lines, 5);
}

}  // namespace
}  // namespace bowline::apps
