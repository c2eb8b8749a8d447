// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "bowline/env/env.h"
#include "bowline/rpc/router.h"
#include "bowline/rpc/server.h"

namespace bowline::etcd {

// Who answers what behind each kind of door. Complete before the first is opened.
struct Routers {
  rpc::Router calls;   // the methods, and pages if they are not apart
  rpc::Router pages;   // for people and for JSON, if they are apart
  rpc::Router probes;  // for whoever looks after the server: no key and no value
};

// Where a member listens. Most have doors of the first kind only.
class Doors {
 public:
  enum class Kind { clients, pages, probes };

  // The routers outlive it.
  Doors(env::Loop&, const env::Clock&, env::Network&, Routers&, const rpc::ServerOptions&);
  Doors(const Doors&) = delete;
  Doors& operator=(const Doors&) = delete;

  // May be called for several addresses; told with the port that it got.
  void listen(Kind, std::string address, env::Done<Result<std::string>> done);
  // No new connections and calls behind any of them; `done` when all are over.
  void drain(env::Done<> done);
  const rpc::ServerCounters& of_clients() const { return clients_.counters(); }

 private:
  rpc::Server clients_;
  rpc::Server pages_;
  rpc::Server probes_;
};

}  // namespace bowline::etcd
