// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/env/conformance.h"
#include "bowline/env/conformance_talk.h"

namespace bowline::env {
namespace {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

// Text of which no two places look alike, so that a piece that is missing or moved shows.
std::string text(std::size_t bytes, std::size_t kind = 0) {
  std::string made;
  made.reserve(bytes + 24);
  for (std::size_t i = 0; made.size() < bytes; ++i) made += std::to_string(i * 7 + kind) + ' ';
  made.resize(bytes);
  return made;
}

void send_in_pieces(Side& side, const std::string& bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece) side.send(bytes.substr(at, piece));
}

// More than the kernels of both sides keep for a connection whose other side takes nothing.
const std::string& more_than_fits() {
  static const std::string all = text(32 * mib);
  return all;
}

std::string bytes_come_in_their_order_and_once(Field& field) {
  Talk talk(field);
  const auto [one, other] = talk.begun_pair();
  if (one == nullptr) return talk.wrong();
  std::string expected;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::string piece = text(i % 50, i);  // some are empty
    one->send(piece);
    other->send(piece);
    expected += piece;
  }
  const auto is_over = [&, a = one, b = other] {
    return a->received.size() >= expected.size() && b->received.size() >= expected.size();
  };
  talk.wait(is_over, "bytes are missing");
  talk.pass_time();
  talk.expect(one->received == expected, "the side that listened received something else");
  talk.expect(other->received == expected, "the side that connected received something else");
  return talk.wrong();
}

std::string much_goes_both_ways_at_once(Field& field) {
  Talk talk(field);
  const auto [one, other] = talk.begun_pair();
  if (one == nullptr) return talk.wrong();
  const std::string to_one = text(8 * mib, 1);
  const std::string to_other = text(8 * mib + 1, 2);
  send_in_pieces(*one, to_other, mib + 3);
  send_in_pieces(*other, to_one, mib - 3);
  const auto is_over = [&, a = one, b = other] {
    return a->received.size() >= to_one.size() && b->received.size() >= to_other.size();
  };
  talk.wait(is_over, "bytes are missing");
  talk.expect(one->received == to_one, "the side that listened received something else");
  talk.expect(other->received == to_other, "the side that connected received something else");
  talk.expect(one->queued() == 0 && other->queued() == 0, "what came is still queued");
  return talk.wrong();
}

std::string an_answer_comes_from_within_a_hook(Field& field) {
  Talk talk(field);
  const auto [one, other] = talk.begun_pair();
  if (one == nullptr) return talk.wrong();
  one->on_received = [side = one] { side->send("x"); };
  other->on_received = [side = other] { side->send("y"); };
  other->send("y");
  talk.wait([side = other] { return side->received.size() >= 1000; }, "an answer did not come");
  return talk.wrong();
}

// Whatever could be called at once is there already when it is asked for. Talk finds it.
std::string nothing_is_called_within_a_call(Field& field) {
  Talk talk(field);
  const auto [one, other] = talk.pair();
  if (one == nullptr) return talk.wrong();
  one->send("before the other side begins");
  talk.pass_time();
  other->begin();
  other->hold(true);
  one->begin();
  one->send(" and held");
  talk.pass_time();
  other->hold(false);
  talk.wait([side = other] { return side->received == "before the other side begins and held"; },
            "bytes are missing");
  one->end();
  talk.wait([side = other] { return side->closed == 1; }, "it was never closed");
  return talk.wrong();
}

std::string what_came_before_begin_is_kept(Field& field) {
  Talk talk(field);
  const auto [one, other] = talk.pair();
  if (one == nullptr) return talk.wrong();
  const std::string sent = text(10 * kib);
  one->send(sent);
  one->end();
  talk.pass_time();
  talk.expect(other->received.empty(), "received before begin()");
  other->begin();
  talk.wait([side = other] { return side->closed == 1; }, "it was never closed");
  talk.expect(other->received == sent, "bytes are missing");
  return talk.wrong();
}

std::string where_nobody_listens_is_unreachable(Field& field) {
  Talk talk(field);
  const auto refused = talk.try_to_connect(field.nobodys_address());
  if (!talk.expect(!refused, "there is a connection")) return talk.wrong();
  talk.expect(refused.error().fault == Fault::unreachable, "a wrong fault");
  return talk.wrong();
}

std::string an_address_has_one_listener(Field& field) {
  Talk talk(field);
  auto listener = talk.listen();
  if (listener == nullptr) return talk.wrong();
  const std::string address = listener->address();
  const auto second = talk.try_to_listen(address);
  if (!talk.expect(!second, "two listen there")) return talk.wrong();
  talk.expect(second.error().fault == Fault::exists, "a wrong fault");
  talk.expect(second.error().what.find(address) != std::string::npos, "it names no address");
  Side* const side = talk.connect(address);
  talk.wait([&] { return talk.accepted().size() == 1; }, "the first does not listen any more");
  if (side != nullptr) talk.expect(!side->peer().empty(), "nobody knows where it leads to");
  return talk.wrong();
}

std::string a_listener_that_is_gone_accepts_nothing(Field& field) {
  Talk talk(field);
  auto listener = talk.listen();
  if (listener == nullptr) return talk.wrong();
  const std::string address = listener->address();
  Side* const side = talk.connect(address);
  talk.wait([&] { return !talk.accepted().empty(); }, "nothing was accepted");
  if (!talk.wrong().empty()) return talk.wrong();
  talk.within([&] { listener.reset(); });
  const auto refused = talk.try_to_connect(address);
  if (!talk.expect(!refused, "there is a connection")) return talk.wrong();
  talk.expect(refused.error().fault == Fault::unreachable, "a wrong fault");
  talk.expect(talk.accepted().size() == 1, "it accepted something");
  // What it accepted before goes on, and the address can be had again at once.
  side->begin();
  talk.accepted().front()->send("still here");
  talk.wait([&] { return side->received == "still here"; }, "a connection ended with it");
  talk.accepted().front()->end();
  talk.wait([&] { return side->closed == 1; }, "it was not closed");
  side->end();
  talk.pass_time();
  listener = talk.listen(address);
  talk.connect(address);
  talk.wait([&] { return talk.accepted().size() == 2; }, "the second accepts nothing");
  return talk.wrong();
}

std::string a_listener_may_end_as_it_accepts(Field& field) {
  Talk talk(field);
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Connection> accepted;
  field.network().listen(
      field.address(),
      [&](std::unique_ptr<Connection> connection) {
        talk.expect(listener != nullptr, "accepted before it was listening, or after it ended");
        accepted = std::move(connection);
        listener.reset();
      },
      [&](Result<std::unique_ptr<Listener>> listened) {
        if (talk.expect(listened.has_value(), "listen() failed")) listener = std::move(*listened);
      });
  if (!talk.wait([&] { return listener != nullptr; }, "nobody listens")) return talk.wrong();
  Side* const side = talk.connect(listener->address());
  talk.wait([&] { return accepted != nullptr; }, "nothing was accepted");
  if (!talk.wrong().empty()) return talk.wrong();
  accepted->send("kept");
  side->begin();
  talk.wait([&] { return side->received == "kept"; }, "the connection does not work");
  return talk.wrong();
}

std::string the_end_of_one_side_closes_the_other(Field& field) {
  Talk talk(field);
  for (const bool is_first : {true, false}) {
    const auto [one, other] = talk.begun_pair();
    if (one == nullptr) return talk.wrong();
    Side& ends = is_first ? *one : *other;
    Side& stays = is_first ? *other : *one;
    ends.send("x");
    stays.send("y");
    ends.end();
    talk.wait([&] { return stays.closed > 0; }, "the other side was not closed");
    talk.pass_time();
    talk.expect(stays.closed == 1, "it was closed twice");
  }
  return talk.wrong();
}

std::string an_end_before_begin_closes_the_other(Field& field) {
  Talk talk(field);
  for (const bool has_input : {true, false}) {
    const auto [one, other] = talk.pair();
    if (one == nullptr) return talk.wrong();
    other->begin();
    if (has_input) other->send("which nobody receives");
    talk.pass_time();
    one->end();
    talk.wait([side = other] { return side->closed == 1; }, "the other side was not closed");
  }
  return talk.wrong();
}

std::string both_sides_may_end_at_once(Field& field) {
  Talk talk(field);
  const auto [one, other] = talk.begun_pair();
  if (one == nullptr) return talk.wrong();
  one->send("x");
  other->send("y");
  one->end();
  other->end();
  talk.pass_time();
  return talk.wrong();
}

// Sends in pieces until so much was sent, or something is queued. Returns what left memory.
std::size_t send_at_most(Side& side, std::size_t most) {
  constexpr std::size_t piece = 4 * kib;
  std::size_t sent = 0;
  for (; sent < most && side.queued() == 0; sent += piece) side.send(text(piece, sent));
  return sent - static_cast<std::size_t>(side.queued());
}

// The last sentence, that says why, must not get lost: not even if there is something that this
// side never took, and much of what it sent is only on its way, because the other side is slow.
std::string what_left_memory_before_the_end_still_comes(Field& field) {
  Talk talk(field);
  // First, how much is on its way at most. Then nearly as much.
  std::size_t most = 32 * mib;
  for (const bool is_first : {true, false}) {
    const auto [one, other] = talk.begun_pair();
    if (one == nullptr) return talk.wrong();
    one->hold(true);
    other->send(text(100));
    other->hold(true);
    talk.pass_time();
    const std::size_t sent = send_at_most(*one, most);
    if (is_first) most = sent - sent / 32;
    // A kernel that is short of memory may take less the second time.
    one->on_drained = [side = one] { side->end(); };
    if (one->queued() == 0) one->end();
    talk.pass_time();
    other->hold(false);
    talk.wait([side = other] { return side->closed == 1; }, "the other side was not closed");
    talk.expect(other->received.size() >= sent, "what left memory before the end did not come");
  }
  return talk.wrong();
}

std::string a_side_that_goes_on_sending_is_closed(Field& field) {
  Talk talk(field);
  const auto [one, other] = talk.begun_pair();
  if (one == nullptr) return talk.wrong();
  one->end();
  while (other->closed == 0 && talk.wrong().empty()) {
    other->send(text(mib));
    talk.pass_time();
    if (!talk.expect(other->queued() < 64 * mib, "it is never closed")) break;
  }
  return talk.wrong();
}

std::string a_hook_may_end_its_connection(Field& field) {
  Talk talk(field);
  {
    const auto [one, other] = talk.begun_pair();
    if (one == nullptr) return talk.wrong();
    one->on_received = [side = one] { side->end(); };
    other->send(text(4 * mib));
    talk.wait([side = other] { return side->closed == 1; }, "received: the other was not closed");
    other->on_closed = [side = other] { side->end(); };
  }
  {
    const auto [one, other] = talk.begun_pair();
    if (one == nullptr) return talk.wrong();
    one->on_closed = [side = one] { side->end(); };
    other->end();
    talk.wait([side = one] { return !side->is_there(); }, "closed: it was not called");
  }
  const auto [one, other] = talk.begun_pair();
  if (one == nullptr) return talk.wrong();
  one->on_drained = [side = one] { side->end(); };
  one->send(more_than_fits());
  talk.wait([side = other] { return side->closed == 1; }, "drained: the other was not closed");
  talk.expect(other->received == more_than_fits(), "drained, but bytes are missing");
  return talk.wrong();
}

std::string send_after_it_was_closed_does_nothing(Field& field) {
  Talk talk(field);
  const auto [one, other] = talk.begun_pair();
  if (one == nullptr) return talk.wrong();
  other->hold(true);
  other->send(text(10));
  one->send(more_than_fits());
  talk.pass_time();
  other->end();
  one->on_closed = [side = one] { side->send("from within the hook"); };
  talk.wait([side = one] { return side->closed == 1; }, "it was not closed");
  one->send(more_than_fits());
  one->hold(true);
  one->hold(false);
  talk.pass_time();
  talk.expect(one->queued() == 0, "something is still queued");
  talk.expect(one->drained == 0, "drained, although nothing comes after the end");
  return talk.wrong();
}

std::string what_is_held_stays_with_the_sender(Field& field) {
  Talk talk(field);
  const auto [one, other] = talk.begun_pair();
  if (one == nullptr) return talk.wrong();
  other->hold(true);
  one->send(more_than_fits());
  talk.pass_time();
  talk.expect(other->received.empty(), "received while it is held");
  const std::uint64_t before = one->queued();
  talk.expect(before > 0, "nothing is queued, and the other side takes nothing");
  one->send(text(mib));
  talk.expect(one->queued() > before, "the queue does not grow");
  talk.pass_time();
  talk.expect(one->queued() > 0 && one->drained == 0, "the queue went away");
  talk.expect(other->received.empty(), "received while it is held");
  other->send("the other way");
  talk.wait([side = one] { return side->received == "the other way"; }, "both ways are held");
  other->hold(false);
  talk.wait([side = one] { return side->drained > 0; }, "the queue does not empty");
  const std::string expected = more_than_fits() + text(mib);
  talk.wait([&, side = other] { return side->received.size() >= expected.size(); },
            "bytes are missing");
  talk.expect(other->received == expected, "something else was received");
  talk.expect(one->drained == 1, "drained more than once");
  return talk.wrong();
}

std::string a_hook_may_hold(Field& field) {
  Talk talk(field);
  const auto [one, other] = talk.begun_pair();
  if (one == nullptr) return talk.wrong();
  int times = 0;
  one->on_received = [&times, side = one] {
    ++times;
    side->hold(true);
  };
  const std::string sent = text(2 * mib);
  other->send(sent);
  for (int turn = 1; one->received.size() < sent.size() && talk.wrong().empty(); ++turn) {
    talk.wait([&] { return times >= turn; }, "bytes are missing");
    if (turn <= 3) talk.pass_time();
    talk.expect(times == turn, "received while it is held");
    one->hold(false);
  }
  talk.expect(one->received == sent, "something else was received");
  return talk.wrong();
}

std::string drained_is_told_when_something_was_queued(Field& field) {
  Talk talk(field);
  const auto [one, other] = talk.begun_pair();
  if (one == nullptr) return talk.wrong();
  one->send("x");
  const int expected = one->queued() > 0 ? 1 : 0;
  talk.pass_time();
  talk.expect(one->drained == expected, "drained, but not because a queue emptied");
  one->send("");
  talk.expect(one->queued() == 0, "nothing is queued as something");
  for (int times = 1; times <= 3; ++times) {
    one->send(more_than_fits());
    talk.wait([&, side = one] { return side->drained == expected + times; }, "not drained");
  }
  talk.pass_time();
  talk.expect(one->drained == expected + 3, "drained too often");
  return talk.wrong();
}

std::string a_network_that_is_gone_tells_nobody(Field& field) {
  bool told = false;
  {
    Talk talk(field);
    const auto listener = talk.listen();
    if (listener == nullptr) return talk.wrong();
    field.network().connect(listener->address(),
                            [&](const Result<std::unique_ptr<Connection>>&) { told = true; });
    field.network().connect(field.nobodys_address(),
                            [&](const Result<std::unique_ptr<Connection>>&) { told = true; });
    field.network().listen(
        field.address(), [&](const std::unique_ptr<Connection>&) { told = true; },
        [&](const Result<std::unique_ptr<Listener>>&) { told = true; });
  }
  field.reopen();
  Talk talk(field);
  talk.pass_time();
  talk.expect(!told, "a callback of a network that is gone was called");
  return talk.wrong();
}

std::string many_connections_do_not_mix(Field& field) {
  constexpr std::size_t many = 50;
  Talk talk(field);
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < many; ++i) {
    pairs.push_back(talk.begun_pair());
    if (pairs.back().one == nullptr) return talk.wrong();
  }
  for (std::size_t i = 0; i < many; ++i) {
    pairs[i].one->send(text(100 * kib, 2 * i));
    pairs[i].other->send(text(10 * kib, 2 * i + 1));
  }
  const auto is_over = [&] {
    return std::ranges::all_of(pairs, [](const Pair& pair) {
      return pair.other->received.size() >= 100 * kib && pair.one->received.size() >= 10 * kib;
    });
  };
  talk.wait(is_over, "bytes are missing");
  for (std::size_t i = 0; i < many; ++i) {
    talk.expect(pairs[i].other->received == text(100 * kib, 2 * i), "something else was received");
    talk.expect(pairs[i].one->received == text(10 * kib, 2 * i + 1), "something else was received");
  }
  return talk.wrong();
}

constexpr std::array all = {
    NetworkCheck{"bytes_come_in_their_order_and_once", bytes_come_in_their_order_and_once},
    NetworkCheck{"much_goes_both_ways_at_once", much_goes_both_ways_at_once},
    NetworkCheck{"an_answer_comes_from_within_a_hook", an_answer_comes_from_within_a_hook},
    NetworkCheck{"nothing_is_called_within_a_call", nothing_is_called_within_a_call},
    NetworkCheck{"what_came_before_begin_is_kept", what_came_before_begin_is_kept},
    NetworkCheck{"where_nobody_listens_is_unreachable", where_nobody_listens_is_unreachable},
    NetworkCheck{"an_address_has_one_listener", an_address_has_one_listener},
    NetworkCheck{"a_listener_that_is_gone_accepts_nothing",
                 a_listener_that_is_gone_accepts_nothing},
    NetworkCheck{"a_listener_may_end_as_it_accepts", a_listener_may_end_as_it_accepts},
    NetworkCheck{"the_end_of_one_side_closes_the_other", the_end_of_one_side_closes_the_other},
    NetworkCheck{"an_end_before_begin_closes_the_other", an_end_before_begin_closes_the_other},
    NetworkCheck{"both_sides_may_end_at_once", both_sides_may_end_at_once},
    NetworkCheck{"what_left_memory_before_the_end_still_comes",
                 what_left_memory_before_the_end_still_comes},
    NetworkCheck{"a_side_that_goes_on_sending_is_closed", a_side_that_goes_on_sending_is_closed},
    NetworkCheck{"a_hook_may_end_its_connection", a_hook_may_end_its_connection},
    NetworkCheck{"send_after_it_was_closed_does_nothing", send_after_it_was_closed_does_nothing},
    NetworkCheck{"what_is_held_stays_with_the_sender", what_is_held_stays_with_the_sender},
    NetworkCheck{"a_hook_may_hold", a_hook_may_hold},
    NetworkCheck{"drained_is_told_when_something_was_queued",
                 drained_is_told_when_something_was_queued},
    NetworkCheck{"a_network_that_is_gone_tells_nobody", a_network_that_is_gone_tells_nobody},
    NetworkCheck{"many_connections_do_not_mix", many_connections_do_not_mix},
};

}  // namespace

std::span<const NetworkCheck> network_checks() { return all; }

}  // namespace bowline::env
