// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/env/conformance.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"
#include "bowline/runtime/raw_socket.h"
#include "bowline/runtime/test_certificates.h"
#include "bowline/runtime/tls_network.h"

namespace bowline::runtime {

// One node of a test: its TLS network over TCP, and what it tells.
class TlsNode {
 public:
  TlsNode(Loop& loop, NodeId id, const TlsOptions& options) : plain_(loop) {
    auto opened = TlsNetwork::open(loop, loop.clock(), plain_, options, {.node = id, .cluster = ""},
                                   [this](const std::string& who, const std::string& why) {
                                     told.push_back(who + " " + why);
                                   });
    if (opened) {
      network_ = *std::move(opened);
    } else {
      wrong = opened.error().what;
    }
  }

  TlsNetwork& network() { return *network_; }
  std::string told_last() const { return told.empty() ? "(nothing)" : told.back(); }
  bool has_told(std::string_view part) const {
    return std::ranges::any_of(told,
                               [part](const std::string& text) { return text.contains(part); });
  }

  std::vector<std::string> told;
  std::string wrong;  // why it could not be opened

 private:
  Network plain_;
  std::unique_ptr<TlsNetwork> network_;
};

// One side of a connection, and what it hears.
struct TlsEar {
  explicit TlsEar(std::unique_ptr<env::Connection> c) : connection(std::move(c)) {
    connection->begin({.received = [this](std::string_view bytes) { received += bytes; },
                       .closed = [this](Error why) { closed = std::move(why); },
                       .drained = {}});
  }

  std::unique_ptr<env::Connection> connection;
  std::string received;
  std::optional<Error> closed;
};

// Nodes of one authority on one loop: node 1 takes calls.
class TlsRig : public testing::Test {
 protected:
  using Connected = Result<std::unique_ptr<env::Connection>>;
  using Listened = Result<std::unique_ptr<env::Listener>>;

  // Gives up after a while: only a test that fails has to wait.
  bool run_until(const std::function<bool()>& holds) {
    return loop_.run_until(holds, loop_.clock().now() + std::chrono::seconds(15));
  }
  TlsOptions options(std::uint64_t id) { return options(id, Wish::of_node(NodeId{id})); }
  TlsOptions options(std::uint64_t id, const Wish& wish) {
    return folder_.options("node" + std::to_string(id), authority_.issue(wish),
                           authority_.certificate());
  }
  std::unique_ptr<env::Listener> listen(env::Network& at) {
    std::optional<Listened> result;
    at.listen(
        "127.0.0.1:0",
        [this](std::unique_ptr<env::Connection> connection) {
          accepted_.push_back(std::make_unique<TlsEar>(std::move(connection)));
        },
        [&](Listened listened) { result = std::move(listened); });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    EXPECT_TRUE(*result) << result->error().what;
    return *result ? **std::move(result) : nullptr;
  }
  Connected connect(env::Network& from, const std::string& address) {
    std::optional<Connected> result;
    from.connect(address, [&](Connected connected) { result = std::move(connected); });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return *std::move(result);
  }
  Result<void> reload(TlsNetwork& network) {
    std::optional<Result<void>> result;
    network.reload([&](Result<void> good) { result = std::move(good); });
    EXPECT_TRUE(run_until([&] { return result.has_value(); }));
    return *std::move(result);
  }

  Loop loop_;
  Authority authority_{"the authority"};
  CertificateFolder folder_;
  std::vector<std::unique_ptr<TlsEar>> accepted_;
};

}  // namespace bowline::runtime
