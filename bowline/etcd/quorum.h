// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/base/bytes.h"
#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/etcd/errors.h"
#include "bowline/host/shard.h"

namespace bowline::etcd {

// What takes more than this member: writes, reads that show all that was done, and questions that
// only the leader can answer. Whichever member we are, and whoever leads: it finds the leader,
// waits for one, and asks again as long as it is certain that nothing was done. What may have been
// done is never asked twice: it ends as one of the timeouts.
class Quorum {
 public:
  struct Options {
    // 5 s, and twice the longest time in which an election begins.
    Duration within = std::chrono::seconds(7);
    Duration pause = std::chrono::milliseconds(5);  // before it is tried again
    std::size_t most_waiting = 100'000;
    // All that they asked, and the answers that wait until this member has applied as much.
    std::uint64_t most_waiting_bytes = 256UL << 20U;
  };
  template <class What>
  using Told = env::Done<std::expected<What, Wrong>>;
  struct Applied {
    std::string answer;  // of the machine
  };
  // Answers what a follower asks of the leader, or what is asked here while we lead. nullopt: we do
  // not lead any more, and nothing was done.
  using AtLeader =
      std::move_only_function<void(std::string_view what, env::Done<std::optional<std::string>>)>;

  Quorum(env::Loop&, const env::Clock&, host::Shard&, GroupId, Options);
  ~Quorum();
  Quorum(const Quorum&) = delete;
  Quorum& operator=(const Quorum&) = delete;

  // A command for the machine. Told when it was applied here, too, so that whoever reads here
  // afterwards sees it.
  void propose(std::string command, Told<std::string>);
  // The machine may be read now, and shows all that was done before this call.
  void read(env::Done<std::optional<Wrong>> told) { read(0, std::move(told)); }
  // ... and meanwhile whoever asks keeps so many bytes.
  void read(std::size_t bytes, env::Done<std::optional<Wrong>>);
  // To the front of the leader, by a name that was given to serve() there. A question may be asked
  // again; of a change nobody knows, if its answer is lost.
  void ask_leader(std::string_view name, std::string_view what, Told<std::string>);
  void change_by_leader(std::string_view name, std::string_view what, Told<std::string>);
  void serve(std::string name, AtLeader);
  // What any member answers at once, leader or not. Told nothing where that is not known.
  void ask_member(NodeId, env::Done<std::string> told);
  void serve_members(std::function<std::string(NodeId from)>);
  // The same of a question with a name, which may take its time.
  void ask_member(NodeId, std::string_view name, std::string_view what,
                  env::Done<std::string> told);
  using AtMember = std::move_only_function<void(std::string_view what, env::Done<std::string>)>;
  void serve_any(std::string name, AtMember);

  void applied();  // something was, by the machine of this member
  void stop();     // everybody who waits is told

  host::Replica* replica() { return shard_.find(group_); }
  const host::Replica* replica() const { return std::as_const(shard_).find(group_); }
  bool leads() const;
  NodeId leader() const;  // 0: nobody is known
  std::size_t waiting() const { return waiting_.size(); }
  std::uint64_t waiting_bytes() const { return waiting_bytes_; }

  // A frame between nodes is no larger than 64 MiB, and it is one of the group's that is broken
  // off: nothing that is larger than this is begun. What the machine answers never is.
  static constexpr std::size_t most_told_bytes = 40UL << 20U;

 private:
  enum class Kind : std::uint8_t { propose, ask, change, read };
  struct Waiting {
    Kind kind = Kind::propose;
    Bytes what;
    Told<std::string> told;
    std::string answer = {};  // done, and not applied here yet
    std::uint64_t bytes = 0;  // counted in waiting_bytes_
    Time until;
    std::uint64_t attempt = 0;  // what an earlier one brings counts no more
    std::uint64_t errand = 0;   // under way to the leader; 0: none
    Wrong if_late = Wrong::timed_out;
  };

  void add(Kind, Bytes, std::uint64_t bytes, Told<std::string>);
  void attempt(std::uint64_t id);
  void propose_here(std::uint64_t id, Waiting&, host::Replica&);
  void ask_here(std::uint64_t id, Waiting&);
  void read_here(std::uint64_t id, Waiting&, host::Replica&);
  void send(std::uint64_t id, Waiting&, NodeId leader);
  void heard(std::uint64_t id, const std::expected<Bytes, host::Errands::Lost>&);
  void decided(std::uint64_t id, host::Outcome);
  void again(std::uint64_t id);
  void finish(std::uint64_t id, std::expected<std::string, Wrong>);
  void hold_until(Index, std::uint64_t id, std::string answer);
  Waiting* find(std::uint64_t id);
  Waiting* find(std::uint64_t id, std::uint64_t attempt);
  void try_paused();
  void expire();
  void arm();
  // For other members.
  void serve_errand(NodeId from, const Bytes& what, env::Done<std::string> answer);
  void serve_ask(std::string_view what, env::Done<std::optional<std::string>>);
  void serve_named(std::string_view what, env::Done<std::string>);
  void ask_errand(NodeId, std::string_view what, env::Done<std::string> told);

  env::Loop& loop_;
  const env::Clock& clock_;
  host::Shard& shard_;
  GroupId group_;
  Options options_;
  std::map<std::string, AtLeader, std::less<>> served_;
  std::function<std::string(NodeId)> at_members_;
  std::map<std::string, AtMember, std::less<>> at_any_;
  std::map<std::uint64_t, Waiting> waiting_;  // in the order in which they came, and are late
  std::uint64_t waiting_bytes_ = 0;
  std::uint64_t last_ = 0;
  std::vector<std::uint64_t> paused_;
  std::multimap<Index, std::uint64_t> held_;  // done, and not applied here yet
  env::TimerId pause_timer_;
  env::TimerId late_timer_;
  Time armed_ = never;
  bool stopped_ = false;
  env::Life life_;
};

}  // namespace bowline::etcd
