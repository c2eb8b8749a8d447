// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/metrics.h"
#include "bowline/api/node.h"
#include "bowline/api/wiretap.h"
#include "bowline/runtime/test_certificates.h"
#include "bowline/wire/hello.h"

// Nodes with certificates, and without: what somebody in between sees, and what he can do.
namespace bowline {
namespace {

using namespace std::chrono_literals;
using runtime::Authority;
using runtime::CertificateFolder;
using runtime::Issued;
using runtime::Wish;

constexpr GroupId group{7};

raft::Wanted wanted(std::uint64_t id, const std::string& address) {
  raft::Wanted wanted;
  wanted.id = NodeId{id};
  wanted.address = address;
  return wanted;
}

// Keeps all commands in one text.
class Scroll final : public machine::StateMachine {
 public:
  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      text += std::string(commands[i].payload.view()) + "\n";
      answers[i] = std::to_string(++count);
    }
  }
  std::unique_ptr<machine::Reader> snapshot() override { return nullptr; }
  std::unique_ptr<machine::Writer> restore() override { return nullptr; }

  std::string text;
  std::uint64_t count = 0;
};

class NodeTlsTest : public testing::Test {
 protected:
  struct Member {
    NodeOptions options;
    std::unique_ptr<Node> node;
    std::optional<Group> group;
    Scroll* scroll = nullptr;  // on the node's thread
  };

  NodeTlsTest() {
    for (std::uint64_t id = 1; id <= 3; ++id) {
      NodeOptions& options = members_[id].options;
      options.id = NodeId{id};
      options.directory = folder_.path("data" + std::to_string(id));
      options.listen = "127.0.0.1:0";
      options.disk.direct = false;  // a temporary directory may not have it
      options.told = [this](const std::string& who, const std::string& why) {
        const std::lock_guard lock(mutex_);
        told_ += who + ": " + why + "\n";
      };
    }
  }
  ~NodeTlsTest() override { members_.clear(); }

  void secure(std::uint64_t id, const Issued& issued) {
    const std::string name = "node" + std::to_string(id);
    runtime::TlsOptions& tls = members_[id].options.tls;
    tls = folder_.options(name, issued, authority_.certificate());
    tls.authorities = {folder_.write(name + ".roots", authority_.certificate())};
    tls.look_every = 1h;  // the test says when
  }
  void secure() {
    for (std::uint64_t id = 1; id <= 3; ++id) secure(id, issue(id));
  }
  Issued issue(std::uint64_t id) { return authority_.issue(Wish::of_node(NodeId{id})); }

  void open(std::uint64_t id) {
    Member& member = members_[id];
    Result<std::unique_ptr<Node>> node = Node::open(member.options);
    ASSERT_TRUE(node.has_value()) << node.error().what;
    member.node = *std::move(node);
    if (id == 2) tap_.lead_to(member.node->address());
  }
  void start(std::uint64_t id) {
    GroupSetup setup;
    for (const auto& [each, member] : members_)
      setup.founders.push_back(wanted(each, each == 2 ? tap_.address() : member.node->address()));
    auto scroll = std::make_unique<Scroll>();
    members_[id].scroll = scroll.get();
    Result<Group> here = members_[id].node->start(group, std::move(setup), std::move(scroll));
    ASSERT_TRUE(here.has_value()) << here.error().what;
    members_[id].group = *here;
  }
  // Node 2 is called through the tap, and node 1 calls it: that one is used.
  void found() {
    members_[2].options.advertise = tap_.address();
    for (std::uint64_t id = 1; id <= 3; ++id) open(id);
    for (std::uint64_t id = 1; id <= 3; ++id) start(id);
  }
  GroupStatus status(std::uint64_t id) { return members_.at(id).group->status().get(); }
  bool eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + 30s;
    while (std::chrono::steady_clock::now() < until)
      if (holds()) return true;
    return false;
  }
  std::uint64_t leader() {
    std::uint64_t found = 0;
    eventually([&] {
      for (auto& [id, member] : members_)
        if (member.group && status(id).role == raft::Role::leader) found = id;
      return found != 0;
    });
    return found;
  }
  // By whoever leads; the answer of the machine.
  std::string write(const std::string& text) {
    std::string answer = "never";
    eventually([&] {
      const Outcome outcome = members_.at(leader()).group->propose(text).get();
      if (const auto* done = std::get_if<Applied>(&outcome)) answer = done->answer.value_or("?");
      return answer != "never";
    });
    return answer;
  }
  // Everything, as this member has it.
  std::string read(std::uint64_t id) {
    std::optional<std::string> text;
    eventually([&] {
      std::promise<std::optional<std::string>> promise;
      const Scroll& scroll = *members_.at(id).scroll;
      members_.at(id).group->read(raft::ReadKind::linearizable, [&](const ReadOutcome& outcome) {
        const bool good = std::holds_alternative<Ready>(outcome);
        promise.set_value(good ? std::optional(scroll.text) : std::nullopt);
      });
      text = promise.get_future().get();
      return text.has_value();
    });
    return text.value_or("never");
  }
  // Node 2 hears nothing but through the tap if node 1 leads.
  void let_node_1_lead() {
    eventually([&] {
      const std::uint64_t leads = leader();
      if (leads != 1) (void)members_.at(leads).group->transfer(NodeId{1}).get();
      return leads == 1;
    });
  }
  std::string told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  bool tapped(std::string_view word) {
    return std::ranges::any_of(tap_.heard(),
                               [word](const std::string& call) { return call.contains(word); });
  }
  // To node 2, as somebody who only has what the tap heard. Returns when it was taken, or refused.
  void replay(const std::string& bytes) {
    runtime::Loop loop;
    runtime::Network network(loop);
    std::unique_ptr<env::Connection> connection;
    bool is_answered = false;
    network.connect(members_.at(2).node->address(),
                    [&](Result<std::unique_ptr<env::Connection>> connected) {
                      ASSERT_TRUE(connected) << connected.error().what;
                      connection = *std::move(connected);
                      connection->begin({.received = [&](std::string_view) { is_answered = true; },
                                         .closed = [&](const Error&) { is_answered = true; },
                                         .drained = {}});
                      connection->send(bytes);
                    });
    EXPECT_TRUE(loop.run_until(
        [&] { return is_answered && connection != nullptr && connection->queued() == 0; },
        loop.clock().now() + 30s));
    connection.reset();
  }

  CertificateFolder folder_;
  Authority authority_{"the authority"};
  Wiretap tap_;
  std::mutex mutex_;
  std::string told_;
  std::map<std::uint64_t, Member> members_;
};

TEST_F(NodeTlsTest, without_certificates_all_that_is_said_can_be_read) {
  found();
  let_node_1_lead();
  ASSERT_EQ(write("a-secret-word"), "1");
  EXPECT_EQ(read(2), "a-secret-word\n");
  EXPECT_TRUE(eventually([&] { return tapped("a-secret-word"); }));
}

TEST_F(NodeTlsTest, with_certificates_nothing_can_be_read) {
  secure();
  found();
  let_node_1_lead();
  ASSERT_EQ(write("a-secret-word"), "1");
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(read(id), "a-secret-word\n");
  EXPECT_FALSE(tap_.heard().empty());
  EXPECT_FALSE(tapped("a-secret-word"));
  EXPECT_EQ(told(), "");
}

TEST_F(NodeTlsTest, a_connection_that_is_cut_is_made_again) {
  secure();
  found();
  for (int i = 1; i <= 20; ++i) {
    ASSERT_EQ(write("x"), std::to_string(i));
    tap_.cut();
  }
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(read(id).size(), 40U);
}

TEST_F(NodeTlsTest, what_was_heard_and_is_said_again_changes_nothing) {
  found();
  let_node_1_lead();
  std::string all;
  for (int i = 1; i <= 10; ++i) {
    ASSERT_EQ(write("word " + std::to_string(i)), std::to_string(i));
    all += "word " + std::to_string(i) + "\n";
  }
  const std::vector<std::string> calls = tap_.heard();
  ASSERT_TRUE(tapped("word 1"));
  for (const std::string& call : calls) replay(call);
  EXPECT_EQ(write("and on"), "11");
  all += "and on\n";
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(read(id), all);
}

TEST_F(NodeTlsTest, with_certificates_it_is_not_even_heard) {
  secure();
  found();
  let_node_1_lead();
  ASSERT_EQ(write("a"), "1");
  const std::vector<std::string> calls = tap_.heard();
  const Term before = status(2).term;
  for (const std::string& call : calls) replay(call);
  EXPECT_TRUE(eventually([&] { return told().contains("was not let in: "); }));
  EXPECT_EQ(write("b"), "2");
  EXPECT_EQ(status(2).term, before) << "a node lost its connection to somebody who proved nothing";
}

TEST_F(NodeTlsTest, who_has_another_certificate_is_kept_out_and_the_others_go_on) {
  secure();
  Authority other("another one");
  const Issued foreign = other.issue(Wish::of_node(NodeId{3}));
  runtime::TlsOptions& tls = members_[3].options.tls;
  folder_.write("node3.pem", foreign.certificate);
  folder_.write("node3.key", foreign.key);
  tls.authorities.push_back(folder_.write("other.pem", other.certificate()));
  found();
  EXPECT_EQ(write("a"), "1");
  EXPECT_TRUE(eventually([&] {
    return told().contains(
        "was not let in: its certificate is of an authority that is not in "
        "tls.authorities here");
  })) << told();
  EXPECT_EQ(status(3).leader, NodeId{});
  // Its files are put right while it runs.
  const Issued right = issue(3);
  folder_.write("node3.pem", right.certificate);
  folder_.write("node3.key", right.key);
  const Result<void> good = members_[3].node->reload();
  ASSERT_TRUE(good) << good.error().what;
  EXPECT_EQ(read(3), "a\n");
}

TEST_F(NodeTlsTest, who_speaks_no_tls_is_kept_out_and_told_of_on_both_sides) {
  secure(1, issue(1));
  secure(2, issue(2));
  found();
  EXPECT_EQ(write("a"), "1");
  EXPECT_TRUE(eventually([&] {
    return told().contains("was not let in: it does not speak TLS") &&
           told().contains("what came is TLS, which this node does not speak");
  })) << told();
}

TEST_F(NodeTlsTest, an_authority_is_replaced_under_load_and_nothing_is_lost) {
  secure();
  found();
  ASSERT_EQ(write("1"), "1");
  std::atomic<bool> is_over = false;
  std::vector<std::uint64_t> written;
  std::thread load([&] {
    for (std::uint64_t number = 2; !is_over; ++number) {
      const Outcome outcome = members_.at(leader()).group->propose(std::to_string(number)).get();
      if (std::holds_alternative<Applied>(outcome)) written.push_back(number);
    }
  });
  Authority next("the next one");
  const auto at_each = [&](const std::function<void(const std::string&, NodeId)>& change) {
    for (auto& [id, member] : members_) {
      change("node" + std::to_string(id), NodeId{id});
      const Result<void> good = member.node->reload();
      EXPECT_TRUE(good) << good.error().what;
      tap_.cut();  // so that somebody greets with what there is now
    }
  };
  at_each([&](const std::string& name, NodeId) {
    folder_.write(name + ".roots", authority_.certificate() + next.certificate());
  });
  at_each([&](const std::string& name, NodeId id) {
    const Issued issued = next.issue(Wish::of_node(id));
    folder_.write(name + ".key", issued.key);
    folder_.write(name + ".pem", issued.certificate);
  });
  at_each(
      [&](const std::string& name, NodeId) { folder_.write(name + ".roots", next.certificate()); });
  is_over = true;
  load.join();
  EXPECT_FALSE(told().contains("not let in: its certificate")) << told();
  EXPECT_FALSE(written.empty());
  EXPECT_NE(write("the end"), "never");
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const std::string text = "\n" + read(id);
    for (const std::uint64_t number : written)
      ASSERT_TRUE(text.contains("\n" + std::to_string(number) + "\n")) << number << " at " << id;
    EXPECT_TRUE(text.contains("\nthe end\n"));
  }
}

TEST_F(NodeTlsTest, files_that_are_not_good_are_told_at_the_start_and_by_reload) {
  secure();
  folder_.write("node1.key", issue(1).key);
  const Result<std::unique_ptr<Node>> refused = Node::open(members_[1].options);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().what.starts_with("tls: " + folder_.path("node1.key") +
                                               ": this is not the key of the certificate in "))
      << refused.error().what;
  NodeOptions half = members_[2].options;
  half.tls.key = "";
  const Result<std::unique_ptr<Node>> incomplete = Node::open(half);
  ASSERT_FALSE(incomplete);
  EXPECT_TRUE(incomplete.error().what.contains("tls.key must be given"));
  open(2);
  folder_.write("node2.pem", "nonsense");
  const Result<void> reloaded = members_[2].node->reload();
  ASSERT_FALSE(reloaded);
  EXPECT_TRUE(reloaded.error().what.contains("there is no certificate in it"));
  EXPECT_TRUE(told().contains("the old ones still are"));
}

TEST_F(NodeTlsTest, a_node_whose_certificate_cannot_be_read_does_not_open_and_the_others_go_on) {
  secure();
  found();
  std::uint64_t written = 0;
  NodeOptions fourth = members_[1].options;
  fourth.id = NodeId{4};
  fourth.directory = folder_.path("data4");
  const Issued mine = issue(4);
  const runtime::TlsOptions good = folder_.options("node4", mine, authority_.certificate());
  const auto refusal = [&](const std::function<void(runtime::TlsOptions&)>& spoil, Fault fault) {
    fourth.tls = good;
    spoil(fourth.tls);
    const Result<std::unique_ptr<Node>> opened = Node::open(fourth);
    EXPECT_EQ(write("x"), std::to_string(++written));
    if (opened) return std::string("it opened");
    EXPECT_EQ(opened.error().fault, fault) << opened.error().what;
    return opened.error().what;
  };
  const std::string nowhere = folder_.path("nowhere.pem");
  const std::string cannot = "tls: cannot read " + nowhere + ": No such file or directory";
  EXPECT_EQ(refusal([&](auto& tls) { tls.certificate = nowhere; }, Fault::not_found), cannot);
  EXPECT_EQ(refusal([&](auto& tls) { tls.key = nowhere; }, Fault::not_found), cannot);
  EXPECT_EQ(refusal([&](auto& tls) { tls.authorities = {nowhere}; }, Fault::not_found), cannot);
  std::filesystem::create_directory(folder_.path("folder.pem"));
  EXPECT_EQ(refusal([&](auto& tls) { tls.certificate = folder_.path("folder.pem"); }, Fault::io),
            "tls: cannot read " + folder_.path("folder.pem") + ": Is a directory");
  const std::string nonsense = folder_.write("nonsense.pem", "nonsense");
  EXPECT_EQ(refusal([&](auto& tls) { tls.certificate = nonsense; }, Fault::corrupt),
            "tls: " + nonsense + ": there is no certificate in it; it must be in the PEM format");
  EXPECT_EQ(refusal([&](auto& tls) { tls.key = ""; }, Fault::invalid),
            "the options of a node: tls.key must be given: the file with the key of "
            "tls.certificate");
  EXPECT_EQ(refusal([](auto&) {}, Fault::invalid), "it opened");
}

// With certificates they do not even get so far: tls_slow_test.cc.
TEST_F(NodeTlsTest, those_who_never_say_who_they_are_are_closed_and_keep_nobody_out) {
  found();
  ASSERT_EQ(write("1"), "1");
  wire::Hello stranger;
  stranger.self = NodeId{9};
  stranger.disk = {109};
  const std::string hello = wire::frame_of(stranger);
  runtime::Loop loop;
  runtime::Network network(loop);
  std::vector<std::unique_ptr<env::Connection>> idle;
  std::size_t closed = 0;
  const auto called = [&](Result<std::unique_ptr<env::Connection>> connection) {
    ASSERT_TRUE(connection) << connection.error().what;
    idle.push_back(*std::move(connection));
    idle.back()->begin({.received = [](std::string_view) {},
                        .closed = [&](const Error&) { ++closed; },
                        .drained = {}});
    const std::size_t kind = idle.size() % 3;
    if (kind == 1) idle.back()->send(hello.substr(0, hello.size() / 2));
    if (kind == 2) idle.back()->send(hello.substr(0, 1));
  };
  constexpr std::size_t many = 300;
  for (std::size_t i = 0; i < many; ++i) network.connect(members_[1].node->address(), called);
  for (int i = 2; i <= 50; ++i) {
    ASSERT_EQ(write(std::to_string(i)), std::to_string(i));
    loop.run_until([] { return false; }, loop.clock().now() + 1ms);
  }
  EXPECT_TRUE(loop.run_until([&] { return closed == many; }, loop.clock().now() + 30s));
}

TEST_F(NodeTlsTest, nodes_of_two_clusters_do_not_speak_even_without_certificates) {
  members_[1].options.cluster = members_[2].options.cluster = "prod";
  members_[3].options.cluster = "test";
  found();
  EXPECT_EQ(write("a"), "1");
  EXPECT_TRUE(eventually([&] {
    return told().contains("is of the cluster test, and node 1 of prod");
  })) << told();
  EXPECT_EQ(status(3).leader, NodeId{});
}

TEST_F(NodeTlsTest, a_name_of_a_cluster_that_no_certificate_could_have_is_refused) {
  members_[1].options.cluster = "two words";
  const Result<std::unique_ptr<Node>> refused = Node::open(members_[1].options);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().what.contains("cluster must be at most 100 letters, digits"));
}

TEST_F(NodeTlsTest, nothing_that_a_node_tells_holds_a_key_or_a_command) {
  std::vector<std::string> secrets{"a-secret-word", "a-secret-note"};
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const Issued issued = issue(id);
    secure(id, issued);
    for (std::string& form : runtime::forms_of_key(issued.key)) secrets.push_back(std::move(form));
    NodeOptions& options = members_[id].options;
    options.log_lines.levels = host::Journal::all(host::Level::debug);
    options.log_lines.most_alike = 0;
    options.log_sink = [this](std::string_view line) {
      const std::lock_guard lock(mutex_);
      told_ += std::string(line) + "\n";
    };
  }
  found();
  EXPECT_EQ(write("a-secret-word"), "1");
  EXPECT_EQ(write("a-secret-word"), "2");
  raft::Wanted fourth = wanted(4, "127.0.0.1:1");
  fourth.standing = raft::Standing::learner;
  fourth.metadata = "a-secret-note";
  (void)members_.at(leader()).group->put_member(fourth).get();
  tap_.cut();
  // A file that is no key, and one that is the key of another.
  folder_.write("node2.key", issue(2).key);
  EXPECT_FALSE(members_.at(2).node->reload().has_value());
  folder_.write("node2.key", "a-secret-word");
  EXPECT_FALSE(members_.at(2).node->reload().has_value());
  (void)members_.at(leader()).group->transfer().get();
  EXPECT_EQ(write("a-secret-word"), "3");
  for (auto& [id, member] : members_) {
    const std::string all = told() + metrics_text(*member.node) + member.group->explain().get();
    EXPECT_TRUE(all.contains("topic=peer") && all.contains("topic=election")) << all;
    for (const std::string& secret : secrets) EXPECT_FALSE(all.contains(secret)) << all;
  }
}

}  // namespace
}  // namespace bowline
