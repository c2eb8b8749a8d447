// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include <sys/types.h>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"

namespace bowline::chaos {

// A kv_server as a process of its own, which is treated badly.
class Server {
 public:
  struct Options {
    std::string program;
    NodeId id;
    std::string peers;      // as the program takes them
    std::string directory;  // of all servers
    std::vector<std::string> more;
  };
  explicit Server(Options options) : options_(std::move(options)) {}
  ~Server() { kill(); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Returns when it takes clients, where it took them before.
  Result<void> start();
  void kill();    // -9
  void freeze();  // it does nothing any more, and nobody is told
  void thaw();
  bool runs() const { return process_ != 0; }
  bool ended();  // by itself, which it must not

  NodeId id() const { return options_.id; }
  const std::string& peer_address() const { return peer_address_; }  // the one in truth
  const std::string& client_address() const { return client_address_; }
  std::string journal() const;

 private:
  Result<void> try_to_start();

  Options options_;
  pid_t process_ = 0;
  bool is_frozen_ = false;
  std::string peer_address_;
  std::string client_address_ = "127.0.0.1:0";
};

}  // namespace bowline::chaos
