// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "apps/chaos/etcd_journal.h"

namespace bowline::chaos {

// What an administrator asks of the members, none of which changes a key.
class EtcdErrands {
 public:
  explicit EtcdErrands(EtcdJournal& journal) : journal_(journal) {}

  // The answer of one member to a call of one message; nullopt: there is none.
  std::optional<std::string> ask(std::size_t member, std::string_view path,
                                 const std::string& request,
                                 std::chrono::milliseconds patience = std::chrono::seconds(2));
  std::optional<std::size_t> leader();
  bool move_leader(std::uint64_t dice);  // to another member
  // Makes the log of all members longer by about so much, and changes nothing.
  void push_log(std::size_t bytes);
  bool has_full_disk(std::size_t member);  // as it says itself
  bool has_room(std::size_t member);       // likewise
  // Sums over all keys through a revision, which have to be the same at all members. Empty: so they
  // are.
  std::string compare_sums(std::int64_t revision, std::chrono::milliseconds patience);
  // Empty: no member has leases any more, and no key is of one.
  std::string leases_left();

 private:
  void push(const std::string& request, std::size_t times);

  EtcdJournal& journal_;
};

// Fetches snapshots one after the other, on a thread of its own, with the program itself.
class EtcdSnapshots {
 public:
  EtcdSnapshots(const EtcdJournal&, std::string program, std::string directory);
  ~EtcdSnapshots() { stop(); }
  EtcdSnapshots(const EtcdSnapshots&) = delete;
  EtcdSnapshots& operator=(const EtcdSnapshots&) = delete;
  void stop();

  std::size_t saved() const { return saved_; }
  const std::string& last() const { return last_; }  // the newest file; empty: there is none

 private:
  void run();

  const EtcdJournal& journal_;
  std::string program_, directory_;
  std::atomic<bool> stops_ = false;
  std::size_t saved_ = 0;
  std::string last_;
  std::thread thread_;
};

}  // namespace bowline::chaos
