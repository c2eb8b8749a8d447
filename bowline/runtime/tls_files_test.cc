// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_files.h"

#include <cstdlib>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/pem.h>

#include "bowline/runtime/tls_rig.h"

// What is wrong with our own files, and how that is said.
namespace bowline::runtime {
namespace {

class TlsFilesTest : public TlsRig {
 protected:
  // Why node 1 does not start with these; empty: it does.
  std::string wrong(const TlsOptions& options) {
    const TlsNode node(loop_, NodeId{1}, options);
    said_ += node.wrong + "\n";
    for (const std::string& told : node.told) said_ += told + "\n";
    return node.wrong;
  }
  std::string wrong(const Wish& wish) { return wrong(options(1, wish)); }
  std::string at(const std::string& name) { return "tls: " + folder_.path(name); }
  static std::string encrypted(const std::string& key) {
    const tls::Bio in(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
    const tls::Key read(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr));
    const tls::Bio out(BIO_new(BIO_s_mem()));
    const unsigned char password[] = "secret";
    EXPECT_EQ(PEM_write_bio_PrivateKey(out.get(), read.get(), EVP_aes_128_cbc(), password, 6,
                                       nullptr, nullptr),
              1);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  std::string said_;  // all that was, of anything
};

TEST_F(TlsFilesTest, good_ones_need_no_word) {
  EXPECT_EQ(wrong(options(1)), "");
  EXPECT_EQ(said_, "\n");
}

TEST_F(TlsFilesTest, that_are_not_there_or_not_what_they_should_be_are_named) {
  TlsOptions bad = options(1);
  bad.certificate = folder_.path("none.pem");
  EXPECT_EQ(wrong(bad), "tls: cannot read " + bad.certificate + ": No such file or directory");
  bad = options(1);
  bad.authorities.push_back(folder_.path("."));
  EXPECT_TRUE(wrong(bad).contains("Is a directory"));
  bad = options(1);
  bad.key = folder_.write("empty", "");
  EXPECT_EQ(wrong(bad), at("empty") +
                            ": there is no private key in it that can be read; it must "
                            "be in the PEM format");
  bad = options(1);
  bad.certificate = bad.key;
  EXPECT_EQ(wrong(bad), at("node1.key") +
                            ": there is no certificate in it; it must be in the PEM "
                            "format");
  bad = options(1);
  bad.authorities = {
      folder_.write("half", authority_.certificate() + authority_.certificate().substr(0, 200))};
  EXPECT_EQ(wrong(bad), at("half") + ": certificate number 2 in it is damaged");
  bad = options(1);
  bad.revocations = {bad.certificate};
  EXPECT_TRUE(wrong(bad).contains("no list of revocations in it"));
}

TEST_F(TlsFilesTest, a_key_that_cannot_be_used_is_refused) {
  TlsOptions bad = options(1);
  const Issued other = authority_.issue(Wish::of_node(NodeId{1}));
  bad.key = folder_.write("other.key", other.key);
  EXPECT_EQ(wrong(bad),
            at("other.key") + ": this is not the key of the certificate in " + bad.certificate);
  bad.key = folder_.write("locked.key", encrypted(other.key));
  EXPECT_TRUE(wrong(bad).starts_with(at("locked.key") + ": the key in it is encrypted"));
}

TEST_F(TlsFilesTest, a_certificate_that_others_would_refuse_is_refused_here) {
  const std::string ours = "tls: the certificate in " + folder_.path("node1.pem");
  Wish wish = Wish::of_node(NodeId{1});
  wish.to_seconds = -60;
  EXPECT_EQ(wrong(wish), ours + " has expired: renew it, or correct the clock");
  wish.from_seconds = 3600;
  wish.to_seconds = 7200;
  EXPECT_EQ(wrong(wish), ours + " is not valid yet: correct the clock, or wait");
  EXPECT_EQ(wrong(Wish::of_node(NodeId{2})), ours + " names node 2, and this is node 1");
  wish = Wish::of_node(NodeId{1});
  wish.usage = "serverAuth";
  EXPECT_TRUE(wrong(wish).starts_with(ours + " is not for nodes"));
  EXPECT_TRUE(wrong(Wish{}).starts_with(ours + " names no node"));
  TlsOptions foreign = folder_.options("node1", Authority("other").issue(Wish::of_node(NodeId{1})),
                                       authority_.certificate());
  EXPECT_TRUE(wrong(foreign).contains("is of an authority that is not in tls.authorities"));
}

TEST_F(TlsFilesTest, a_certificate_that_expires_soon_is_told_of) {
  Wish wish = Wish::of_node(NodeId{1});
  wish.to_seconds = 3L * 24 * 3600 + 60;
  const TlsNode node(loop_, NodeId{1}, options(1, wish));
  EXPECT_TRUE(node.has_told("expires in 3 days: renew it"));
}

TEST_F(TlsFilesTest, each_authority_has_a_list_of_revocations_or_none_has) {
  Authority other("another one");
  TlsOptions with = options(1);
  with.authorities.push_back(folder_.write("other.pem", other.certificate()));
  with.revocations = {folder_.write("one.crl", authority_.revocations({}))};
  EXPECT_TRUE(wrong(with).starts_with(at("other.pem") + ": an authority in it has no list"));
  with.revocations.push_back(folder_.write("other.crl", other.revocations({})));
  EXPECT_EQ(wrong(with), "");
  // The right name, and somebody else's signature.
  with.revocations = {folder_.write(
      "both.crl", Authority("the authority").revocations({}) + other.revocations({}))};
  EXPECT_TRUE(wrong(with).starts_with(at("roots.pem") + ": an authority in it has no list"));
}

TEST_F(TlsFilesTest, options_that_do_not_fit_are_told_in_a_sentence) {
  EXPECT_EQ(TlsOptions{}.fault(), "");
  TlsOptions some;
  some.key = "x";
  EXPECT_TRUE(some.fault().starts_with("tls.certificate must be given"));
  some = {};
  some.certificate = "x";
  EXPECT_TRUE(some.fault().starts_with("tls.key must be given"));
  some.key = "x";
  EXPECT_TRUE(some.fault().starts_with("tls.authorities must be given"));
  some.authorities = {"x"};
  EXPECT_EQ(some.fault(), "");
  for (const auto& spoil : std::vector<std::function<void(TlsOptions&)>>{
           [](TlsOptions& of) { of.greet_within = Duration(0); },
           [](TlsOptions& of) { of.most_greetings = 0; }}) {
    TlsOptions bad = some;
    spoil(bad);
    EXPECT_TRUE(bad.fault().contains("must be above zero")) << bad.fault();
  }
  some.look_every = std::chrono::microseconds(999);
  EXPECT_EQ(some.fault(), "tls.look_every must be at least 1 ms");
}

// The commands that docs/TLS.md names, for what it names them.
TEST_F(TlsFilesTest, what_the_script_of_the_documentation_makes_is_taken) {
  const std::string script = "docs/examples/certificates.sh ";
  const std::string place = folder_.path("made");
  const auto run = [&](const std::string& words) {
    return std::system((script + words + " >" + folder_.path("output") + " 2>&1").c_str());
  };
  ASSERT_EQ(run("authority " + place), 0);
  for (const std::string id : {"1", "2", "3"}) ASSERT_EQ(run("node " + place + " prod " + id), 0);
  const auto options_of = [&](const std::string& id) {
    TlsOptions made;
    made.certificate = place + "/node-" + id + ".pem";
    made.key = place + "/node-" + id + ".key";
    made.authorities = {place + "/authority.pem"};
    made.revocations = {place + "/revoked.crl"};
    return made;
  };
  TlsNode one(loop_, NodeId{1}, options_of("1"));
  TlsNode two(loop_, NodeId{2}, options_of("2"));
  TlsNode three(loop_, NodeId{3}, options_of("3"));
  ASSERT_EQ(one.wrong + two.wrong + three.wrong, "");
  EXPECT_EQ(one.network().self().cluster, "prod");
  const auto listener = listen(one.network());
  const auto gets_in = [&](TlsNode& node) {
    const std::size_t before = accepted_.size() + one.told.size();
    const Connected connected = connect(node.network(), listener->address());
    EXPECT_TRUE(connected) << connected.error().what;
    run_until([&] { return accepted_.size() + one.told.size() > before; });
    return one.told.empty();
  };
  EXPECT_TRUE(gets_in(two));
  ASSERT_EQ(run("revoke " + place + " " + place + "/node-3.pem"), 0);
  ASSERT_TRUE(reload(one.network()));
  EXPECT_TRUE(gets_in(two));
  EXPECT_FALSE(gets_in(three));
  EXPECT_TRUE(one.has_told("was revoked"));
  ASSERT_EQ(run("node " + place + " prod 3"), 0);
  ASSERT_EQ(run("list " + place), 0);
  ASSERT_TRUE(reload(three.network()));
  one.told.clear();
  EXPECT_TRUE(gets_in(three));
  EXPECT_NE(run("node " + place), 0);
  accepted_.clear();
}

// Whatever is wrong, and wherever a key was put by mistake.
TEST_F(TlsFilesTest, nothing_of_a_key_is_ever_said) {
  const Issued issued = authority_.issue(Wish::of_node(NodeId{1}));
  const TlsOptions good = folder_.options("node1", issued, authority_.certificate());
  std::vector<std::string> spoiled;
  for (std::size_t at = 0; at < issued.key.size(); at += 7) {
    spoiled.push_back(issued.key);
    spoiled.back()[at] = '#';
    spoiled.push_back(issued.key.substr(0, at));
  }
  std::size_t refused = 0;
  for (const std::string& text : spoiled) {
    TlsOptions bad = good;
    bad.key = folder_.write("spoiled", text);
    refused += wrong(bad).empty() ? 0 : 1;
    bad = good;
    bad.certificate = bad.key;
    refused += wrong(bad).empty() ? 0 : 1;
    bad = good;
    bad.authorities = {folder_.path("spoiled")};
    refused += wrong(bad).empty() ? 0 : 1;
  }
  EXPECT_GT(refused, spoiled.size());
  std::istringstream lines(issued.key);
  std::size_t looked_for = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("-----")) continue;
    for (std::size_t from = 0; from + 8 <= line.size(); ++from, ++looked_for)
      ASSERT_FALSE(said_.contains(line.substr(from, 8))) << "a part of the key was said";
  }
  EXPECT_GT(looked_for, 100U);
}

}  // namespace
}  // namespace bowline::runtime
