// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/simulated_network.h"

#include <optional>
#include <utility>

namespace bowline::sim {
namespace {

class SimulatedListener final : public env::Listener {
 public:
  SimulatedListener(Cables& cables, NodeAddress address, std::shared_ptr<Listening> listening)
      : cables_(cables), address_(address), listening_(std::move(listening)) {}
  ~SimulatedListener() override {
    listening_->open = false;
    const auto accepted = std::move(listening_->accepted);  // dies after us: it may call us
    if (listening_->tenant->alive) cables_.stop_listening(address_);
  }
  SimulatedListener(const SimulatedListener&) = delete;
  SimulatedListener& operator=(const SimulatedListener&) = delete;

  std::string address() const override { return address_.text(); }

 private:
  Cables& cables_;
  NodeAddress address_;
  std::shared_ptr<Listening> listening_;
};

Error no_address(const std::string& text) {
  return {Fault::io, text + ": write it like node3:2380"};
}

}  // namespace

// Others can connect at once, but the process hears of them only after `done`.
void SimulatedNetwork::listen(std::string address, Accepted accepted,
                              env::Done<Result<std::unique_ptr<env::Listener>>> done) {
  Result<std::unique_ptr<env::Listener>> result = std::unexpected(no_address(address));
  if (const std::optional<NodeAddress> wanted = NodeAddress::from(address)) {
    const auto listening =
        std::make_shared<Listening>(Listening{.tenant = tenant_, .accepted = std::move(accepted)});
    const Result<NodeAddress> got = cables_.listen(*wanted, listening);
    if (got) {
      result = std::make_unique<SimulatedListener>(cables_, *got, listening);
    } else {
      result = std::unexpected(got.error());
    }
  }
  tenant_->call(cables_.now(),
                [tenant = tenant_, result = std::move(result), done = std::move(done)]() mutable {
                  if (tenant->alive) done(std::move(result));
                });
}

void SimulatedNetwork::connect(std::string address,
                               env::Done<Result<std::unique_ptr<env::Connection>>> done) {
  const std::optional<NodeAddress> to = NodeAddress::from(address);
  if (to && cables_.knows(to->node)) return cables_.connect(tenant_, *to, std::move(done));
  Error why = to ? Error{Fault::unreachable, address + ": no such node"} : no_address(address);
  tenant_->call(cables_.now(),
                [tenant = tenant_, why = std::move(why), done = std::move(done)]() mutable {
                  if (tenant->alive) done(std::unexpected(std::move(why)));
                });
}

}  // namespace bowline::sim
