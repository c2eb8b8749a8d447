// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "apps/bowline/serve_rig.h"

// What a server takes from flags and from its environment, and what it says when it starts.
namespace bowline::apps {
namespace {

class StartTest : public ServeProgramTest {
 protected:
  // `variables` are like NAME=value.
  std::vector<std::string> words(const std::vector<std::string>& variables,
                                 const std::vector<std::string>& flags) {
    const std::vector<int> ports = free_ports(2);
    port_ = ports[0];
    std::vector<std::string> all{"env"};
    all.insert(all.end(), variables.begin(), variables.end());
    for (const std::string& one :
         {program(), std::string("serve"), "--data-dir=" + scratch.at("data"),
          "--listen-client-urls=" + url(ports[0]), "--listen-peer-urls=" + url(ports[1])})
      all.push_back(one);
    all.insert(all.end(), flags.begin(), flags.end());
    return all;
  }
  // Of one that does not start.
  std::string refused(const std::vector<std::string>& variables,
                      const std::vector<std::string>& flags) {
    ServedProcess server(words(variables, flags));
    EXPECT_FALSE(server.is_ready());
    EXPECT_EQ(server.is_ready() ? server.end() : server.wait(), 1);
    EXPECT_FALSE(fs::exists(scratch.at("data"))) << "and nothing is left of it";
    return server.said();
  }
  int port_ = 0;
};

// As systemd does it with Type=notify.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& path)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~NotifySocket() { ::close(socket_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  std::string next() const {  // empty: nothing came in time
    std::array<char, 256> bytes{};
    const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), 0);
    return count < 0 ? "" : std::string(bytes.data(), static_cast<std::size_t>(count));
  }
  bool is_empty() const {
    char one = 0;
    return ::recv(socket_, &one, 1, MSG_DONTWAIT | MSG_PEEK) < 0;
  }

 private:
  int socket_;
};

TEST_F(StartTest, systemd_is_told_when_it_serves_and_when_it_ends) {
  const std::string path = scratch.at("notify");
  const NotifySocket systemd(path);
  ServedProcess server(words({"NOTIFY_SOCKET=" + path}, {}));
  ASSERT_TRUE(server.is_ready()) << server.said();
  EXPECT_EQ(systemd.next(), "READY=1");
  EXPECT_EQ(etcdctl(port_, "put a 1"), "OK\n");
  EXPECT_TRUE(systemd.is_empty());
  EXPECT_EQ(server.end(), 0);
  EXPECT_EQ(systemd.next(), "STOPPING=1");
}

TEST_F(StartTest, who_never_gets_ready_does_not_say_so) {
  const std::string path = scratch.at("notify");
  const NotifySocket systemd(path);
  EXPECT_NE(refused({"NOTIFY_SOCKET=" + path}, {"--initial-cluster=other=http://h:1"}), "");
  EXPECT_TRUE(systemd.is_empty());
}

TEST_F(StartTest, what_does_nothing_here_is_said_at_the_start) {
  const ServedProcess server(
      words({"ETCD_NAME=varied", "ETCD_NONSENSE=hush", "ETCD_UNSAFE_NO_FSYNC=true",
             "ETCD_WATCH_PROGRESS_NOTIFY_INTERVAL=100ms"},
            {"--wal-dir=/elsewhere", "--logger=zap", "--experimental-memory-mlock"}));
  ASSERT_TRUE(server.is_ready()) << server.said();
  const std::string& said = server.said();
  for (const char* const sentence :
       {"ETCD_NONSENSE does nothing: no flag has this variable\n",
        "--unsafe-no-fsync does nothing here: what is acknowledged is on the disks",
        "--wal-dir does nothing here: the log is in the data directory",
        "--experimental-memory-mlock does nothing here: no memory is locked"})
    EXPECT_TRUE(said.contains(sentence)) << said;
  EXPECT_FALSE(said.contains("--logger")) << said;
  EXPECT_FALSE(said.contains("hush")) << said;
  EXPECT_TRUE(etcdctl(port_, "member list").contains(", varied, "));
  // The interval came from its variable: an empty answer comes that soon.
  const std::string watch =
      shell("curl -sN -m 5 -d '{\"create_request\":{\"key\":\"YQ==\",\"progress_notify\":true}}' " +
            url(port_) + "/v3/watch | head -n 2");
  EXPECT_TRUE(watch.contains("}}\n{\"result\":{\"header\":")) << watch;
}

TEST_F(StartTest, calls_that_take_long_are_told_of_without_what_they_asked) {
  std::vector<std::string> all = words({}, {"--warning-unary-request-duration=0s"});
  ServedProcess server(heard(all, "", scratch.at("said")));
  ASSERT_TRUE(server.is_ready()) << server.said();
  EXPECT_EQ(etcdctl(port_, "put a-key a-value"), "OK\n");
  server.end();
  const std::string said = text_of(scratch.at("said"));
  EXPECT_TRUE(std::regex_search(
      said, std::regex("a call took long: /etcdserverpb.KV/Put, [0-9]+ ms, 16 bytes asked, "
                       "[0-9]+ answered, OK\n")))
      << said;
  EXPECT_FALSE(said.contains("a-key") || said.contains("a-value")) << said;
}

TEST_F(StartTest, a_flag_and_its_variable_together_are_refused_as_by_etcd) {
  const std::string conflict =
      "conflicting environment variable \"ETCD_NAME\" is shadowed by corresponding command-line "
      "flag (either unset environment variable or disable flag)";
  EXPECT_TRUE(refused({"ETCD_NAME=x"}, {"--name=y"}).contains(conflict));
  if (!is_here("etcd")) FAIL() << "etcd is missing: ./dev test unpacks etcd-server";
  EXPECT_TRUE(
      shell("ETCD_NAME=x timeout 10 etcd --name=y --data-dir=" + scratch.at("theirs"))
          .contains("environment variable \"ETCD_NAME\" is shadowed by corresponding "
                    "command-line flag (either unset environment variable or disable flag)"));
}

TEST_F(StartTest, what_must_not_be_passed_over_is_refused) {
  EXPECT_TRUE(refused({}, {"--force-new-cluster"}).contains("bowline recover"));
  EXPECT_TRUE(refused({"ETCD_FORCE_NEW_CLUSTER=true"}, {}).contains("--force-new-cluster: no clu"));
  EXPECT_TRUE(refused({}, {"--discovery-srv=example.org"}).contains("--initial-cluster"));
  EXPECT_TRUE(refused({}, {"--proxy=on"}).contains("--proxy: there is no proxy"));
}

TEST_F(StartTest, one_dash_is_as_good_as_two) {
  ServedProcess server(words({}, {"-name", "n7", "-strict-reconfig-check=false"}));
  ASSERT_TRUE(server.is_ready()) << server.said();
  EXPECT_TRUE(server.said().contains("published local member to cluster: n7")) << server.said();
}

TEST_F(StartTest, its_version_is_said_as_etcd_says_it) {
  const std::string said = shell(program() + " serve --version && echo good");
  EXPECT_TRUE(std::regex_search(said, std::regex("^etcd Version: 3\\.5\\.[0-9]+\n"))) << said;
  EXPECT_TRUE(said.ends_with("\ngood\n")) << said;
}

}  // namespace
}  // namespace bowline::apps
