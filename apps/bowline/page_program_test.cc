// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "apps/bowline/served_process.h"

// What real servers say of themselves, at "/" and "/v1/status".
namespace bowline::apps {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Struct;

std::string own_program() {
  return (fs::read_symlink("/proc/self/exe").parent_path() / "bowline").string();
}

class PageProgramTest : public testing::Test {
 protected:
  ~PageProgramTest() override { fs::remove_all(directory_); }

  static std::string place(int port) { return "http://127.0.0.1:" + std::to_string(port); }
  std::unique_ptr<ServedProcess> serve(const std::string& name, const std::string& cluster,
                                       std::size_t at) const {
    return std::make_unique<ServedProcess>(std::vector<std::string>{
        own_program(), "serve", "--name=" + name,
        "--data-dir=" + directory_ + "/" + std::to_string(at), "--initial-cluster=" + cluster,
        "--listen-client-urls=" + place(ports_[at]), "--listen-peer-urls=" + place(ports_[at + 3]),
        "--initial-advertise-peer-urls=" + place(ports_[at + 3])});
  }
  void start_three() {
    std::vector<std::thread> starts;
    starts.reserve(3);
    members_.resize(3);
    for (std::size_t i = 0; i < 3; ++i)
      starts.emplace_back([this, i] { members_[i] = serve("n" + std::to_string(i), trio(), i); });
    for (std::thread& one : starts) one.join();
    for (const auto& one : members_) ASSERT_TRUE(one->is_ready()) << one->said();
  }
  std::string trio() const {
    std::string cluster;
    for (std::size_t i = 0; i < 3; ++i)
      cluster += (i == 0 ? "n" : ",n") + std::to_string(i) + "=" + place(ports_[3 + i]);
    return cluster;
  }
  std::string get(std::size_t at, const std::string& path, const std::string& options = "") const {
    return shell("curl -s --max-time 10 " + options + " " + place(ports_[at]) + path);
  }
  Struct status(std::size_t at) const {
    Struct status;
    const std::string text = get(at, "/v1/status");
    EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(text, &status).ok()) << text;
    return status;
  }
  // They are not told of less than half a second.
  void until_there_are_rates() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    bool all = false;
    while (!all && std::chrono::steady_clock::now() < deadline)
      all = std::ranges::all_of(members_of(status(0)), [](const Struct& one) {
        return answers(one) && report(one).fields().at("rates").has_struct_value();
      });
    EXPECT_TRUE(all);
  }
  // What the node at `at` says of each, as it says it itself; "null" where there is no answer.
  static std::vector<Struct> members_of(const Struct& status) {
    std::vector<Struct> members;
    for (const auto& one : status.fields().at("members").list_value().values())
      members.push_back(one.struct_value());
    std::ranges::sort(members, {}, [](const Struct& one) { return text(one, "name"); });
    return members;
  }
  static std::string text(const Struct& in, const std::string& name) {
    return in.fields().at(name).string_value();
  }
  static double number(const Struct& in, const std::string& name) {
    return in.fields().at(name).number_value();
  }
  static bool answers(const Struct& member) {
    return member.fields().at("report").has_struct_value();
  }
  static Struct report(const Struct& member) { return member.fields().at("report").struct_value(); }

  std::vector<int> ports_ = free_ports(6);
  std::string directory_ =
      fs::temp_directory_path() / ("bowline-page-" + std::to_string(::getpid()));
  std::vector<std::unique_ptr<ServedProcess>> members_;
};

std::string field(const std::string& text, const char* name) {
  std::smatch found;
  return std::regex_search(text, found, std::regex("\"" + std::string(name) + "\":(\\d+)"))
             ? found[1].str()
             : "";
}

TEST_F(PageProgramTest, each_member_tells_the_truth_about_all_of_them) {
  start_three();
  const std::string etcdctl =
      "ETCDCTL_API=3 timeout 20 etcdctl --endpoints=127.0.0.1:" + std::to_string(ports_[0]) + " ";
  status(0);  // the first look, so that rates are about what follows
  for (int i = 0; i < 20; ++i) shell(etcdctl + "put key" + std::to_string(i) + " 1");
  const std::string truth = shell(etcdctl + "endpoint status -w json");
  until_there_are_rates();
  int leaders = 0;
  for (std::size_t at = 0; at < 3; ++at) {
    const Struct seen = status(at);
    const std::vector<Struct> members = members_of(seen);
    ASSERT_EQ(members.size(), 3U);
    EXPECT_EQ(text(seen, "self"), text(members[at], "id"));
    for (std::size_t i = 0; i < 3; ++i) {
      ASSERT_TRUE(answers(members[i]));
      const Struct one = report(members[i]);
      EXPECT_EQ(text(members[i], "name"), "n" + std::to_string(i));
      EXPECT_EQ(text(members[i], "standing"), "voter");
      EXPECT_EQ(members[i].fields().at("urls").list_value().values(0).string_value(),
                place(ports_[i]));
      EXPECT_EQ(number(one, "commit"), std::stod(field(truth, "raftIndex")));
      EXPECT_EQ(number(one, "applied"), std::stod(field(truth, "raftAppliedIndex")));
      EXPECT_EQ(number(one, "term"), std::stod(field(truth, "raftTerm")));
      const Struct store = one.fields().at("store").struct_value();
      EXPECT_EQ(number(store, "revision"), 21);
      EXPECT_EQ(number(store, "keys"), 20);
      const bool leads = text(one, "role") == "leader";
      leaders += leads ? 1 : 0;
      EXPECT_EQ(text(one, "leader") == text(members[i], "id"), leads);
      EXPECT_EQ(one.fields().at("peers").list_value().values_size(), leads ? 2 : 0);
      for (const auto& peer : one.fields().at("peers").list_value().values()) {
        EXPECT_EQ(number(peer.struct_value(), "behind"), 0);
        EXPECT_TRUE(peer.struct_value().fields().at("connected").bool_value());
        EXPECT_LT(number(peer.struct_value(), "silent_ms"), 10'000);
      }
      if (!leads) continue;
      const Struct rates = one.fields().at("rates").struct_value();
      EXPECT_GT(number(rates, "over_s"), 0);
      EXPECT_NEAR(number(rates, "writes_per_s") * number(rates, "over_s"), 20, 0.5);
      EXPECT_EQ(number(rates.fields().at("write").struct_value(), "count"), 20);
      EXPECT_GT(number(rates.fields().at("write").struct_value(), "p50_ms"), 0);
    }
  }
  EXPECT_EQ(leaders, 3) << "one, as each of them says";
}

TEST_F(PageProgramTest, one_that_does_not_answer_is_shown_so_and_keeps_nobody_waiting) {
  start_three();
  // It neither answers nor ends.
  for (const pid_t one : processes_with("--data-dir=" + directory_ + "/2")) ::kill(one, SIGSTOP);
  const auto before = std::chrono::steady_clock::now();
  const std::vector<Struct> members = members_of(status(0));
  const auto took = std::chrono::steady_clock::now() - before;
  EXPECT_GE(took, std::chrono::milliseconds(350));
  EXPECT_LT(took, std::chrono::seconds(10));
  ASSERT_EQ(members.size(), 3U);
  EXPECT_TRUE(answers(members[0]));
  EXPECT_TRUE(answers(members[1]));
  EXPECT_FALSE(answers(members[2]));
  EXPECT_EQ(text(members[2], "name"), "n2");
}

TEST_F(PageProgramTest, the_page_comes_with_a_policy_and_other_paths_stay_unknown) {
  const std::string name = "<script>\"x\" & Ü";
  const auto alone = serve(name, name + "=" + place(ports_[3]), 0);
  ASSERT_TRUE(alone->is_ready()) << alone->said();
  for (const char* path : {"/", "/dash/page.css", "/dash/page.js", "/v1/status"}) {
    const std::string head = get(0, path, "-D - -o /dev/null");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << path << "\n" << head;
    for (const char* part :
         {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "nosniff"})
      EXPECT_TRUE(head.contains(part)) << path << "\n" << head;
    EXPECT_FALSE(head.contains("unsafe")) << head;
    EXPECT_TRUE(get(0, path, "-X POST -d x -w '%{http_code}'").ends_with("405\n")) << path;
    EXPECT_TRUE(
        get(0, path, "-H 'Origin: http://evil.example' -w '%{http_code}'").ends_with("403\n"))
        << path;
  }
  EXPECT_TRUE(get(0, "/", "-D -").contains("Content-Type: text/html; charset=utf-8"));
  EXPECT_EQ(get(0, "/nothing", "-w '%{http_code}'"), "404 page not found\n404\n");
  EXPECT_EQ(get(0, "/dash/", "-w '%{http_code}'"), "404 page not found\n404\n");
  EXPECT_FALSE(get(0, "/v1/status").contains("<script>"));
  EXPECT_EQ(text(members_of(status(0)).front(), "name"), name);
}

}  // namespace
}  // namespace bowline::apps
