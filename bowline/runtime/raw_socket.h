// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>

#include <netinet/in.h>

#include "bowline/runtime/handle.h"

namespace bowline::runtime {

// A socket of this machine as the kernel has it, for tests: a peer that does what ours never would.
class RawSocket {
 public:
  RawSocket();  // with a port of its own, and nobody listens there
  // One of very many: another address of this machine, whose ports nobody else needs.
  static RawSocket elsewhere();

  int number() const { return handle_.number(); }
  std::string address() const;
  void listen() const;
  RawSocket accept() const;
  void connect(const RawSocket& to) const;
  void connect(const std::string& address) const;  // of this machine
  void send(const std::string& bytes) const;
  void try_to_send(const std::string& bytes) const;  // the other side may have ended it
  bool is_ended() const;  // by the other side; whatever it said before is read, and forgotten

  // From now on, its kernel sees nothing of what comes, as if the machine had no power.
  void unplug() const;
  // Closes it as the kernel does for a process that was killed with something left to receive.
  void reset();
  // Something that it sent was not acknowledged, and so it did that once more.
  bool has_repeated() const;

 private:
  explicit RawSocket(Handle handle);
  explicit RawSocket(in_addr_t address);
  sockaddr_in place() const;

  Handle handle_;
};

// As many as this process may have open at all, and how many that are.
std::size_t allow_many_sockets();

}  // namespace bowline::runtime
