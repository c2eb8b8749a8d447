// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/sim/tenant.h"
#include "bowline/sim/wires.h"

namespace bowline::sim {

class Cables;

// What a process has of one side of a connection: what came and was not taken yet, and whom to
// tell. Whatever it tells, it tells on the loop of the process, one thing at a time.
class Socket : public std::enable_shared_from_this<Socket> {
 public:
  // Who gets the connection once it is open; or learns that it will not be, if this side calls.
  using Birth = env::Done<Result<std::unique_ptr<env::Connection>>>;

  Socket(Cables& cables, std::shared_ptr<Tenant> tenant, Plug plug, std::string peer, Birth birth)
      : cables_(cables),
        tenant_(std::move(tenant)),
        plug_(plug),
        peer_(std::move(peer)),
        birth_(std::move(birth)) {}

  // By the kernel.
  void opened();
  void arrived(std::string bytes);
  void drained();
  void closed();  // by the other side
  void broke(Fault, const char* why);
  Birth orphan() { return std::exchange(birth_, nullptr); }  // nobody can be told any more
  Chance& chance() const { return tenant_->chance; }

  // By the process, through its connection.
  void begin(env::Connection::Hooks);
  void send(std::string bytes);
  std::uint64_t queued() const;
  void hold(bool held);
  void abandon();
  const std::string& peer() const { return peer_; }

 private:
  void wake(Duration wait = Duration(0));
  bool has_news() const;
  void end(Error);
  bool may_tell_end() const;
  void tell();
  void tell_drained();
  void tell_bytes();
  void tell_end();
  std::string next_bytes();

  Cables& cables_;
  std::shared_ptr<Tenant> tenant_;
  Plug plug_;
  std::string peer_;
  Birth birth_;
  env::Connection::Hooks hooks_;
  std::string came_;  // at most a window
  std::optional<Error> end_;
  bool broke_ = false;
  bool begun_ = false;
  bool held_ = false;
  bool drained_ = false;  // and that was not told yet
  bool over_ = false;     // told that it has ended, or the process does not want to know
  bool waking_ = false;   // its loop will call us
};

}  // namespace bowline::sim
