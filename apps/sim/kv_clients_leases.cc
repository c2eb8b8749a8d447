// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "apps/sim/kv_answers.h"
#include "apps/sim/kv_clients.h"

// What clients want with leases, and what they are promised.
namespace bowline::apps {
namespace {

using namespace std::chrono_literals;

// What nobody was told of may be done as long after.
constexpr Duration in_doubt = 10s;

// Clocks are off by a tenth at most, and what a client counts begins with its question.
constexpr std::int64_t slowest_second_permille = 1101;

}  // namespace

Time KvClients::promised_until(Time from, std::int64_t ttl) const {
  return from + Duration(std::chrono::seconds(ttl)) * 1000 / slowest_second_permille;
}

void KvClients::grant(kv::LeaseId id, std::int64_t ttl, std::uint64_t again, NodeId at) {
  etcdserverpb::LeaseGrantRequest message;
  message.set_id(id);
  message.set_ttl(ttl);
  const Time begun = scene_.world.now();
  write(
      {.at = at,
       .method = "/etcdserverpb.Lease/LeaseGrant",
       .command = kv::encode(kv::Command(kv::LeaseGrant{id, ttl}))},
      message.SerializeAsString(),
      [](const kv::Answer& answer, const std::string& said) {
        const auto response = read<etcdserverpb::LeaseGrantResponse>(said);
        const auto* const granted = std::get_if<kv::LeaseGrantAnswer>(&answer.said);
        return response && granted != nullptr && response->id() == granted->id &&
               response->ttl() == granted->ttl && response->header().revision() == answer.revision;
      },
      [this, id, ttl, begun, again](Index granted) {
        scene_.promise(id, granted, promised_until(begun, ttl));
        if (again == 0) return;
        const Duration every = Duration(std::chrono::seconds(ttl)) / 3;
        keeping_[++serial_] = {.id = id, .left = again, .every = every};
        remind(every, serial_);
      });
}

void KvClients::keep_on(std::uint64_t what) {
  const auto found = keeping_.find(what);
  if (found == keeping_.end()) return;
  const kv::LeaseId id = found->second.id;
  const NodeId leader = scene_.world.leader();
  keep_alive(id, leader ? leader : NodeId{1});
  if (--found->second.left == 0) {
    keeping_.erase(found);
  } else {
    remind(found->second.every, what);
  }
}

void KvClients::revoke(kv::LeaseId id, NodeId at) {
  etcdserverpb::LeaseRevokeRequest message;
  message.set_id(id);
  write({.at = at,
         .method = "/etcdserverpb.Lease/LeaseRevoke",
         .command = kv::encode(kv::Command(kv::LeaseRevoke{id, 0}))},
        message.SerializeAsString(), fits_header<etcdserverpb::LeaseRevokeResponse>);
}

void KvClients::keep_alive(kv::LeaseId id, NodeId at) {
  etcdserverpb::LeaseKeepAliveRequest message;
  message.set_id(id);
  const Time doubtful = scene_.world.now() + in_doubt;
  doubtful_[id].insert(doubtful);
  ask(
      {.at = at, .method = "/etcdserverpb.Lease/LeaseKeepAlive"}, message.SerializeAsString(),
      [this, id, doubtful](const Asked& asked, const rpc::Status& status) {
        if (status.ok()) {
          doubtful_[id].erase(doubtful_[id].find(doubtful));
          return kept_alive(asked, id);
        }
        if (!says_no_leader(status) && !is_void(status))
          scene_.wrong("I17", "to keep a lease alive is answered " + text(status));
      },
      true);
}

void KvClients::kept_alive(const Asked& asked, kv::LeaseId id) {
  const auto response = read<etcdserverpb::LeaseKeepAliveResponse>(asked.said);
  if (asked.said.empty() || !response) return scene_.wrong("I17", "no word on a lease");
  if (!check_header(asked, response->header().member_id(), response->header().raft_term(),
                    response->header().revision()))
    return;
  const auto* const tenures = scene_.record.tenures(id);
  const KvRecord::Tenure* last = tenures == nullptr ? nullptr : &tenures->back();
  const bool was_there = last != nullptr && (!last->to || last->to > asked.told);
  if (response->ttl() > 0) {
    if (!was_there)
      return scene_.wrong("I17", "lease " + std::to_string(id) +
                                     " is kept alive, and a client knew that there is none");
    ++scene_.world.counters().leases_kept_alive;
    // It may have been said of an earlier lease of that id, while this one was granted.
    if (response->ttl() != last->ttl) return;
    return scene_.promise(id, last->from, promised_until(asked.begun, response->ttl()));
  }
  // It may have been granted since.
  const bool is_there = was_there && !last->to && last->from <= asked.told;
  const std::optional<Time> until = scene_.promised(id);
  if (is_there && until && *until > scene_.world.now() &&
      scene_.promises.at(id).granted == last->from)
    scene_.wrong("I17", "lease " + std::to_string(id) +
                            " is said to be over, and a client was told that it lasts");
}

void KvClients::time_to_live(kv::LeaseId id, NodeId at) {
  etcdserverpb::LeaseTimeToLiveRequest message;
  message.set_id(id);
  message.set_keys(true);
  ask({.at = at, .method = "/etcdserverpb.Lease/LeaseTimeToLive"}, message.SerializeAsString(),
      [this, id](const Asked& asked, const rpc::Status& status) {
        if (!status.ok()) {
          if (!says_no_leader(status) && !is_void(status))
            scene_.wrong("I17", "a look at a lease is answered " + text(status));
          return;
        }
        const auto response = read<etcdserverpb::LeaseTimeToLiveResponse>(asked.said);
        // A new leader adds an election timeout.
        if (!response || response->id() != id || response->ttl() > response->grantedttl() + 1)
          return scene_.wrong("I17", "a lease has more time than it was granted");
        check_left(asked, id, response->ttl());
      });
}

void KvClients::leads(Term term) { led_since_[term] = scene_.world.now(); }

Term KvClients::leads_in(NodeId node) const {
  const raft::Core* const core = scene_.world.core(node);
  return core != nullptr && core->role() == raft::Role::leader ? core->term() : Term{};
}

void KvClients::look(NodeId node) {
  for (kv::LeaseId id = 1; id <= all_leases; ++id) time_to_live(id, node);
}

// A change of the leader brings back no time that a checkpoint says is over, but for an election
// timeout. Unless somebody kept it alive: then it has all of it before the log says so. Only what
// the leader says at once is of now.
void KvClients::check_left(const Asked& asked, kv::LeaseId id, std::int64_t ttl) {
  if (!asked.led.value || leads_in(asked.at) != asked.led) return;
  // As its own replica has it, which is compared with a replay.
  const kv::Lease* const lease = scene_.program(asked.at)->map().leases().find(id);
  const auto since = led_since_.find(asked.led);
  if (lease == nullptr || lease->left == 0 || since == led_since_.end()) return;
  const std::multiset<Time>& doubtful = doubtful_[id];
  if (!doubtful.empty() && *doubtful.rbegin() > since->second) return;
  ++scene_.world.counters().leases_bounded;
  if (ttl > lease->left + 1)
    scene_.wrong("I17", "node " + std::to_string(asked.at.value) + " says that lease " +
                            std::to_string(id) + " has " + std::to_string(ttl) +
                            " s left, and a checkpoint says " + std::to_string(lease->left));
}

}  // namespace bowline::apps
