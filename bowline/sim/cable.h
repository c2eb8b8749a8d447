// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/sim/wires.h"

namespace bowline::sim {

class Socket;

// What is left of a node's process: the kernel, or not even that.
enum class Ending : std::uint8_t { kill, power };

// One connection, as the kernels of both nodes have it. It does what TCP does, with chunks in place
// of bytes: each side numbers what it sends, the first is the wish to connect and the last that it
// closes. The other side puts them in order again and acknowledges them; what nobody acknowledges
// is sent again. No process is called from here: its socket sees to that.
class Cable {
 public:
  Cable(Wires& wires, std::uint64_t id, NodeId caller, NodeId answerer) : wires_(wires), id_(id) {
    at(Side::caller).node = caller;
    at(Side::answerer).node = answerer;
  }
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  // By the processes, through their sockets.
  void call(std::shared_ptr<Socket>);
  void send(Side, std::string bytes);
  std::uint64_t queued(Side side) const { return at(side).queue_bytes; }
  void took(Side, std::uint64_t bytes);
  void leave(Side);  // what is under way still arrives

  // By the node. What the process had asked for is handed back.
  std::shared_ptr<Socket> lose(Side, Ending);
  // The first packet for the answerer has come, and is to be taken after this, or not at all.
  void answer(std::shared_ptr<Socket>);
  void refuse();
  void take(const Packet&);

  NodeId node(Side side) const { return at(side).node; }
  bool unanswered() const { return at(Side::answerer).state == State::unborn; }
  bool over() const;  // nobody knows of it any more

 private:
  enum class State : std::uint8_t {
    unborn,
    calling,
    answering,  // the caller does not know yet that it was heard
    open,
    leaving,  // the process has closed it, the kernel still sends
    gone,
  };
  struct Chunk {
    enum class Kind : std::uint8_t { opens, bytes, closes };
    Kind kind = Kind::bytes;
    std::string bytes;     // moved out when it arrives
    bool arrived = false;  // the other side has it, whether this one knows or not
  };
  struct End {
    NodeId node;
    State state = State::unborn;
    std::shared_ptr<Socket> socket;  // while calling, answering or open

    // What it sends. The queue is in the memory of the process, the flight in the kernel.
    std::deque<std::string> queue;
    std::size_t queue_begin = 0;  // what has gone of its front
    std::uint64_t queue_bytes = 0;
    std::deque<Chunk> flight;       // not known to have arrived
    std::uint64_t first = 0;        // the number of the front of that
    std::uint64_t sent = 0;         // bytes that have ever been in it
    std::uint64_t known_taken = 0;  // of these, as far as we were told

    // When it is sent again.
    Time answered;  // when there last was a reason to be patient
    Duration wait{0};
    Time due;
    Time alarm = never;  // when we are reminded: not after `due`
    std::uint64_t alarms = 0;
    bool probing = false;  // asked for room, and not answered yet

    // What it receives.
    std::uint64_t expected = 0;  // the number of the next chunk
    std::uint64_t taken = 0;     // bytes
    std::uint64_t told = 0;      // of these

    bool idle() const { return flight.empty() && queue.empty(); }
  };

  End& at(Side side) { return ends_[static_cast<std::size_t>(side)]; }
  const End& at(Side side) const { return ends_[static_cast<std::size_t>(side)]; }
  Packet packet(Packet::Kind, Side to, std::uint64_t number = 0, std::uint64_t taken = 0) const;
  void post(Side from, const Packet&);

  // Sending.
  void be_patient(End&);
  void put(Side, Chunk);
  void pump(Side);
  static std::string next_of(End&, std::uint64_t most_bytes);
  void transmit(Side, std::uint64_t number);
  void arm(Side);
  void ring(Side, std::uint64_t number);
  void send_again(Side);
  void acknowledged(Side, std::uint64_t through, std::uint64_t taken);

  // Receiving.
  void take_chunk(Side, std::uint64_t number);
  bool hand_over(Side);
  void receive(Side, std::string bytes);
  void acknowledge(Side);

  // Ending.
  void break_off(Side);
  void reset(Side);
  void was_reset(Side);
  void fail(Side, Fault, const char* why);
  std::shared_ptr<Socket> forget(Side);

  Wires& wires_;
  std::uint64_t id_;
  std::array<End, 2> ends_;
};

}  // namespace bowline::sim
