// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "bowline/runtime/tls_rig.h"
#include "bowline/runtime/tls_stranger.h"

// Who gets in, of all that somebody might show; in both directions, each with the reason.
namespace bowline::runtime {
namespace {

constexpr long hour = 3600;

// What somebody at the other end shows, and which sentence that gets; empty: it gets in.
struct Cell {
  std::string name;
  std::function<Stranger(Authority&)> stranger;
  std::string sentence;
  std::function<void(TlsOptions&)> options = [](TlsOptions&) {};  // of our node
};
std::ostream& operator<<(std::ostream& out, const Cell& cell) { return out << cell.name; }

Stranger with(Issued issued) { return {.issued = std::move(issued)}; }

Wish wish(const std::string& usage) {
  Wish made = Wish::of_node(NodeId{2});
  made.usage = usage;
  return made;
}

Wish lasting(long from, long to) {
  Wish made = Wish::of_node(NodeId{2});
  made.from_seconds = from;
  made.to_seconds = to;
  return made;
}

Stranger speaking(Authority& authority, int version) {
  Stranger stranger = with(authority.issue(Wish::of_node(NodeId{2})));
  stranger.oldest = stranger.newest = version;
  return stranger;
}

std::vector<Cell> certificates() {
  const Wish good = Wish::of_node(NodeId{2});
  return {
      {"the_right_one", [=](Authority& by) { return with(by.issue(good)); }, ""},
      {"of_no_stated_usage", [](Authority& by) { return with(by.issue(wish(""))); }, ""},
      {"of_another_authority",
       [=](Authority&) { return with(Authority("another one").issue(good)); },
       "is of an authority that is not in tls.authorities"},
      // The name proves nothing: what counts is the signature.
      {"of_an_authority_of_the_same_name",
       [=](Authority&) { return with(Authority("the authority").issue(good)); },
       "its certificate is refused: certificate signature failure"},
      {"signed_by_itself", [=](Authority& by) { return with(by.self_signed(good)); },
       "vouches for itself"},
      {"expired", [](Authority& by) { return with(by.issue(lasting(-2 * hour, -hour))); },
       "has expired"},
      {"not_yet_valid", [](Authority& by) { return with(by.issue(lasting(hour, 2 * hour))); },
       "is not valid yet"},
      {"of_a_client", [](Authority& by) { return with(by.issue(wish("clientAuth"))); },
       "its certificate is not for nodes"},
      {"of_a_server", [](Authority& by) { return with(by.issue(wish("serverAuth"))); },
       "its certificate is not for nodes"},
      {"of_a_mail_server", [](Authority& by) { return with(by.issue(wish("emailProtection"))); },
       "its certificate is not for nodes"},
      {"that_names_no_node", [](Authority& by) { return with(by.issue({})); }, "names no node"},
      {"that_names_two_nodes",
       [](Authority& by) {
         return with(by.issue({.uris = {"bowline://test/node/2", "bowline://test/node/3"}}));
       },
       "names more than one node"},
      {"that_names_a_client",
       [](Authority& by) { return with(by.issue({.uris = {"bowline://test/client/2"}})); },
       "makes no sense"},
      {"of_another_cluster",
       [](Authority& by) { return with(by.issue(Wish::of_node(NodeId{2}, "prod"))); },
       "names the cluster prod, and this node is of test"},
      {"of_a_node_that_is_listed", [=](Authority& by) { return with(by.issue(good)); }, "",
       [](TlsOptions& options) { options.only = {NodeId{3}, NodeId{2}}; }},
      {"of_a_node_that_is_not_listed", [=](Authority& by) { return with(by.issue(good)); },
       "names node 2, which is not among those in tls.only",
       [](TlsOptions& options) { options.only = {NodeId{1}, NodeId{3}}; }},
      {"over_1_2", [](Authority& by) { return speaking(by, TLS1_2_VERSION); },
       "speaks no version of TLS that"},
      {"over_1_1", [](Authority& by) { return speaking(by, TLS1_1_VERSION); },
       "speaks no version of TLS that"},
      {"over_1_2_where_that_is_allowed", [](Authority& by) { return speaking(by, TLS1_2_VERSION); },
       "", [](TlsOptions& options) { options.also_1_2 = true; }},
      {"over_1_1_where_1_2_is_allowed", [](Authority& by) { return speaking(by, TLS1_1_VERSION); },
       "speaks no version of TLS that", [](TlsOptions& options) { options.also_1_2 = true; }},
  };
}

class Matrix : public TlsRig, public testing::WithParamInterface<Cell> {
 protected:
  // Runs the loop while `work` blocks on another thread.
  std::string beside(const std::function<std::string()>& work) {
    std::string heard;
    bool is_over = false;
    std::thread thread([&] {
      heard = work();
      loop_.post([&] { is_over = true; });
    });
    EXPECT_TRUE(run_until([&] { return is_over; }));
    thread.join();
    return heard;
  }
  TlsOptions of_ours() {
    TlsOptions made = options(1);
    GetParam().options(made);
    return made;
  }
  Authority& authority() { return authority_; }
};

class Callers : public Matrix {};
class Called : public Matrix {};

TEST_P(Callers, get_in_or_are_told_why_not) {
  TlsNode one(loop_, NodeId{1}, of_ours());
  ASSERT_EQ(one.wrong, "");
  std::optional<std::unique_ptr<env::Listener>> listener = listen(one.network());
  RawSocket socket;
  socket.connect((*listener)->address());
  const Stranger stranger = GetParam().stranger(authority());
  const bool gets_in = GetParam().sentence.empty();
  // Once it is in, we end it: it reads until then.
  const auto answer_and_end = [&](const std::unique_ptr<TlsEar>& ear) {
    if (ear->received != "hi") return;
    ear->connection->send("welcome");
    ear->connection.reset();
  };
  std::string heard;
  bool is_over = false;
  std::thread thread([&] {
    heard = stranger.call(socket);
    loop_.post([&] { is_over = true; });
  });
  EXPECT_TRUE(run_until([&] {
    for (const auto& ear : accepted_)
      if (ear->connection != nullptr) answer_and_end(ear);
    return is_over;
  }));
  thread.join();
  EXPECT_EQ(heard, gets_in ? "welcome" : "");
  EXPECT_EQ(accepted_.size(), gets_in ? 1U : 0U);
  EXPECT_EQ(one.told.empty(), gets_in);
  EXPECT_EQ(one.has_told("was not let in: "), !gets_in);
  EXPECT_TRUE(one.has_told(GetParam().sentence) || gets_in) << one.told_last();
  accepted_.clear();
}

TEST_P(Called, are_taken_or_not_and_it_is_said_why) {
  TlsNode one(loop_, NodeId{1}, of_ours());
  ASSERT_EQ(one.wrong, "");
  const RawSocket door;
  door.listen();
  const Stranger stranger = GetParam().stranger(authority());
  std::optional<Connected> connected;
  one.network().connect(door.address(), [&](Connected result) {
    connected = std::move(result);
    if (*connected) (**connected)->send("hello");
    if (*connected) connected->value().reset();
  });
  const std::string heard = beside([&] { return stranger.answer(door.accept()); });
  ASSERT_TRUE(run_until([&] { return connected.has_value(); }));
  if (GetParam().sentence.empty()) {
    EXPECT_TRUE(*connected) << connected->error().what;
    EXPECT_EQ(heard, "hello");
  } else {
    ASSERT_FALSE(*connected);
    EXPECT_EQ(heard, "") << "something was said to whoever had not proved who it is";
    EXPECT_TRUE(connected->error().what.starts_with("cannot connect to " + door.address() + ": "))
        << connected->error().what;
    EXPECT_TRUE(connected->error().what.contains(GetParam().sentence)) << connected->error().what;
  }
}

const auto name_of = [](const auto& test) { return test.param.name; };
INSTANTIATE_TEST_SUITE_P(With, Callers, testing::ValuesIn(certificates()), name_of);
INSTANTIATE_TEST_SUITE_P(With, Called, testing::ValuesIn(certificates()), name_of);

class Odd : public TlsRig {};

TEST_F(Odd, who_calls_without_a_certificate_is_not_let_in) {
  TlsNode one(loop_, NodeId{1}, options(1));
  const auto listener = listen(one.network());
  RawSocket socket;
  socket.connect(listener->address());
  std::thread thread([&] { EXPECT_EQ(Stranger{}.call(socket), ""); });
  EXPECT_TRUE(run_until([&] { return one.has_told("was not let in: it shows no certificate"); }));
  thread.join();
  EXPECT_TRUE(accepted_.empty());
}

TEST_F(Odd, who_was_refused_hears_that_it_was) {
  TlsNode one(loop_, NodeId{1}, options(1));
  Authority other("another one");
  // It trusts the authority of node 1, and its own; node 1 does not.
  TlsOptions of_two = options(2);
  const Issued issued = other.issue(Wish::of_node(NodeId{2}));
  folder_.write("node2.pem", issued.certificate);
  folder_.write("node2.key", issued.key);
  of_two.authorities.push_back(folder_.write("other.pem", other.certificate()));
  TlsNode two(loop_, NodeId{2}, of_two);
  ASSERT_EQ(one.wrong + two.wrong, "");
  const auto listener = listen(one.network());
  Connected connected = connect(two.network(), listener->address());
  ASSERT_TRUE(connected) << connected.error().what;  // with 1.3 it hears of it a little later
  TlsEar ear(*std::move(connected));
  ASSERT_TRUE(run_until([&] { return ear.closed.has_value(); }));
  EXPECT_EQ(ear.closed->what,
            listener->address() +
                ": it does not know the authority of our certificate: compare its tls.authorities");
  EXPECT_TRUE(one.has_told("is of an authority that is not in tls.authorities"));
}

TEST_F(Odd, one_who_does_not_speak_tls_is_told_from_one_who_does_it_badly) {
  TlsNode one(loop_, NodeId{1}, options(1));
  const auto listener = listen(one.network());
  Network plain(loop_);
  Connected connected = connect(plain, listener->address());
  ASSERT_TRUE(connected);
  TlsEar ear(*std::move(connected));
  ear.connection->send("bl\x01 and whatever a node without TLS says");
  ASSERT_TRUE(run_until([&] { return ear.closed.has_value(); }));
  EXPECT_TRUE(one.has_told("was not let in: it does not speak TLS")) << one.told_last();

  RawSocket liar;
  liar.connect(listener->address());
  liar.send(std::string("\x16\x03\x01\xff\xff", 5));
  ASSERT_TRUE(run_until([&] { return one.has_told("is longer than TLS allows"); }));
  RawSocket babbler;
  babbler.connect(listener->address());
  babbler.send(std::string("\x16\x03\x01\x00\x04", 5) + "abcd");
  ASSERT_TRUE(run_until([&] { return one.told.size() == 3; }));
  EXPECT_TRUE(one.told_last().contains("TLS with it failed")) << one.told_last();
  EXPECT_TRUE(accepted_.empty());
}

TEST_F(Odd, a_call_to_a_port_without_tls_comes_to_nothing_and_says_why) {
  TlsNode one(loop_, NodeId{1}, options(1));
  Network plain(loop_);
  const auto listener = listen(plain);
  std::optional<Connected> connected;
  one.network().connect(listener->address(),
                        [&](Connected result) { connected = std::move(result); });
  ASSERT_TRUE(run_until([&] { return accepted_.size() == 1 && !accepted_[0]->received.empty(); }));
  accepted_[0]->connection->send("bl\x01 and whatever a node without TLS says");
  ASSERT_TRUE(run_until([&] { return connected.has_value(); }));
  ASSERT_FALSE(*connected);
  EXPECT_TRUE(connected->error().what.contains("it does not speak TLS")) << connected->error().what;
  EXPECT_EQ(accepted_[0]->received.substr(0, 2), "\x16\x03") << "it said more than a greeting";
  accepted_.clear();
}

TEST_F(Odd, each_side_knows_which_node_is_at_the_other) {
  TlsNode one(loop_, NodeId{1}, options(1));
  TlsNode two(loop_, NodeId{2}, options(2));
  ASSERT_EQ(one.wrong + two.wrong, "");
  const auto listener = listen(one.network());
  Connected connected = connect(two.network(), listener->address());
  ASSERT_TRUE(connected) << connected.error().what;
  ASSERT_TRUE(run_until([&] { return accepted_.size() == 1; }));
  EXPECT_EQ((*connected)->identity(), (env::Identity{.node = NodeId{1}, .cluster = "test"}));
  EXPECT_EQ(accepted_[0]->connection->identity(),
            (env::Identity{.node = NodeId{2}, .cluster = "test"}));
  accepted_.clear();
}

}  // namespace
}  // namespace bowline::runtime
