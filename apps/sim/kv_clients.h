// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "apps/sim/kv_program.h"
#include "bowline/kv/random_requests.h"

namespace bowline::apps {

// Clients of etcd's API: each call is one of one message, and its answer is compared with the
// record. What it says must have been so at one place of the log between question and answer (I15,
// I18), by the headers, too (I23), and what leases are promised is noted (I17).
class KvClients {
 public:
  explicit KvClients(KvScene& scene) : scene_(scene) {}

  void act(kv::RandomRequests&, NodeId at);
  void range(const kv::Range&, NodeId at);
  void compact(std::int64_t revision, NodeId at);
  void keep_alive(kv::LeaseId, NodeId at);
  // So often more, each time that it is due.
  void keep_on(std::uint64_t what);
  // A node begins to lead: what does it give to the leases?
  void leads(Term);
  void look(NodeId);
  std::function<void(Duration, std::uint64_t)> remind;  // calls keep_on() then

  // Under way, at a node that works; empty: none is.
  std::string open_call(const std::function<bool(NodeId)>& works) const;
  void excuse();  // nothing that is under way is judged

  static constexpr kv::LeaseId all_leases = 6;

 private:
  struct Asked {
    NodeId at;
    std::string method;
    Index told;  // what clients knew then
    Time begun;
    Term led;                            // in which the node led then; 0: it did not
    std::string command;                 // of a write, as it lies in the log
    bool once = false;                   // nobody else sends the same
    std::optional<rpc::Status> invalid;  // it never gets that far
    std::string said;                    // the message of the answer
  };
  using Judge = std::function<void(const Asked&, const rpc::Status&)>;
  // Is this the answer to it? Of a write that the machine has done.
  using Fits = std::function<bool(const kv::Answer&, const std::string& said)>;

  void ask(Asked, const std::string& message, Judge, bool stream = false);
  void write(Asked, const std::string& message, Fits, std::function<void(Index)> done = {});
  void judge_write(const Asked&, const rpc::Status&, const Fits&,
                   const std::function<void(Index)>& done);
  void put(kv::Put, NodeId at);
  void erase(const kv::DeleteRange&, NodeId at);
  void txn(kv::Txn, NodeId at);
  void read_txn(const kv::Txn&, NodeId at);
  void grant(kv::LeaseId, std::int64_t ttl, std::uint64_t again, NodeId at);
  void revoke(kv::LeaseId, NodeId at);
  void kept_alive(const Asked&, kv::LeaseId);
  void time_to_live(kv::LeaseId, NodeId at);
  void old_revoke(kv::LeaseId, NodeId at);
  void alarm(kv::RandomRequests&, NodeId at);
  Term leads_in(NodeId) const;  // 0: it does not
  void check_left(const Asked&, kv::LeaseId, std::int64_t ttl);
  bool check_header(const Asked&, std::uint64_t member, std::uint64_t term, std::int64_t revision);
  Time promised_until(Time from, std::int64_t ttl) const;

  KvScene& scene_;
  std::uint64_t serial_ = 0;
  std::map<std::uint64_t, std::shared_ptr<Asked>> open_;
  // That the headers of a life of a node had: what is not on its disk goes with it.
  std::map<std::pair<NodeId, std::uint64_t>, std::uint64_t> terms_;
  struct Keeping {
    kv::LeaseId id = 0;
    std::uint64_t left = 0;
    Duration every{0};
  };
  std::map<std::uint64_t, Keeping> keeping_;
  // Since when a term has its leader; and until when a leader may give all of its time to a lease
  // while no entry says so: as long as the answer to somebody who keeps it alive is not known.
  std::map<Term, Time> led_since_;
  std::map<kv::LeaseId, std::multiset<Time>> doubtful_;
};

}  // namespace bowline::apps
