// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_network.h"

#include <chrono>
#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "bowline/env/conformance.h"
#include "bowline/runtime/tls_rig.h"

namespace bowline::env {

std::ostream& operator<<(std::ostream& out, const NetworkCheck& check) { return out << check.name; }

}  // namespace bowline::env

namespace bowline::runtime {
namespace {

using namespace std::chrono_literals;

// What plain TCP promises, TLS over it does, too.
class TlsField final : public env::Field {
 public:
  TlsField() : another_(loop_, NodeId{2}, options(2)) { reopen(); }

  Loop& loop() override { return loop_; }
  env::Network& network() override { return first_->network(); }
  env::Network& another() override { return another_.network(); }
  std::string address() override { return "127.0.0.1:0"; }
  std::string nobodys_address() override { return nobodys_.address(); }
  void reopen() override {
    first_.reset();
    first_ = std::make_unique<TlsNode>(loop_, NodeId{1}, options(1));
  }
  bool run_until(const std::function<bool()>& holds) override {
    return loop_.run_until(holds, loop_.clock().now() + 60s);
  }

 private:
  TlsOptions options(std::uint64_t id) {
    return folder_.options("node" + std::to_string(id), authority_.issue(Wish::of_node(NodeId{id})),
                           authority_.certificate());
  }

  Authority authority_{"the authority"};
  CertificateFolder folder_;
  Loop loop_;
  RawSocket nobodys_;  // which does not listen
  std::unique_ptr<TlsNode> first_;
  TlsNode another_;
};

class Conformance : public testing::TestWithParam<env::NetworkCheck> {};

TEST_P(Conformance, holds) {
  TlsField field;
  EXPECT_EQ(GetParam().run(field), "");
}

INSTANTIATE_TEST_SUITE_P(TlsNetwork, Conformance,
                         testing::ValuesIn(env::network_checks().begin(),
                                           env::network_checks().end()),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace bowline::runtime
