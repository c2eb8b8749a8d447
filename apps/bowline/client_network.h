// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <set>
#include <string>

#include "bowline/env/env.h"
#include "bowline/runtime/tls_network.h"

namespace bowline::apps {

// Where clients call: some addresses with TLS, and some without.
class ClientNetwork final : public env::Network {
 public:
  // `tls` may be null, if there are no addresses with it.
  ClientNetwork(env::Network& plain, std::unique_ptr<runtime::TlsNetwork> tls,
                std::set<std::string> with_tls)
      : plain_(plain), tls_(std::move(tls)), with_tls_(std::move(with_tls)) {}

  void listen(std::string address, Accepted accepted,
              env::Done<Result<std::unique_ptr<env::Listener>>> done) override {
    env::Network& network = with_tls_.contains(address) ? *tls_ : plain_;
    network.listen(std::move(address), std::move(accepted), std::move(done));
  }
  void connect(std::string address,
               env::Done<Result<std::unique_ptr<env::Connection>>> done) override {
    plain_.connect(std::move(address), std::move(done));
  }

 private:
  env::Network& plain_;
  std::unique_ptr<runtime::TlsNetwork> tls_;
  std::set<std::string> with_tls_;
};

}  // namespace bowline::apps
