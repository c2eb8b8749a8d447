// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "bowline/raft/core.h"

namespace bowline::bench {

// Three cores in one process, with disks and wires that take no time: what is left is the cost of
// the protocol itself. Single-threaded.
class Trio {
 public:
  // Whether the membership that the group begins with names the lives of its members. If not, the
  // first entries do, each as one more membership that is kept until a snapshot covers it.
  enum class Lives : std::uint8_t { named, met };
  explicit Trio(Lives lives = Lives::named);

  // One batch of commands at the leader, committed and released at all three when this returns.
  void commit(std::size_t commands);
  // Lets heartbeats pass until nothing moves but them.
  void idle();
  void take_down(std::size_t which) { cores_[which].reset(); }

 private:
  struct Letter {
    std::size_t to = 0;
    raft::Received received;
  };
  void step(std::size_t at, raft::Input input);
  void perform(std::size_t at, raft::Effects& effects);
  void send(std::size_t from, NodeId to, raft::Message message);
  void deliver();
  void tick(Duration passed);

  std::array<std::unique_ptr<raft::Core>, 3> cores_;
  std::array<std::vector<raft::Entry>, 3> logs_;
  std::array<std::uint64_t, 3> released_{};
  std::array<std::optional<Seq>, 3> written_;
  std::deque<Letter> letters_;
  std::vector<raft::Effects> spare_;
  Bytes command_ = Bytes::copy("sixteen bytes ok");
  Time now_;
  std::uint64_t ticket_ = 0;
};

}  // namespace bowline::bench
