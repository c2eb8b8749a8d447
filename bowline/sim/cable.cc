// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/cable.h"

#include <algorithm>

#include "bowline/base/ensure.h"
#include "bowline/sim/socket.h"

namespace bowline::sim {
namespace {

constexpr std::uint64_t most_chunk_bytes = 64 << 10;

}  // namespace

Packet Cable::packet(Packet::Kind kind, Side to, std::uint64_t number, std::uint64_t taken) const {
  return {.kind = kind, .to = {.cable = id_, .side = to}, .number = number, .taken = taken};
}

void Cable::post(Side from, const Packet& packet) {
  wires_.send(node(from), node(other(from)), packet);
}

bool Cable::over() const {
  const State answerer = at(Side::answerer).state;
  return at(Side::caller).state == State::gone &&
         (answerer == State::gone || answerer == State::unborn);
}

// Opening.

void Cable::call(std::shared_ptr<Socket> socket) {
  End& end = at(Side::caller);
  end.socket = std::move(socket);
  end.state = State::calling;
  put(Side::caller, {.kind = Chunk::Kind::opens, .bytes = {}});
  wires_.remind(wires_.now() + wires_.climate().connect_timeout,
                packet(Packet::Kind::deadline, Side::caller));
}

void Cable::answer(std::shared_ptr<Socket> socket) {
  End& end = at(Side::answerer);
  ensure(end.state == State::unborn);
  end.socket = std::move(socket);
  end.state = State::answering;
  put(Side::answerer, {.kind = Chunk::Kind::opens, .bytes = {}});
}

void Cable::refuse() {
  ensure(unanswered());
  post(Side::answerer, packet(Packet::Kind::reset, Side::caller));
}

// Sending.

void Cable::be_patient(End& end) {
  const StreamClimate& climate = wires_.climate();
  end.answered = wires_.now();
  end.wait = climate.retransmit;
  end.due = end.answered + std::min(climate.retransmit, climate.user_timeout);
}

void Cable::put(Side side, Chunk chunk) {
  End& end = at(side);
  if (end.flight.empty()) be_patient(end);
  end.sent += chunk.bytes.size();
  end.flight.push_back(std::move(chunk));
  transmit(side, end.first + end.flight.size() - 1);
  arm(side);
}

void Cable::send(Side side, std::string bytes) {
  End& end = at(side);
  if (end.state != State::open || bytes.empty()) return;
  if (end.idle()) be_patient(end);
  end.queue_bytes += bytes.size();
  end.queue.push_back(std::move(bytes));
  pump(side);
}

// As much of the queue goes out as the window has room for.
void Cable::pump(Side side) {
  End& end = at(side);
  const std::uint64_t window = wires_.climate().window_bytes;
  while (!end.queue.empty()) {
    const std::uint64_t room = window - std::min(window, end.sent - end.known_taken);
    if (room == 0) break;
    Chunk chunk;
    chunk.bytes = next_of(end, std::min(room, most_chunk_bytes));
    ++wires_.counters().chunks;
    wires_.counters().bytes += chunk.bytes.size();
    put(side, std::move(chunk));
    if (end.socket->chance().happens("breaks", wires_.climate().breaks_ppm)) return break_off(side);
  }
  arm(side);
}

std::string Cable::next_of(End& end, std::uint64_t most_bytes) {
  std::string& front = end.queue.front();
  const std::uint64_t bytes = std::min(most_bytes, std::uint64_t{front.size() - end.queue_begin});
  end.queue_bytes -= bytes;
  if (bytes == front.size()) {
    std::string all = std::move(front);
    end.queue.pop_front();
    return all;
  }
  std::string part = front.substr(end.queue_begin, bytes);
  end.queue_begin += bytes;
  if (end.queue_begin == front.size()) {
    end.queue.pop_front();
    end.queue_begin = 0;
  }
  return part;
}

void Cable::transmit(Side side, std::uint64_t number) {
  post(side, packet(Packet::Kind::chunk, other(side), number));
}

// At most one reminder counts. One that is early looks again.
void Cable::arm(Side side) {
  End& end = at(side);
  if (end.idle() || end.alarm <= end.due) return;
  end.alarm = end.due;
  wires_.remind(end.due, packet(Packet::Kind::alarm, side, ++end.alarms));
}

void Cable::ring(Side side, std::uint64_t number) {
  End& end = at(side);
  if (number != end.alarms || end.state == State::gone) return;
  end.alarm = never;
  if (end.idle()) return;
  const StreamClimate& climate = wires_.climate();
  const Time now = wires_.now();
  if (now >= end.due) {
    // Nothing was asked until now. That there is no room is an answer, too.
    if (end.flight.empty() && !std::exchange(end.probing, true)) end.answered = now;
    const Time limit = end.answered + climate.user_timeout;
    if (now >= limit && end.state != State::calling)  // that has a deadline of its own
      return fail(side, Fault::timeout, "it does not answer any more");
    send_again(side);
    end.wait = std::min(end.wait * 2, climate.retransmit_at_most);
    end.due = now + end.wait;
    if (end.state != State::calling) end.due = std::min(end.due, limit);
  }
  arm(side);
}

// All that the other side lacks. That it tells us what it has beside the first is left out: it
// would be one more packet to lose. The first goes out in any case, so that there is an answer.
void Cable::send_again(Side side) {
  const End& end = at(side);
  if (end.flight.empty()) return post(side, packet(Packet::Kind::probe, other(side)));
  for (std::size_t i = 0; i < end.flight.size(); ++i) {
    if (i > 0 && end.flight[i].arrived) continue;
    ++wires_.counters().retransmits;
    transmit(side, end.first + i);
  }
}

void Cable::acknowledged(Side side, std::uint64_t through, std::uint64_t taken) {
  End& end = at(side);
  if (end.state == State::gone) return;
  ensure(through <= end.first + end.flight.size());
  end.known_taken = std::max(end.known_taken, taken);
  const bool new_to_us = through > end.first;
  for (; end.first < through; ++end.first) end.flight.pop_front();
  if (new_to_us) be_patient(end);
  end.answered = wires_.now();  // even if it says nothing new
  end.probing = false;
  if (end.state == State::answering && end.first > 0) {
    end.state = State::open;
    end.socket->opened();
  }
  if (end.state == State::leaving && end.flight.empty()) {
    forget(side);
    return;
  }
  if (end.queue.empty()) return arm(side);
  pump(side);
  if (end.state == State::open && end.queue.empty()) end.socket->drained();
}

// Receiving.

void Cable::take(const Packet& packet) {
  const Side side = packet.to.side;
  switch (packet.kind) {
    case Packet::Kind::chunk: return take_chunk(side, packet.number);
    case Packet::Kind::acknowledgement: return acknowledged(side, packet.number, packet.taken);
    case Packet::Kind::probe:
      if (at(side).state == State::gone) return reset(side);
      return acknowledge(side);
    case Packet::Kind::reset: return was_reset(side);
    case Packet::Kind::alarm: return ring(side, packet.number);
    case Packet::Kind::deadline:
      if (at(side).state == State::calling) fail(side, Fault::timeout, "nobody answers");
      return;
  }
}

void Cable::take_chunk(Side side, std::uint64_t number) {
  End& end = at(side);
  End& sender = at(other(side));
  if (end.state == State::gone) return reset(side);
  if (end.state == State::answering && number > 0) acknowledged(side, 1, 0);  // so it was heard
  ensure(number < sender.first + sender.flight.size());
  bool closes = false;
  if (number >= sender.first && !sender.flight[number - sender.first].arrived) {
    sender.flight[number - sender.first].arrived = true;
    closes = hand_over(side);
  }
  // The answer to a wish to connect is a chunk of its own.
  if (end.state != State::answering) acknowledge(side);
  if (!closes) return;
  if (const auto socket = forget(side)) socket->closed();
}

// What arrived, as far as nothing before it is missing. True: it closes.
bool Cable::hand_over(Side side) {
  End& end = at(side);
  End& sender = at(other(side));
  bool closes = false;
  while (end.expected - sender.first < sender.flight.size()) {
    Chunk& next = sender.flight[end.expected - sender.first];
    if (!next.arrived) break;
    ++end.expected;
    if (next.kind == Chunk::Kind::bytes) receive(side, std::move(next.bytes));
    if (next.kind == Chunk::Kind::closes) closes = true;
    if (next.kind == Chunk::Kind::opens && side == Side::caller) {
      end.state = State::open;
      ++wires_.counters().connections;
      acknowledged(side, 1, 0);
      end.socket->opened();
    }
  }
  return closes;
}

// Nobody reads what comes after the process has left. It fills the window and is dropped.
void Cable::receive(Side side, std::string bytes) {
  End& end = at(side);
  if (end.state != State::open) return;
  Chance& chance = end.socket->chance();
  if (chance.happens("flipped", wires_.climate().flipped_ppm)) {
    ++wires_.counters().flipped;
    const std::uint64_t bit = chance.below("flipped bit", bytes.size() * 8);
    char& byte = bytes[bit / 8];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (bit % 8)));
  }
  end.socket->arrived(std::move(bytes));
}

void Cable::acknowledge(Side side) {
  End& end = at(side);
  end.told = end.taken;
  post(side, packet(Packet::Kind::acknowledgement, other(side), end.expected, end.taken));
}

// The sender may wait for room. It is not told of every byte, but in time.
void Cable::took(Side side, std::uint64_t bytes) {
  End& end = at(side);
  end.taken += bytes;
  if (end.state == State::open && end.taken - end.told >= wires_.climate().window_bytes / 2)
    acknowledge(side);
}

// Ending.

void Cable::leave(Side side) {
  End& end = at(side);
  if (end.state != State::open) return;
  end.socket.reset();
  end.queue.clear();
  end.queue_bytes = 0;
  end.queue_begin = 0;
  end.state = State::leaving;
  put(side, {.kind = Chunk::Kind::closes, .bytes = {}});
}

std::shared_ptr<Socket> Cable::lose(Side side, Ending ending) {
  const State state = at(side).state;
  if (state == State::unborn || state == State::gone) return nullptr;
  if (ending == Ending::power || state == State::calling) return forget(side);
  if (state == State::leaving) return nullptr;  // the kernel goes on
  std::shared_ptr<Socket> socket = forget(side);
  reset(side);
  return socket;
}

// Something between the two has had enough of them.
void Cable::break_off(Side side) {
  ++wires_.counters().broken;
  was_reset(side);
  reset(side);
}

// One packet, which nobody sends again. Who does not get it learns it when it sends something.
void Cable::reset(Side side) {
  ensure(at(side).state == State::gone);
  if (at(other(side)).state != State::gone) post(side, packet(Packet::Kind::reset, other(side)));
}

void Cable::was_reset(Side side) {
  const State state = at(side).state;
  if (state == State::gone || state == State::unborn) return;
  if (state == State::calling) ++wires_.counters().refused;
  if (state == State::open) ++wires_.counters().resets;
  if (state == State::calling) return fail(side, Fault::unreachable, "nobody listens there");
  fail(side, Fault::unreachable, "the connection was reset");
}

void Cable::fail(Side side, Fault fault, const char* why) {
  const State state = at(side).state;
  if (fault == Fault::timeout && state == State::calling) ++wires_.counters().unanswered;
  if (fault == Fault::timeout && state == State::open) ++wires_.counters().timeouts;
  const std::shared_ptr<Socket> socket = forget(side);
  if (state == State::calling || state == State::open) socket->broke(fault, why);
}

// What is in flight stays: it may be on a link, and it may still arrive.
std::shared_ptr<Socket> Cable::forget(Side side) {
  End& end = at(side);
  end.state = State::gone;
  end.queue.clear();
  end.queue_bytes = 0;
  end.queue_begin = 0;
  return std::exchange(end.socket, nullptr);
}

}  // namespace bowline::sim
