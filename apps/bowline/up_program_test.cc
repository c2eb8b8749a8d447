// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/bowline/served_process.h"

// `./dev up` and `./dev down` as one types them, on ports of their own.
namespace bowline::apps {
namespace {

namespace fs = std::filesystem;

// A port that somebody else listens on.
class Squatter {
 public:
  explicit Squatter(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const int on = 1;
    ::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    is_there_ = ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                ::listen(socket_, 8) == 0;
  }
  ~Squatter() { ::close(socket_); }
  Squatter(const Squatter&) = delete;
  Squatter& operator=(const Squatter&) = delete;
  bool is_there() const { return is_there_; }

 private:
  int socket_;
  bool is_there_ = false;
};

// `./dev up` that stays, read line by line.
class Staying {
 public:
  explicit Staying(const std::string& command)
      : pipe_(::popen(("echo $$; exec " + command + " 2>&1 </dev/null").c_str(), "r")) {
    process_ = std::stoi(until("\n"));
  }
  ~Staying() {
    if (pipe_ != nullptr) ::pclose(pipe_);
  }
  Staying(const Staying&) = delete;
  Staying& operator=(const Staying&) = delete;

  // What it says until it has said this, or has ended.
  std::string until(const std::string& words) {
    std::string said;
    for (int c = 0; !said.contains(words) && (c = std::fgetc(pipe_)) != EOF;)
      said += static_cast<char>(c);
    return said;
  }
  void interrupt() const { ::kill(process_, SIGINT); }
  int status() {  // once it has ended
    const int status = ::pclose(std::exchange(pipe_, nullptr));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  std::FILE* pipe_;
  pid_t process_ = 0;
};

class UpProgramTest : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(directory_); }
  void TearDown() override {
    shell("./dev down --data-dir " + directory_);
    fs::remove_all(directory_);
  }

  static std::string listed(std::size_t first) {
    const auto port = [first](std::size_t i) { return std::to_string(ports[first + i]); };
    return port(0) + "," + port(1) + "," + port(2);
  }
  std::string up(const std::string& options) const {
    return up_with(fs::read_symlink("/proc/self/exe").parent_path() / "bowline", options);
  }
  std::string up_with(const fs::path& program, const std::string& options) const {
    return "timeout 60 ./dev up --program " + program.string() + " --data-dir " + directory_ + " " +
           options;
  }
  static std::string on_ports() {
    return " --client-ports " + listed(0) + " --peer-ports " + listed(3);
  }
  static std::string all_clients() {
    std::string list;
    for (std::size_t i = 0; i < 3; ++i)
      list += (i == 0 ? "" : ",") + ("127.0.0.1:" + std::to_string(ports[i]));
    return list;
  }
  static std::string line_after(const std::string& text, const std::string& words) {
    const std::size_t at = text.find(words);
    if (at == std::string::npos) return "echo it is not there";
    const std::size_t begin = at + words.size();
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  std::string down() const { return shell("./dev down --data-dir " + directory_); }
  pid_t process_of(const std::string& name) const {
    pid_t pid = 0;
    std::ifstream(directory_ + "/" + name + ".pid") >> pid;
    return pid;
  }
  static std::string etcdctl(std::size_t node, const std::string& what) {
    return shell("ETCDCTL_API=3 timeout 20 etcdctl --endpoints=127.0.0.1:" +
                 std::to_string(ports[node]) + " " + what);
  }
  // How many nodes are running.
  std::size_t left() const {
    std::size_t count = 0;
    for (const char* name : {"/n1", "/n2", "/n3"})
      count += processes_with(directory_ + name).size();
    return count;
  }

  static inline const std::vector<int> ports = free_ports(6);
  std::string directory_ = fs::temp_directory_path() / ("bowline-up-" + std::to_string(getpid()));
};

TEST_F(UpProgramTest, three_nodes_go_on_without_one_and_are_found_again) {
  const std::string said = shell(up("--detach" + on_ports()));
  const std::string took = line_after(said, "n1 n2 n3 ready in ");
  ASSERT_TRUE(took.ends_with(" ms")) << said;
  std::cout << "three nodes ready in " << took << "\n";
  EXPECT_LT(std::stoi(took), 3000);
  EXPECT_TRUE(said.contains("--endpoints=127.0.0.1:" + std::to_string(ports[0]))) << said;
  EXPECT_TRUE(said.contains("dev up: ok, running; ./dev down --data-dir " + directory_)) << said;
  const std::string page = "http://127.0.0.1:" + std::to_string(ports[0]) + "/";
  EXPECT_TRUE(said.contains(page + "\n")) << said;
  EXPECT_TRUE(shell("curl -s " + page).contains("<title>Bowline</title>"));
  // What it says one may type.
  EXPECT_EQ(shell(line_after(said, "\n  etcdctl   ")), "OK\n");
  EXPECT_EQ(shell(line_after(said, "\n  bowline   ")), "OK\n");
  EXPECT_EQ(shell(line_after(said, " put ship moored --endpoints " + all_clients() + "\n")),
            "ship\nmoored\n");
  for (const char* name : {"n1", "n2", "n3"}) EXPECT_TRUE(said.contains(name)) << said;

  ASSERT_GT(process_of("n2"), 0);
  ::kill(process_of("n2"), SIGKILL);
  EXPECT_EQ(etcdctl(0, "put ship adrift"), "OK\n");
  EXPECT_EQ(left(), 2U);
  EXPECT_EQ(etcdctl(2, "get ship --print-value-only"), "adrift\n");
  const std::string again = shell(up("--detach"));  // on the ports of the last time
  EXPECT_TRUE(again.contains("n2 was not stopped the last time")) << again;
  EXPECT_TRUE(again.contains("\nn2 ready in ")) << again;
  EXPECT_EQ(etcdctl(1, "get ship --print-value-only"), "adrift\n");
  EXPECT_TRUE(shell(up("--detach")).contains("all three were running already"));

  const std::string other = shell(up("--detach --peer-ports 1,2,3"));
  EXPECT_TRUE(other.contains("Leave that option out, or begin again with --fresh")) << other;
  const std::string anew = shell(up("--detach --fresh"));
  EXPECT_TRUE(anew.contains("Stop it first: ./dev down --data-dir " + directory_)) << anew;
  EXPECT_EQ(etcdctl(1, "get ship --print-value-only"), "adrift\n");

  EXPECT_TRUE(down().contains("stopped n1\nstopped n2\nstopped n3\n"));
  EXPECT_EQ(left(), 0U);
  EXPECT_TRUE(down().contains("nothing is running in " + directory_));
  const std::string restarted = shell(up("--detach"));
  EXPECT_TRUE(restarted.contains("n1 n2 n3 ready in ")) << restarted;
  EXPECT_FALSE(restarted.contains("was not stopped")) << restarted;
  EXPECT_EQ(etcdctl(0, "get ship --print-value-only"), "adrift\n");
  down();
  shell(up("--detach --fresh"));
  EXPECT_EQ(etcdctl(0, "get ship --print-value-only"), "");
}

TEST_F(UpProgramTest, one_that_stays_tells_of_losses_and_stops_all_when_it_is_interrupted) {
  Staying staying(up(on_ports()));
  const std::string said = staying.until("and start it again: ./dev up");
  EXPECT_TRUE(said.contains("n1 n2 n3 ready in ")) << said;
  ::kill(process_of("n3"), SIGKILL);
  EXPECT_TRUE(staying.until("The others go on").contains("n3 has ended, and nobody asked it to"));
  shell(up("--detach"));
  EXPECT_TRUE(staying.until("n3 is back").contains("n3 is back"));
  staying.interrupt();
  const std::string ended = staying.until("no such words");
  EXPECT_TRUE(ended.contains("stopped n1\nstopped n2\nstopped n3\n")) << ended;
  EXPECT_TRUE(ended.contains("\ndev up: ok, stopped")) << ended;
  EXPECT_EQ(staying.status(), 0);
  EXPECT_EQ(left(), 0U);
}

TEST_F(UpProgramTest, interrupted_before_all_are_ready_it_leaves_nothing_running) {
  // Never ready. The last one to begin interrupts who started it as Ctrl-C does: the whole group.
  const fs::path program = directory_ + "/never_ready";
  std::ofstream(program)
      << "#!/bin/bash\nmkfifo " << directory_ << "/$3.fifo\n"
      << "[[ $3 != n3 ]] || kill -INT -- \"-$(cut -d' ' -f5 /proc/$PPID/stat)\"\n"
      << "read -r <>" << directory_ << "/$3.fifo\n";
  fs::permissions(program, fs::perms::owner_all);
  for (const char* way : {"", "--detach"}) {
    Staying staying(up_with(program, on_ports() + " " + way));
    const std::string said = staying.until("no such words");
    EXPECT_TRUE(said.contains("stopped n1\nstopped n2\nstopped n3\n")) << said;
    EXPECT_TRUE(said.contains("dev up: FAILED, stopped before all were ready")) << said;
    EXPECT_EQ(staying.status(), 1);
    EXPECT_EQ(left(), 0U);
    shell("rm " + directory_ + "/*.fifo");
  }
}

TEST_F(UpProgramTest, one_that_stays_ends_when_all_were_stopped_from_elsewhere) {
  Staying staying(up(on_ports()));
  staying.until("and start it again: ./dev up");
  EXPECT_TRUE(down().contains("stopped n1\nstopped n2\nstopped n3\n"));
  const std::string said = staying.until("no such words");
  EXPECT_TRUE(said.contains("none of the nodes is running any more")) << said;
  EXPECT_FALSE(said.contains("nobody asked it to")) << said;
  EXPECT_EQ(staying.status(), 0);
}

TEST_F(UpProgramTest, a_port_that_is_taken_is_named_and_nothing_is_left_running) {
  Squatter squatter(ports[4]);
  ASSERT_TRUE(squatter.is_there());
  const std::string said = shell(up("--detach" + on_ports()) + "; echo status $?");
  EXPECT_TRUE(said.contains("port " + std::to_string(ports[4]) + ", which is for n2, is taken"))
      << said;
  EXPECT_TRUE(said.contains("--client-ports 12379")) << said;
  EXPECT_TRUE(said.ends_with("status 1\n")) << said;
  EXPECT_EQ(left(), 0U);
}

TEST_F(UpProgramTest, a_node_that_does_not_start_is_told_with_its_own_words) {
  fs::create_directories(directory_ + "/n2/member/snap");  // as those of etcd are
  const std::string said = shell(up("--detach" + on_ports()) + "; echo status $?");
  EXPECT_TRUE(said.contains("is a data directory of etcd")) << said;
  EXPECT_TRUE(said.contains("n2 did not start; above is what it said")) << said;
  EXPECT_TRUE(said.ends_with("status 1\n")) << said;
  EXPECT_EQ(left(), 0U);
}

TEST_F(UpProgramTest, what_it_cannot_mean_is_refused_in_a_sentence) {
  for (const char* options : {"--fast", "--client-ports 1,2", "--peer-ports 1,2,70000",
                              "--client-ports a,b,c", "--data-dir"}) {
    const std::string said = shell("{ ./dev up " + std::string(options) + "; echo status $?; }");
    EXPECT_TRUE(said.contains("./dev up --help lists what it takes")) << options << "\n" << said;
    EXPECT_TRUE(said.ends_with("status 2\n")) << options << "\n" << said;
  }
}

}  // namespace
}  // namespace bowline::apps
