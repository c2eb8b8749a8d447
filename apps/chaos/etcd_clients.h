// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "apps/chaos/etcd_journal.h"
#include "bowline/kv/random_requests.h"

namespace bowline::chaos {

// One client of etcd's API, which asks one thing after the other, and has it all written down.
class EtcdClerk {
 public:
  EtcdClerk(EtcdJournal& journal, std::uint64_t number, std::chrono::milliseconds patience)
      : journal_(journal), number_(number), patience_(patience) {}

  // nullopt: that member cannot be called, so nothing was asked.
  std::optional<EtcdCall> ask(EtcdCall::Kind, std::size_t member, std::string request);
  std::uint64_t number() const { return number_; }

 private:
  EtcdJournal& journal_;
  std::uint64_t number_;
  std::chrono::milliseconds patience_;
  std::map<std::size_t, EtcdMember::Line> lines_;
};

// Clients on threads of their own, who ask for all that a seed says.
class EtcdClients {
 public:
  EtcdClients(EtcdJournal&, std::uint64_t seed, std::size_t count);
  ~EtcdClients() { stop(); }
  EtcdClients(const EtcdClients&) = delete;
  EtcdClients& operator=(const EtcdClients&) = delete;
  void stop();  // after what is under way

 private:
  struct Wish {
    EtcdCall::Kind kind = EtcdCall::Kind::put;
    std::string request;
  };
  struct Client;
  void run(std::uint64_t number, std::uint64_t seed);
  Wish draw(Client&);
  Wish draw_write(Client&);
  Wish draw_lease(Client&);

  EtcdJournal& journal_;
  std::atomic<bool> stops_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace bowline::chaos
