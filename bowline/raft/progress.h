// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "bowline/base/boxed.h"
#include "bowline/base/few.h"
#include "bowline/base/ids.h"
#include "bowline/base/time.h"

namespace bowline::raft {

// What a leader knows of one follower. Moves itself; the core only says what was heard.
//
//            matched                     rejected, lost
//   probing ---------> streaming ------------------------> probing
//      \                   |  the log no longer reaches back
//       \------------------+--------------------------> snapshot
//        <------------ ended, or a match past it ----------/
//
//   probing    one question at a time, until a match is found
//   streaming  spans are sent ahead of their acks, up to a window of messages and bytes
//   snapshot   nothing but the offer is sent until the transfer ends
class Progress {
 public:
  enum class Mode : std::uint8_t { probing, streaming, snapshot };
  struct Window {
    std::size_t messages;
    std::uint64_t bytes;
  };

  Progress(NodeId id, Index next) : id_(id), next_(next) {}

  NodeId id() const { return id_; }
  Mode mode() const { return mode_; }
  Index match() const { return match_; }
  Index next() const { return next_; }
  Index told_commit() const { return told_commit_; }
  bool full() const { return full_; }
  bool may_send(Window) const;
  bool idle() const { return in_flight_.empty(); }  // all entries that were sent were answered
  std::uint64_t in_flight_bytes() const;
  std::size_t in_flight_messages() const { return in_flight_.size(); }

  void sent(Index through, std::uint64_t bytes);  // while probing: entries along with a question
  void probed();                                  // asked, without entries
  void told(Index commit) { told_commit_ = commit; }
  void matched(Index through, Round asked);
  // These three may fall back to probing, and say whether they did. Then the answers to what was
  // sent before mean nothing: begin a new stream.
  bool rejected(Index refused, Index retry_after, Round asked);  // `retry_after` may match
  bool forgotten(Index keep,
                 Round asked);  // its disk lost what is past `keep`, acknowledged or not
  bool lost();                  // the transport dropped something: start over from match
  Round stream() const { return stream_; }
  void begin_stream(Round round) { stream_ = round; }  // the first of the messages to come
  void snapshot_begun(Index through);
  void snapshot_ended();
  void set_full(bool full) { full_ = full; }

  // Liveness. Round: the newest heartbeat this peer answered.
  Round round() const { return round_; }
  Time heard() const { return heard_; }
  bool gone() const { return gone_; }  // its node is, as far as ours can tell
  void set_gone(bool gone) { gone_ = gone; }
  bool resting() const { return resting_; }  // it agreed to sleep
  void set_resting(bool resting) { resting_ = resting; }
  void answered(Round round, Time at);

  // Identity: the life that spoke to this leader first, and the only one that may.
  Incarnation met() const { return met_; }
  void meet(Incarnation incarnation) { met_ = incarnation; }

  // Catching up (dissertation 4.2.1): rounds, each of which replicates what the log held when it
  // began. Caught up when a round took less than an election timeout.
  bool caught_up() const { return caught_up_; }
  void begin_catching_up(Index target, Time now);
  void note_catching_up(Index last, Time now, Duration election);

 private:
  friend class Abstraction;

  struct Flight {
    Index last;
    std::uint64_t bytes = 0;
  };
  struct Behind {  // of a peer that takes a snapshot, or that is catching up
    Index snapshot_through;
    Index round_target;
    Time round_began;
  };
  Behind& behind();
  bool catching_up() const { return !caught_up_ && behind_ && behind_->round_target; }
  void probe_from(Index next);
  void land();  // what was on its way and has been answered
  void forget_flights();

  NodeId id_;
  Incarnation met_;
  Index match_;
  Index next_;  // invariant: match_ < next_
  Index told_commit_;
  Round round_;
  Round stream_;
  Time heard_;
  Few<Flight> in_flight_;
  Boxed<Behind> behind_;
  Mode mode_ = Mode::probing;
  bool probe_out_ = false;
  bool full_ = false;
  bool gone_ = false;
  bool resting_ = false;
  bool caught_up_ = false;
  bool forgot_ = false;  // what it acknowledged before this stream need not be there any more
};

}  // namespace bowline::raft
