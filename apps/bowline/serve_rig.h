// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "apps/bowline/served_process.h"

// Real servers, and Debian's etcdctl as the client; for comparison, Debian's etcd beside them.
namespace bowline::apps {

namespace fs = std::filesystem;
using Process = std::unique_ptr<ServedProcess>;

inline std::string program() {
  return (fs::read_symlink("/proc/self/exe").parent_path() / "bowline").string();
}

inline bool is_here(const std::string& tool) { return !shell("command -v " + tool).empty(); }

// A directory that is gone with the test.
class Scratch {
 public:
  Scratch()
      : path_(fs::temp_directory_path() /
              ("bowline-serve-" + std::to_string(::getpid()) + "-" + std::to_string(++count))) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~Scratch() { fs::remove_all(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string at(const std::string& name) const { return (path_ / name).string(); }

 private:
  static inline int count = 0;
  fs::path path_;
};

inline std::string url(int port) { return "http://127.0.0.1:" + std::to_string(port); }

inline std::string etcdctl(int port, const std::string& what) {
  return shell(
      "ETCDCTL_API=3 timeout 60 etcdctl --dial-timeout=20s --command-timeout=20s "
      "--endpoints=127.0.0.1:" +
      std::to_string(port) + " " + what);
}

class ServeProgramTest : public testing::Test {
 public:
  void SetUp() override {
    if (!is_here("etcdctl")) FAIL() << "etcdctl is missing: ./dev test installs etcd-client";
  }
  Scratch scratch;
};

// Both have the ids of etcd's defaults, since nobody calls their peers.
inline std::vector<std::string> alone(const std::vector<std::string>& words,
                                      const std::string& directory, int client, int peer) {
  std::vector<std::string> arguments = words;
  for (const std::string& one : {"--data-dir=" + directory, "--listen-client-urls=" + url(client),
                                 std::string("--advertise-client-urls=http://localhost:2379"),
                                 "--listen-peer-urls=" + url(peer)})
    arguments.push_back(one);
  return arguments;
}

// What it says is in a file, too, to the end. First its shell does what is to be done before.
inline std::vector<std::string> heard(std::vector<std::string> words, const std::string& before,
                                      const std::string& log) {
  words.insert(words.begin(),
               {"bash", "-c", before + R"(exec "$0" "$@" > >(tee )" + log + ") 2>&1"});
  return words;
}

inline std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// ---- one of each kind

class ComparedTest : public ServeProgramTest {
 protected:
  void SetUp() override {
    ServeProgramTest::SetUp();
    if (HasFailure()) return;
    if (!is_here("etcd")) FAIL() << "etcd is missing: ./dev test unpacks etcd-server";
    ports_ = free_ports(4);
    std::vector<std::string> ours{program(), "serve"}, theirs{"etcd"};
    for (const std::string& flag : flags()) {
      ours.push_back(flag);
      theirs.push_back(flag);
    }
    ours_ = std::make_unique<ServedProcess>(alone(ours, scratch.at("ours"), ports_[0], ports_[1]));
    theirs_ =
        std::make_unique<ServedProcess>(alone(theirs, scratch.at("theirs"), ports_[2], ports_[3]));
    ASSERT_TRUE(ours_->is_ready()) << ours_->said();
    ASSERT_TRUE(theirs_->is_ready()) << theirs_->said();
  }

  virtual std::vector<std::string> flags() const { return {}; }  // of both

  // What differs between any two servers. Theirs needs a term more to begin with.
  static std::string without_chance(std::string text) {
    text = std::regex_replace(text, std::regex(R"re("raft_term":\d+)re"), "TERM");
    text = std::regex_replace(text, std::regex(R"re("RaftTerm" : \d+)re"), "TERM");
    text = std::regex_replace(text, std::regex(R"re(127\.0\.0\.1:\d+)re"), "ADDRESS");
    text = std::regex_replace(text, std::regex(R"re(took = \S+)re"), "TOOK");
    return text;
  }
  void same(const std::string& what, const std::string& input = {}) {
    const std::string before = input.empty() ? "" : "printf '" + input + "' | ";
    const auto said = [&](int port) {
      return without_chance(shell(
          "export ETCDCTL_API=3; " + before +
          "timeout 60 etcdctl --dial-timeout=20s --command-timeout=20s --endpoints=127.0.0.1:" +
          std::to_string(port) + " " + what));
    };
    EXPECT_EQ(said(ports_[0]), said(ports_[2])) << what << "\n" << input;
  }

  std::vector<int> ports_;
  Process ours_, theirs_;
};

// ---- three members

class TrioTest : public ServeProgramTest {
 protected:
  void SetUp() override {
    ServeProgramTest::SetUp();
    if (HasFailure()) return;
    ports_ = free_ports(6);
    start_all();
  }
  void start_all() { restart_all({}); }
  void restart_all(const std::vector<std::string>& more) {
    more_ = more;
    std::vector<std::thread> starts;
    starts.reserve(3);
    members_.resize(3);
    for (std::size_t i = 0; i < 3; ++i) starts.emplace_back([this, i] { start(i); });
    for (std::thread& one : starts) one.join();
    for (const Process& one : members_) ASSERT_TRUE(one->is_ready()) << one->said();
  }
  std::vector<std::string> words(std::size_t i) const {
    std::vector<std::string> words{program(),
                                   "serve",
                                   "--name=n" + std::to_string(i),
                                   "--data-dir=" + scratch.at("n" + std::to_string(i)),
                                   "--initial-cluster=" + cluster(),
                                   "--listen-client-urls=" + url(ports_[i]),
                                   "--listen-peer-urls=" + url(ports_[3 + i]),
                                   "--initial-advertise-peer-urls=" + url(ports_[3 + i])};
    words.insert(words.end(), more_.begin(), more_.end());
    return words;
  }
  void start(std::size_t i) { members_[i] = std::make_unique<ServedProcess>(words(i)); }
  std::string cluster() const {
    std::string all;
    for (std::size_t j = 0; j < 3; ++j)
      all += (j == 0 ? "n" : ",n") + std::to_string(j) + "=" + url(ports_[3 + j]);
    return all;
  }
  std::string ask(std::size_t i, const std::string& what) { return etcdctl(ports_[i], what); }
  std::size_t leader() {
    for (std::size_t i = 0; i < 3; ++i)
      if (members_[i] != nullptr && ask(i, "endpoint status").contains(", true, false,")) return i;
    return 3;
  }

  std::vector<int> ports_;
  std::vector<std::string> more_;  // flags of each
  std::vector<Process> members_;
};

}  // namespace bowline::apps
