// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "bowline/base/prng.h"
#include "bowline/machine/state_machine.h"
#include "bowline/sim/world.h"

namespace bowline::sim {

// What a client hears of a request.
struct Heard {
  enum class Kind : std::uint8_t {
    done,
    refused,  // not done, and never will be
    unknown,
  };
  Kind kind = Kind::unknown;
  std::string body;  // if done: the answer, or what a read saw
  Index place;       // of a read: the last entry that it saw
  NodeId leader;     // if refused: who may know better
};

// The way between clients and whole nodes, and back. A good one takes 0.1 ms; on an unreliable one
// each request and each answer is up to 26 ms late, and one in ten is lost.
class CourseMail final : public Caller {
 public:
  using Look = std::function<std::string(const machine::StateMachine&)>;
  using Hear = std::function<void(const Heard&)>;
  struct Options {
    bool unreliable = false;
    bool asks_before_reads =
        true;  // that is wrong without, so that a test can show that it notices
    std::uint64_t seed = 1;
  };
  CourseMail(World&, const Options&);

  void write(NodeId, std::string envelope, Hear);
  void read(NodeId, Look, Hear);
  void after(Duration, std::function<void()>);
  std::uint64_t lost() const { return lost_; }
  void called(std::uint32_t what) override;

 private:
  struct Open {
    Look look;  // of a read
    Hear hear;
  };
  void carry(std::function<void()>);
  void wait_for(Ticket, Open);
  void closed(Ticket);
  void answer(const Hear&, Heard);
  Heard heard_of(const Request&, const Open&) const;

  World& world_;
  Options options_;
  Prng prng_;
  std::uint32_t numbers_ = 0;
  std::uint64_t lost_ = 0;
  std::map<std::uint32_t, std::function<void()>> due_;
  std::map<Ticket, Open> open_;
};

}  // namespace bowline::sim
