// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <ostream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bowline/runtime/tls_rig.h"
#include "bowline/runtime/tls_stranger.h"

// A port of clients under TLS: who gets in, and what is spoken then.
namespace bowline::runtime {
namespace {

constexpr long an_hour = 3600;
const std::string both_protocols = "\x02h2\x08http/1.1";

struct Visitor {
  std::string name;
  bool asks = true;  // for certificates of clients
  std::function<Stranger(Authority&)> stranger;
  std::string heard;     // by who gets in
  std::string sentence;  // told of who does not
  bool is_revoked = false;
  bool others_are = false;  // revoked, but not this one
};
std::ostream& operator<<(std::ostream& out, const Visitor& visitor) { return out << visitor.name; }

Stranger showing(Issued issued) { return {.issued = std::move(issued)}; }

Stranger lasting_for(Authority& by, long from, long to) {
  Wish wish;
  wish.from_seconds = from;
  wish.to_seconds = to;
  return showing(by.issue(wish));
}

Stranger offering(const std::string& protocols) { return {.issued = {}, .protocols = protocols}; }

Stranger of_version(int version) { return {.issued = {}, .oldest = version, .newest = version}; }

std::vector<Visitor> visitors() {
  const Wish client{.uris = {}, .usage = "clientAuth"};
  return {
      {"anybody", false, [](Authority&) { return Stranger{}; }, "welcome", ""},
      {"who_speaks_both", false, [](Authority&) { return offering(both_protocols); }, "h2 welcome",
       ""},
      {"who_speaks_http1", false, [](Authority&) { return offering("\x08http/1.1"); },
       "http/1.1 welcome", ""},
      {"who_speaks_something_else", false, [](Authority&) { return offering("\x03ssh"); }, "",
       "TLS with it failed"},
      {"over_1_2", false, [](Authority&) { return of_version(TLS1_2_VERSION); }, "welcome", ""},
      {"over_1_1", false, [](Authority&) { return of_version(TLS1_1_VERSION); }, "",
       "speaks no version of TLS"},
      {"whose_certificate_nobody_asks_for", false,
       [](Authority&) { return showing(Authority("another one").issue({})); }, "welcome", ""},
      {"without_a_certificate", true, [](Authority&) { return Stranger{}; }, "",
       "it shows no certificate"},
      {"of_a_client", true, [=](Authority& by) { return showing(by.issue(client)); }, "welcome",
       ""},
      {"of_no_stated_usage", true,
       [](Authority& by) { return showing(by.issue({.uris = {}, .usage = ""})); }, "welcome", ""},
      {"of_a_node", true, [](Authority& by) { return showing(by.issue(Wish::of_node(NodeId{2}))); },
       "welcome", ""},
      {"of_a_server", true,
       [](Authority& by) { return showing(by.issue({.uris = {}, .usage = "serverAuth"})); }, "",
       "its certificate is not for clients"},
      {"of_another_authority", true,
       [=](Authority&) { return showing(Authority("another one").issue(client)); }, "",
       "is of an authority that is not in tls.authorities"},
      {"signed_by_itself", true, [=](Authority& by) { return showing(by.self_signed(client)); }, "",
       "vouches for itself"},
      {"expired", true, [](Authority& by) { return lasting_for(by, -2 * an_hour, -an_hour); }, "",
       "has expired"},
      {"not_yet_valid", true, [](Authority& by) { return lasting_for(by, an_hour, 2 * an_hour); },
       "", "is not valid yet"},
      {"revoked", true, [=](Authority& by) { return showing(by.issue(client)); }, "", "was revoked",
       true},
      {"while_others_are_revoked", true, [=](Authority& by) { return showing(by.issue(client)); },
       "welcome", "", false, true},
  };
}

class TlsClients : public TlsRig {
 protected:
  // The certificate of a port of clients names hosts; and its authority is its own affair.
  TlsOptions of_port(bool asks) {
    TlsOptions made = folder_.options(
        "port", Authority("of servers").issue({.usage = "serverAuth"}), authority_.certificate());
    made.for_clients = made.also_1_2 = true;
    if (!asks) made.authorities.clear();
    return made;
  }
  // What the stranger hears, as the loop runs; once it said something, it is welcomed, and ends.
  std::string heard_by(const Stranger& stranger, const std::string& address) {
    RawSocket socket;
    socket.connect(address);
    std::string heard;
    bool is_over = false;
    std::thread thread([&] {
      heard = stranger.call(socket);
      loop_.post([&] { is_over = true; });
    });
    EXPECT_TRUE(run_until([&] {
      for (const auto& ear : accepted_) {
        if (ear->received != "hi" || ear->connection == nullptr) continue;
        ear->connection->send("welcome");
        ear->connection.reset();
      }
      return is_over;
    }));
    thread.join();
    return heard;
  }
};

class Sec04Matrix : public TlsClients, public testing::WithParamInterface<Visitor> {};

TEST_P(Sec04Matrix, SEC_04_of_a_port_of_clients) {
  const Stranger stranger = GetParam().stranger(authority_);
  TlsOptions made = of_port(GetParam().asks);
  if (GetParam().is_revoked || GetParam().others_are) {
    const long serial = stranger.issued.serial + (GetParam().others_are ? 1 : 0);
    made.revocations = {folder_.write("revoked.pem", authority_.revocations({serial}))};
  }
  TlsNode port(loop_, NodeId{}, made);
  ASSERT_EQ(port.wrong, "");
  const auto listener = listen(port.network());
  EXPECT_EQ(heard_by(stranger, listener->address()), GetParam().heard);
  EXPECT_EQ(accepted_.size(), GetParam().heard.empty() ? 0U : 1U);
  if (!GetParam().heard.empty()) return;
  ASSERT_TRUE(run_until([&] { return !port.told.empty(); }));
  EXPECT_TRUE(port.has_told(GetParam().sentence)) << port.told_last();
}

INSTANTIATE_TEST_SUITE_P(, Sec04Matrix, testing::ValuesIn(visitors()),
                         [](const auto& test) { return test.param.name; });

TEST_F(TlsClients, SEC_05_connections_go_on_when_certificates_are_renewed) {
  TlsNode port(loop_, NodeId{}, of_port(true));
  const auto listener = listen(port.network());
  TlsNode node(loop_, NodeId{2}, options(2));
  Connected connection = connect(node.network(), listener->address());
  // A node wants to know which node it calls; this is a port of clients.
  ASSERT_FALSE(connection.has_value());
  const Stranger stranger = showing(authority_.issue({}));
  EXPECT_EQ(heard_by(stranger, listener->address()), "welcome");
  (void)of_port(true);  // writes new files in place of the old ones
  ASSERT_TRUE(reload(port.network()).has_value());
  EXPECT_EQ(heard_by(stranger, listener->address()), "welcome");
  folder_.write("port.pem", "nonsense");
  EXPECT_FALSE(reload(port.network()).has_value());
  EXPECT_EQ(heard_by(stranger, listener->address()), "welcome") << "the old ones still count";
}

TEST_F(TlsClients, SEC_05_an_authority_is_replaced_and_no_client_is_kept_out_meanwhile) {
  Authority next("the next one");
  const Wish client{.uris = {}, .usage = "clientAuth"};
  const Stranger old = showing(authority_.issue(client));
  const Stranger fresh = showing(next.issue(client));
  TlsOptions made = of_port(true);
  made.authorities = {folder_.write("roots", authority_.certificate())};
  TlsNode port(loop_, NodeId{}, made);
  ASSERT_EQ(port.wrong, "");
  const auto listener = listen(port.network());
  const auto heard = [&](const Stranger& stranger) {
    return heard_by(stranger, listener->address());
  };
  EXPECT_EQ(heard(old), "welcome");
  EXPECT_EQ(heard(fresh), "");
  // One of them has asked, and is answered when both count.
  RawSocket socket;
  socket.connect(listener->address());
  std::string late;
  std::thread thread([&] { late = old.call(socket); });
  const std::size_t before = accepted_.size();
  EXPECT_TRUE(
      run_until([&] { return accepted_.size() > before && accepted_.back()->received == "hi"; }));
  const auto& waits = accepted_.back();
  folder_.write("roots", authority_.certificate() + next.certificate());
  ASSERT_TRUE(reload(port.network()));
  waits->connection->send("late");
  waits->connection.reset();
  thread.join();
  EXPECT_EQ(late, "late");
  EXPECT_EQ(heard(old), "welcome");
  EXPECT_EQ(heard(fresh), "welcome");
  folder_.write("roots", next.certificate());
  ASSERT_TRUE(reload(port.network()));
  EXPECT_EQ(heard(fresh), "welcome");
  EXPECT_EQ(heard(old), "");
}

// As etcd's --tls-max-version and --cipher-suites want it.
TEST_F(TlsClients, versions_and_ciphers_are_those_of_the_options) {
  TlsOptions made = of_port(false);
  made.also_1_3 = false;
  made.ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305";
  TlsNode port(loop_, NodeId{}, made);
  ASSERT_EQ(port.wrong, "");
  const auto listener = listen(port.network());
  EXPECT_EQ(heard_by(of_version(TLS1_2_VERSION), listener->address()), "welcome");
  EXPECT_EQ(heard_by(of_version(TLS1_3_VERSION), listener->address()), "");
  made.ciphers = "ECDHE-RSA-AES128-GCM-SHA256";  // and its key is none of RSA
  TlsNode other(loop_, NodeId{}, made);
  ASSERT_EQ(other.wrong, "");
  const auto second = listen(other.network());
  EXPECT_EQ(heard_by(of_version(TLS1_2_VERSION), second->address()), "");
  made.ciphers = "nonsense";
  EXPECT_TRUE(TlsNode(loop_, NodeId{}, made).wrong.contains("tls.ciphers"));
  made.also_1_2 = false;
  EXPECT_TRUE(made.fault().contains("tls.also_1_2"));
}

TEST_F(TlsClients, what_is_missing_is_said) {
  TlsOptions made = of_port(true);
  made.key.clear();
  EXPECT_NE(made.fault(), "");
  made = of_port(false);
  EXPECT_EQ(made.fault(), "");
  made.greet_within = Duration(0);
  EXPECT_NE(made.fault(), "");
  made = of_port(false);
  made.revocations = {"list.pem"};
  EXPECT_NE(made.fault(), "") << "of whom?";
}

}  // namespace
}  // namespace bowline::runtime
