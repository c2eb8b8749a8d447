// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>

#include <gtest/gtest.h>

#include "bowline/rpc/test_rig.h"

namespace bowline::rpc {

// A service, a client and their wire, with limits of a test's own.
struct Bounded {
  explicit Bounded(const Limits& limits, const TestClient::Options& options = {})
      : wire(service.router, limits), client(options) {}

  Heard heard(std::int32_t id) {
    wire.pump(client);
    return client.heard(id);
  }
  // The session said good-bye for that reason, and is over.
  void expect_sent_away(std::string_view text, std::uint32_t error = NGHTTP2_ENHANCE_YOUR_CALM) {
    wire.pump(client);
    EXPECT_TRUE(wire.over());
    EXPECT_FALSE(wire.session().why().empty());
    EXPECT_TRUE(client.was_sent_away());
    EXPECT_EQ(client.goaway_error(), error);
    EXPECT_EQ(client.goaway_text(), text);
  }

  EchoService service;
  Wire wire;
  TestClient client;
};

}  // namespace bowline::rpc
