// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/doors.h"

#include <utility>

namespace bowline::etcd {

Doors::Doors(env::Loop& loop, const env::Clock& clock, env::Network& network, Routers& routers,
             const rpc::ServerOptions& options)
    : clients_(loop, clock, network, routers.calls, options),
      pages_(loop, clock, network, routers.pages, options),
      probes_(loop, clock, network, routers.probes, options) {}

void Doors::listen(Kind kind, std::string address, env::Done<Result<std::string>> done) {
  rpc::Server& server = kind == Kind::clients ? clients_ : kind == Kind::pages ? pages_ : probes_;
  server.listen(std::move(address), std::move(done));
}

// Probes last: whoever looks after the server sees that it is still there.
void Doors::drain(env::Done<> done) {
  clients_.drain([this, done = std::move(done)]() mutable {
    pages_.drain([this, done = std::move(done)]() mutable { probes_.drain(std::move(done)); });
  });
}

}  // namespace bowline::etcd
