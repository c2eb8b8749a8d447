// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/kv/weight.h"
#include "bowline/rpc/call.h"

namespace bowline::etcd {

// How much of the store may be told to one client, of what a few bytes ask for. An answer is there
// as a whole, and waits in memory until it is taken: above rpc::ServerOptions::most_held_bytes
// the connection that holds most is closed, with all that others ask on it. So one answer has a
// bound; the answers on a connection have, before they come near that; and those of one turn have,
// since only after it somebody counts. What watchers are told has bounds as well: nobody asked for
// it now, so it can wait.
class AnswerRoom {
 public:
  AnswerRoom(env::Loop&, const env::Clock&, std::uint64_t most_bytes);
  ~AnswerRoom();
  AnswerRoom(const AnswerRoom&) = delete;
  AnswerRoom& operator=(const AnswerRoom&) = delete;

  // What the answer to this call may weigh now. Small ones always may.
  kv::Weight begin(const rpc::Call&) const;
  // It was found to be too much. What its client is told: that such an answer is never given, or
  // not for now.
  rpc::Status refusal(const kv::Weight&) const;
  void took(const kv::Weight&);  // it is on its way
  // May an answer of so many bytes be told, and is it counted then? If not, its client was told.
  bool admits(rpc::Call&, std::uint64_t bytes);

  // May a watcher on this connection be told something now? If not, it asks again `later`.
  bool has_room_to_tell(const rpc::Call&) const;
  void told(std::uint64_t bytes);
  void later(env::Done<>);

 private:
  void count(std::uint64_t& what, std::uint64_t bytes);
  void try_again();

  env::Loop& loop_;
  const env::Clock& clock_;
  std::uint64_t most_bytes_;
  std::uint64_t in_turn_ = 0;       // of answers
  std::uint64_t told_in_turn_ = 0;  // to watchers
  std::vector<env::Done<>> waiting_;
  env::TimerId timer_;
  env::Life life_;
};

}  // namespace bowline::etcd
