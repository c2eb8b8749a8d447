// SPDX-License-Identifier: Apache-2.0
#include "examples/counter/counter.h"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "examples/counter/client.h"

namespace counter {
namespace {

// ---- the machine

std::string apply(Counter& counter, std::uint64_t index, const Increment& increment) {
  const bowline::machine::Command command{
      .id = {.term = {1}, .index = {index}},
      .payload = bowline::Bytes::own(increment.encode()),
  };
  std::string answer;
  counter.apply({&command, 1}, {&answer, 1});
  return answer;
}

void copy_by_snapshot(Counter& from, Counter& to) {
  const std::unique_ptr<bowline::machine::Reader> out = from.snapshot();
  const std::unique_ptr<bowline::machine::Writer> in = to.restore();
  for (std::string part = *out->next(7); !part.empty(); part = *out->next(7))
    ASSERT_TRUE(in->add(part).has_value());
  ASSERT_TRUE(in->commit().has_value());
}

TEST(Counter, what_is_asked_twice_counts_once) {
  Counter counter;
  EXPECT_EQ(apply(counter, 1, {.client = 7, .sequence = 1, .by = 5}), "ok 5");
  EXPECT_EQ(apply(counter, 2, {.client = 8, .sequence = 1, .by = -2}), "ok 3");
  EXPECT_EQ(apply(counter, 3, {.client = 7, .sequence = 1, .by = 5}), "ok 5");
  EXPECT_EQ(apply(counter, 4, {.client = 7, .sequence = 2, .by = 5}), "ok 8");
  EXPECT_TRUE(apply(counter, 5, {.client = 7, .sequence = 1, .by = 5}).starts_with("error"));
  EXPECT_EQ(counter.value(), 8);
}

TEST(Counter, a_snapshot_remembers_who_has_added) {
  Counter counter;
  apply(counter, 1, {.client = 7, .sequence = 1, .by = -5});
  Counter copy;
  copy_by_snapshot(counter, copy);
  EXPECT_EQ(copy.value(), -5);
  EXPECT_EQ(apply(copy, 2, {.client = 7, .sequence = 1, .by = -5}), "ok -5");
  EXPECT_FALSE(copy.restore()->commit().has_value()) << "nothing is no snapshot";
  EXPECT_EQ(copy.value(), -5);
}

TEST(Counter, those_not_heard_of_for_longest_are_forgotten) {
  Counter counter;
  for (std::uint64_t client = 1; client <= Counter::max_clients; ++client)
    apply(counter, client, {.client = client, .sequence = 1});
  apply(counter, 5000, {.client = 1, .sequence = 1});
  apply(counter, 5001, {.client = 9999, .sequence = 1});
  EXPECT_EQ(counter.value(), 1001);
  apply(counter, 5002, {.client = 1, .sequence = 1});
  EXPECT_EQ(counter.value(), 1001) << "1 was heard of";
  apply(counter, 5003, {.client = 2, .sequence = 1});
  EXPECT_EQ(counter.value(), 1002) << "2 was not";
}

TEST(Counter, what_is_no_command_changes_nothing) {
  Counter counter;
  EXPECT_TRUE(apply(counter, 1, {.client = 7, .sequence = 0}).starts_with("error"));
  EXPECT_FALSE(Increment::decode("seven").has_value());
  EXPECT_EQ(counter.value(), 0);
}

// ---- three processes

// By the script that people use, on a loopback address that no other process of this machine uses.
class Three {
 public:
  Three() {
    std::filesystem::remove_all(directory_);
    int out[2];
    if (pipe(out) != 0) return;
    script_ = start({"examples/counter/three.sh", directory_, host_, server_}, out);
    std::FILE* const said = fdopen(out[0], "r");
    for (int id = 1; id <= 3; ++id) {
      int process = 0;
      char clients[64] = "";
      if (std::fscanf(said, " %*d: process %d, clients at %63s", &process, clients) == 2)
        processes_[clients] = process;
    }
    std::fclose(said);
  }
  ~Three() {
    end();
    std::filesystem::remove_all(directory_);
  }
  Three(const Three&) = delete;
  Three& operator=(const Three&) = delete;

  std::vector<std::string> servers() const {
    std::vector<std::string> servers;
    servers.reserve(processes_.size());
    for (const auto& [clients, process] : processes_) servers.push_back(clients);
    return servers;
  }
  void kill(const std::string& server) { ::kill(processes_.at(server), SIGKILL); }
  int end() {
    if (script_ == 0) return 0;
    ::kill(script_, SIGTERM);
    int status = 0;
    waitpid(script_, &status, 0);
    script_ = 0;
    return status;
  }

 private:
  static int start(std::vector<std::string> words, const int (&out)[2]) {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const int process = fork();
    if (process == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);  // if this test is killed
      dup2(out[1], STDOUT_FILENO);
      close(out[0]);
      close(out[1]);
      execv(pointers[0], pointers.data());
      _exit(127);
    }
    close(out[1]);
    return process;
  }

  std::filesystem::path here_ = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  std::string server_ = here_ / "counter-server";
  std::string directory_ = testing::TempDir() + "counter-" + std::to_string(getpid());
  std::string host_ = "127." + std::to_string(1 + getpid() / 62500 % 250) + "." +
                      std::to_string(1 + getpid() / 250 % 250) + "." +
                      std::to_string(1 + getpid() % 250);
  std::map<std::string, int> processes_;
  int script_ = 0;
};

TEST(Three, the_sum_is_right_though_the_leader_is_killed_while_many_add) {
  Three three;
  ASSERT_EQ(three.servers().size(), 3U);
  Client mine(three.servers());
  ASSERT_EQ(mine.increment_and_get(1000), 1000);
  const std::string leader = mine.server();

  constexpr int threads = 4;
  constexpr int each = 100;
  std::vector<std::thread> adding;
  adding.reserve(threads);
  std::vector<int> done(threads);
  for (int thread = 0; thread < threads; ++thread)
    adding.emplace_back([&three, &leader, &count = done[thread], thread] {
      Client client(three.servers());
      for (int i = 0; i < each; ++i) {
        if (thread == 0 && i == each / 4) three.kill(leader);
        if (client.increment_and_get(1)) ++count;
      }
    });
  for (std::thread& thread : adding) thread.join();
  for (const int count : done) EXPECT_EQ(count, each);
  EXPECT_EQ(mine.get(), 1000 + threads * each);
  EXPECT_EQ(mine.increment_and_get(1), 1000 + threads * each + 1);
  EXPECT_NE(mine.server(), leader);
  for (const std::string& server : three.servers()) {
    if (server == leader) continue;
    EXPECT_EQ(Client({server}).get(), 1000 + threads * each + 1) << server;
  }
}

TEST(Three, one_who_asks_another_node_is_led_to_the_leader) {
  Three three;
  Client first(three.servers());
  ASSERT_EQ(first.increment_and_get(1), 1);
  std::int64_t sum = 1;
  for (const std::string& server : three.servers()) {
    Client client({server});
    EXPECT_EQ(client.increment_and_get(1), ++sum);
    EXPECT_EQ(client.server(), first.server());
  }
}

TEST(Three, they_end_when_the_script_is_told_to) {
  Three three;
  Client client(three.servers());
  ASSERT_EQ(client.increment_and_get(1), 1);
  const int status = three.end();
  EXPECT_EQ(WEXITSTATUS(status), 143);
  client.patience = std::chrono::milliseconds(100);
  EXPECT_EQ(client.get(), std::nullopt) << "nobody is there any more";
}

}  // namespace
}  // namespace counter
