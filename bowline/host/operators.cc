// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/operators.h"

#include <algorithm>
#include <utility>

namespace bowline::host {
namespace {

// Who does not take so much of what was answered takes nothing.
constexpr std::uint64_t most_unread = 2ULL * wire::most_answer_bytes;

std::string operator_named(const Link& link) {
  const std::optional<env::Identity> proved = link.identity();
  if (proved) return "admin " + proved->admin;
  return (link.there().name.empty() ? "somebody" : link.there().name) + " at " + link.peer();
}

}  // namespace

Operators::Operators(env::Loop& loop, Options options, Hooks hooks)
    : loop_(loop), options_(options), hooks_(std::move(hooks)) {}

// A certificate that is there was looked at: it names an admin (is_proved).
std::string Operators::why_not(const Link& link) const {
  if (options_.admit == Admit::nobody)
    return "this node takes nothing from operators: allow it in its options, operators.admit";
  if (options_.admit == Admit::certified && !link.identity())
    return "this node takes only operators with a certificate, and has none itself: give it one, "
           "or let it take anybody, operators.admit";
  return {};
}

void Operators::serve(std::unique_ptr<Link> link) {
  if (const std::string why = why_not(*link); !why.empty()) return refuse(std::move(link), why);
  if (!make_room())
    return refuse(std::move(link), "too many operators wait for this node: try again later");
  const std::uint64_t number = ++last_;
  Seat& seat = seats_[number];
  seat.who = operator_named(*link);
  seat.link = std::move(link);
  seat.link->change({.agreed = {},
                     .came = [this, number](const wire::Frame& frame) { came(number, frame); },
                     .ended = [this, number](const std::string&) { gone(number); },
                     .drained = {}});
}

bool Operators::make_room() {
  if (seats_.size() < options_.most) return true;
  const auto idle =
      std::ranges::find_if(seats_, [](const auto& one) { return one.second.asks == 0; });
  if (idle == seats_.end()) return false;
  gone(idle->first);
  return true;
}

void Operators::refuse(std::unique_ptr<Link> link, const std::string& why) {
  hooks_.told(operator_named(*link), "was not let in as an operator: " + why);
  link->send(wire::refusal_frame(why));
  bury(std::move(link));
}

void Operators::came(std::uint64_t number, const wire::Frame& frame) {
  Seat& seat = seats_.at(number);
  Result<wire::Ask> ask = wire::ask_in(frame, seat.link->ways().in.version);
  const bool many = seat.asks >= options_.most_asks;
  if (!ask || many || seat.link->queued() > most_unread) {
    seat.link->send(wire::refusal_frame(ask ? "you ask more than you wait for" : ask.error().what));
    return gone(number);
  }
  ++seat.asks;
  hooks_.ask(seat.who, std::move(ask->what),
             life_.guard([this, number, asked = ask->number](wire::Answered what) {
               answered(number, asked, std::move(what));
             }));
}

// Nobody may be there any more to hear it.
void Operators::answered(std::uint64_t number, std::uint64_t ask, wire::Answered what) {
  const auto seat = seats_.find(number);
  if (seat == seats_.end()) return;
  --seat->second.asks;
  seat->second.link->send(wire::frame_of(wire::Answer{ask, std::move(what)}));
}

void Operators::gone(std::uint64_t number) {
  auto seat = seats_.extract(number);
  if (!seat.empty()) bury(std::move(seat.mapped().link));
}

void Operators::bury(std::unique_ptr<Link> link) {
  link->leave();
  if (dead_.empty()) loop_.soon(life_.guard([this] { dead_.clear(); }));
  dead_.push_back(std::move(link));
}

}  // namespace bowline::host
