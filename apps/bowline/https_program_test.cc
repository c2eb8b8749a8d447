// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/run_program.h"
#include "apps/bowline/served_process.h"
#include "bowline/runtime/test_certificates.h"

// The client's verbs with https, against real servers.
namespace bowline::apps {
namespace {

using runtime::Authority;
using runtime::Wish;

class HttpsTest : public testing::Test {
 protected:
  static Wish of_server() {
    return {.uris = {}, .hosts = {"IP:127.0.0.1", "DNS:bowline.test"}, .usage = "serverAuth"};
  }
  static Wish of_client() { return {.uris = {}, .usage = "clientAuth"}; }
  HttpsTest() {
    folder_.write("ca.pem", ca_.certificate());
    keep("server", ca_, of_server());
    keep("client", ca_, of_client());
  }
  void keep(const std::string& name, Authority& by, const Wish& wish) const {
    const runtime::Issued issued = by.issue(wish);
    folder_.write(name + ".pem", issued.certificate);
    folder_.write(name + ".key", issued.key);
  }
  std::string file(const std::string& name) const { return folder_.path(name); }
  std::string port(std::size_t i) const { return std::to_string(ports_[i]); }
  std::string at(std::size_t i) const { return "https://127.0.0.1:" + port(i); }
  std::vector<std::string> serve(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all{program(),
                                 "serve",
                                 "--data-dir=" + file("data"),
                                 "--listen-client-urls=" + at(0) + ",http://127.0.0.1:" + port(1),
                                 "--advertise-client-urls=" + at(0),
                                 "--listen-peer-urls=http://127.0.0.1:" + port(2),
                                 "--cert-file=" + file("server.pem"),
                                 "--key-file=" + file("server.key")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static std::string program() {
    return (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bowline").string();
  }
  std::string trust() const { return " --cacert " + file("ca.pem"); }
  std::string as(const std::string& name) const {
    return " --cert " + file(name + ".pem") + " --key " + file(name + ".key");
  }
  Ran ask(const std::string& what, const std::string& options) const {
    return run_program(what + " --endpoints " + at(0) + options);
  }
  // It ends like this, and says that.
  void expect(const Ran& ran, int status, const std::string& part) const {
    EXPECT_EQ(ran.status, status) << ran.out;
    EXPECT_TRUE(ran.out.contains(part)) << ran.out << "instead of: " << part;
  }

  runtime::CertificateFolder folder_;
  Authority ca_{"the authority"};
  std::vector<int> ports_ = free_ports(9);
};

TEST_F(HttpsTest, who_is_trusted_is_asked_and_nobody_else) {
  const ServedProcess server(serve());
  ASSERT_TRUE(server.is_ready()) << server.said();
  expect(ask("put ship moored", trust()), 0, "OK\n");
  expect(ask("get ship", trust()), 0, "ship\nmoored\n");
  expect(ask("get ship", " --insecure-skip-tls-verify"), 0, "ship\nmoored\n");
  const std::string stranger = "is of an authority that is not trusted here; --cacert names";
  expect(ask("put ship lost", ""), 1, stranger);
  Authority other("another");
  folder_.write("other.pem", other.certificate());
  expect(ask("put ship lost", " --cacert " + file("other.pem")), 1, stranger);
  expect(run_program("put ship lost" + trust() + " --endpoints https://localhost:" + port(0)), 1,
         "its certificate is for 127.0.0.1, bowline.test, and not for localhost; --servername");
  expect(ask("put ship lost", trust() + " --servername other.test"), 1, "not for other.test");
  expect(ask("put ship lost", trust() + " --servername 127.0.0.2"), 1, "not for 127.0.0.2");
  expect(ask("get ship", trust() + " --servername bowline.test"), 0, "moored");
  expect(run_program("get ship" + trust() +
                     " --servername 127.0.0.1 --endpoints https://localhost:" + port(0)),
         0, "moored");
  expect(ask("get ship --print-value-only", trust()), 0, "moored\n");
}

TEST_F(HttpsTest, a_scheme_may_be_left_out_and_the_environment_may_say_it_all) {
  const ServedProcess server(serve());
  ASSERT_TRUE(server.is_ready()) << server.said();
  const std::string bare = " --endpoints 127.0.0.1:" + port(0);
  expect(run_program("put a 1" + bare + trust()), 0, "OK");
  expect(run_program("get a --endpoints http://127.0.0.1:" + port(1) + trust()), 0, "a\n1\n");
  // Each side says what it misses.
  expect(run_program("get a" + bare + " --within 1"), 1, "If it speaks TLS, write https://");
  expect(run_program("get a --endpoints https://127.0.0.1:" + port(1) + trust()), 1,
         "it does not speak TLS; write http://");
  const auto with = [](const std::string& variables, const std::string& what) {
    return shell(variables + " " + program() + " " + what + " 2>&1");
  };
  EXPECT_EQ(with("ETCDCTL_CACERT=" + file("ca.pem") + " ETCDCTL_ENDPOINTS=" + at(0), "get a"),
            "a\n1\n");
  EXPECT_EQ(with("ETCDCTL_INSECURE_SKIP_TLS_VERIFY=true BOWLINE_ENDPOINTS=" + at(0) +
                     " ETCDCTL_ENDPOINTS=nowhere:1",
                 "get a"),
            "a\n1\n");
  EXPECT_EQ(with("ETCDCTL_CACERT=/nowhere ETCDCTL_ENDPOINTS=nowhere:1", "get a" + bare + trust()),
            "a\n1\n");
}

TEST_F(HttpsTest, a_certificate_that_is_old_or_for_another_use_is_not_believed) {
  Wish old = of_server();
  old.to_seconds = 2;
  keep("server", ca_, old);
  {
    const ServedProcess server(serve());
    ASSERT_TRUE(server.is_ready()) << server.said();
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    Ran ran = ask("put a 1", trust());
    while (ran.status == 0 && std::chrono::steady_clock::now() < until)
      ran = ask("put a 1", trust());
    expect(ran, 1, "has expired: somebody has to renew it");
  }
  keep("server", ca_, {.uris = {}, .hosts = {"IP:127.0.0.1"}, .usage = "clientAuth"});
  const ServedProcess server(serve());
  if (server.is_ready()) expect(ask("put a 1", trust()), 1, "must have serverAuth");
}

// Nothing was asked of the server, and so nothing may have been done.
TEST_F(HttpsTest, who_has_to_show_a_certificate_is_told_so_and_nothing_is_done) {
  const ServedProcess server(serve({"--client-cert-auth", "--trusted-ca-file=" + file("ca.pem")}));
  ASSERT_TRUE(server.is_ready()) << server.said();
  expect(ask("put a 1", trust() + as("client")), 0, "OK");
  expect(ask("put a 2", trust()), 1, "it wants a certificate of this client: --cert and --key");
  Authority other("another");
  keep("stranger", other, of_client());
  keep("wrong", ca_, {.uris = {}, .usage = "serverAuth"});
  for (const char* who : {"stranger", "wrong"})
    expect(ask("put a 2", trust() + as(who)), 1, "this client's certificate (--cert)");
  expect(ask("get a", trust() + as("client")), 0, "a\n1\n");
}

TEST_F(HttpsTest, files_that_cannot_be_used_are_named) {
  const std::string port = " --endpoints https://127.0.0.1:1 ";
  folder_.write("none.pem", "nothing");
  expect(run_program("get a" + port + "--cacert /nowhere.pem"), 2,
         "--cacert: /nowhere.pem cannot be read: No such file");
  expect(run_program("get a" + port + "--cacert " + file("none.pem")), 2, "no certificate in it");
  expect(run_program("get a" + port + "--cert " + file("client.pem")), 2, "go together");
  expect(
      run_program("get a" + port + "--cert " + file("client.pem") + " --key " + file("server.key")),
      2, "is not the key of the certificate in");
  expect(
      run_program("get a" + port + "--cert " + file("client.pem") + " --key " + file("none.pem")),
      2, "no private key in it");
  expect(run_program("get a" + port), 1, "Connection refused");
}

// Three members; clients and peers all show certificates.
// ---- every kind of certificate at every door

struct Door {
  const char* name;
  const char* path;    // what is answered there
  const char* status;  // and how
};
// The first speaks gRPC alone here, since plain HTTP has a door of its own.
constexpr Door doors[] = {{"clients", "/health", "415"},
                          {"client-http", "/health", "200"},
                          {"metrics", "/metrics", "200"}};

TEST_F(HttpsTest, SEC_04_each_door_wants_a_certificate_that_is_good) {
  Authority other("another authority");
  keep("stranger", other, of_client());
  const runtime::Issued lost = ca_.issue(of_client());
  folder_.write("lost.pem", lost.certificate);
  folder_.write("lost.key", lost.key);
  folder_.write("revoked.pem", ca_.revocations({lost.serial}));
  const ServedProcess server(serve(
      {"--listen-client-http-urls=" + at(3), "--listen-metrics-urls=" + at(4), "--client-cert-auth",
       "--trusted-ca-file=" + file("ca.pem"), "--client-crl-file=" + file("revoked.pem")}));
  ASSERT_TRUE(server.is_ready()) << server.said();
  const std::size_t places[] = {0, 3, 4};
  // curl's own code and what is wrong, as the alert of TLS has it.
  const auto ask_door = [&](std::size_t door, const std::string& how, const std::string& who) {
    return shell("curl -sS -m 20 -o /dev/null -w '%{http_code}' --cacert " + file("ca.pem") + how +
                 (who.empty() ? "" : as(who)) + " " + at(places[door]) + doors[door].path);
  };
  for (const std::string how : {" --tlsv1.3", " --tls-max 1.2"})
    for (std::size_t door = 0; door < std::size(doors); ++door) {
      const std::string where = doors[door].name + how;
      EXPECT_EQ(ask_door(door, how, "client"), doors[door].status + std::string("\n")) << where;
      for (const auto& [who, why] :
           {std::pair("", "certificate required|handshake failure"),
            std::pair("stranger", "unknown ca"), std::pair("lost", "certificate revoked")}) {
        const std::string said = ask_door(door, how, who);
        EXPECT_TRUE(said.contains("000") &&
                    std::regex_search(said, std::regex("alert (" + std::string(why) + ")")))
            << where << ", " << who << ": " << said;
      }
    }
  expect(ask("put ship moored", trust() + as("client")), 0, "OK\n");
  for (const char* who : {"stranger", "lost"})
    EXPECT_NE(ask("put ship lost", trust() + as(who)).status, 0) << who;
  expect(ask("get ship", trust() + as("client")), 0, "ship\nmoored\n");
}

class HttpsTrio : public HttpsTest {
 protected:
  // A member says by which name it has to prove itself.
  std::string name_of(std::size_t i) const {
    const ServedProcess asked(member(i, "server"));
    std::smatch name;
    const std::string& said = asked.said();
    const bool found =
        std::regex_search(said, name, std::regex("bowline://etcd-cluster/node/[0-9]+"));
    EXPECT_TRUE(found) << said;
    return found ? name[0].str() : "";
  }
  std::vector<std::string> member(std::size_t i, const std::string& peer) const {
    const std::string name = "n" + std::to_string(i);
    std::string cluster;
    for (std::size_t j = 0; j < 3; ++j)
      cluster += (j == 0 ? "n" : ",n") + std::to_string(j) + "=" + at(3 + j);
    return {program(),
            "serve",
            "--name=" + name,
            "--data-dir=" + file(name),
            "--initial-cluster=" + cluster,
            "--listen-client-urls=" + at(i),
            "--advertise-client-urls=" + at(i),
            "--listen-peer-urls=" + at(3 + i),
            "--initial-advertise-peer-urls=" + at(3 + i),
            "--client-cert-auth",
            "--trusted-ca-file=" + file("ca.pem"),
            "--cert-file=" + file("server.pem"),
            "--key-file=" + file("server.key"),
            "--peer-trusted-ca-file=" + file("ca.pem"),
            "--peer-cert-file=" + file(peer + ".pem"),
            "--peer-key-file=" + file(peer + ".key")};
  }
  void SetUp() override {
    std::vector<std::thread> starts;
    starts.reserve(3);
    members_.resize(3);
    for (std::size_t i = 0; i < 3; ++i)
      keep("peer" + std::to_string(i), ca_, {.uris = {name_of(i)}});
    for (std::size_t i = 0; i < 3; ++i)
      starts.emplace_back([this, i] {
        members_[i] = std::make_unique<ServedProcess>(member(i, "peer" + std::to_string(i)));
      });
    for (std::thread& one : starts) one.join();
    for (const auto& one : members_) ASSERT_TRUE(one->is_ready()) << one->said();
  }
  Ran bowline(const std::string& what) const {
    return run_program(what + " --endpoints " + at(0) + "," + at(1) + "," + at(2) + trust() +
                       as("client"));
  }
  std::vector<std::unique_ptr<ServedProcess>> members_;
};

TEST_F(HttpsTrio, an_https_trio_loses_a_member_and_goes_on) {
  expect(bowline("put ship moored"), 0, "OK");
  expect(bowline("member list"), 0, at(2));
  // Each is found by what the members know of each other, with https as well.
  const Ran all = run_program("status --cluster --endpoints " + at(1) + trust() + as("client"));
  for (std::size_t i = 0; i < 3; ++i) expect(all, 0, at(i));
  Ran watched;
  std::thread watching([&] { watched = bowline("watch ship --rev 1 --events 3"); });
  expect(bowline("put ship sailing"), 0, "OK");
  members_[0]->kill();
  expect(bowline("put ship far"), 0, "OK");
  watching.join();
  expect(watched, 0, "far");
  expect(bowline("get ship --print-value-only"), 0, "far\n");
  expect(bowline("endpoint-health"), 1, "cannot connect to " + at(0).substr(8));
  expect(bowline("lease grant 60"), 0, "granted");
  const std::string saved = file("saved.db");
  expect(bowline("snapshot save " + saved), 0, "Snapshot saved at");
  EXPECT_GT(std::filesystem::file_size(saved), 1000U);
}

}  // namespace
}  // namespace bowline::apps
