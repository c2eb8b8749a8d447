// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include <asio/ip/tcp.hpp>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/runtime/endpoint.h"
#include "bowline/runtime/traffic.h"

namespace bowline::runtime {

class Listener final : public env::Listener {
 public:
  // `address`: what the endpoint was found for, for people.
  static Result<std::unique_ptr<env::Listener>> open(Traffic&, const std::string& address,
                                                     const Endpoint&, env::Network::Accepted);

  struct Door;  // stays until the hook returns that destroys the listener
  explicit Listener(std::shared_ptr<Door> door);
  ~Listener() override;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::string address() const override;

 private:
  std::shared_ptr<Door> door_;
};

}  // namespace bowline::runtime
