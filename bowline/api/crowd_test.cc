// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/console.h"
#include "bowline/api/test_node.h"
#include "bowline/runtime/raw_socket.h"
#include "bowline/runtime/test_certificates.h"
#include "bowline/wire/hello.h"

// Ten thousand who call the port of a node and never say who they are, and one who has work to do.
namespace bowline {
namespace {

using Clock = std::chrono::steady_clock;
using runtime::RawSocket;
using runtime::Wish;

class Crowd : public NodeTest {
 protected:
  Crowd() {
    adjust_ = [this](NodeOptions& options) {
      options.operators.admit = host::Admit::anybody;
      if (secure_) options.tls = files("node", Wish::of_node(options.id));
    };
  }
  ~Crowd() override { members_.clear(); }

  runtime::TlsOptions files(const std::string& name, const Wish& wish) {
    return folder_.options(name, authority_.issue(wish), authority_.certificate());
  }
  // Each in its turn says one of these, and stays.
  void call(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < many_; ++i) {
      crowd_.push_back(RawSocket::elsewhere());
      crowd_.back().connect(addresses_[1]);
      crowd_.back().try_to_send(words[i % words.size()]);
    }
    all_called_ = true;
  }
  // From a new connection each time.
  bool is_served(const runtime::TlsOptions& tls) {
    const auto console = Console::open(
        {.peers = {addresses_[1]}, .name = "anna", .cluster = {}, .tls = tls, .within = 300ms});
    return console && (*console)->look(group).has_value();
  }
  void expect_room_for_who_means_it(const std::vector<std::string>& words) {
    found(1);
    ASSERT_EQ(write("a"), "1");
    const runtime::TlsOptions tls = secure_
                                        ? files("anna", Wish{.uris = {"bowline://test/admin/anna"}})
                                        : runtime::TlsOptions{};
    ASSERT_TRUE(is_served(tls));
    crowd_.reserve(many_);
    std::thread crowd([&] { call(words); });
    std::size_t served = 0;
    std::size_t all = 0;
    Clock::duration in_vain{};
    const auto begun = Clock::now();
    for (auto at = begun; !all_called_; ++all) {
      const bool good = is_served(tls);
      served += good ? 1 : 0;
      in_vain += good ? Clock::duration{} : Clock::now() - at;
      at = Clock::now();
    }
    const auto took = Clock::now() - begun;
    crowd.join();
    std::printf("%zu of %zu calls were served while %zu others came\n", served, all, many_);
    EXPECT_GT(all, 20U);
    EXPECT_GE(served * 100, all * 95);
    EXPECT_LE(in_vain * 4, took);  // one in vain takes as long as many that are served
    EXPECT_TRUE(soon([&] { return std::ranges::all_of(crowd_, &RawSocket::is_ended); }));
    EXPECT_EQ(write("b"), "2");
  }

  // Or as many as this machine lets one process have.
  std::size_t many_ = std::min<std::size_t>(10'000, runtime::allow_many_sockets() - 500);
  bool secure_ = false;
  runtime::CertificateFolder folder_;
  runtime::Authority authority_{"the authority"};
  std::vector<RawSocket> crowd_;
  std::atomic<bool> all_called_ = false;
};

TEST_F(Crowd, keeps_nobody_out_who_says_who_he_is) {
  const std::string hello = wire::frame_of(wire::Hello{.name = "nobody"});
  expect_room_for_who_means_it(
      {"", hello.substr(0, 1), hello.substr(0, hello.size() / 2), "GET /"});
}

TEST_F(Crowd, keeps_nobody_out_who_shows_a_certificate) {
  secure_ = true;
  const std::string greeting("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
  expect_room_for_who_means_it({"", greeting.substr(0, 1), greeting, "GET /"});
}

}  // namespace
}  // namespace bowline
