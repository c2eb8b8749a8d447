// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/course_mail.h"

#include <chrono>
#include <utility>

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration good_way = 100us;
constexpr std::uint64_t bad_way = 26'000'000;  // at most, in ns
constexpr unsigned lost_percent = 10;

}  // namespace

CourseMail::CourseMail(World& world, const Options& options)
    : world_(world), options_(options), prng_(options.seed) {
  world_.hear([this](Ticket ticket) { closed(ticket); });
}

void CourseMail::after(Duration duration, std::function<void()> what) {
  due_[++numbers_] = std::move(what);
  world_.call_at(world_.now() + duration, *this, numbers_);
}

void CourseMail::called(std::uint32_t what) {
  const auto due = due_.extract(what);
  due.mapped()();
}

void CourseMail::carry(std::function<void()> what) {
  if (!options_.unreliable) return after(good_way, std::move(what));
  if (prng_.chance(lost_percent)) {
    ++lost_;
    return;
  }
  after(Duration(static_cast<std::int64_t>(prng_.below(bad_way))), std::move(what));
}

void CourseMail::write(NodeId to, std::string envelope, Hear hear) {
  carry([this, to, envelope = std::move(envelope), hear = std::move(hear)] {
    wait_for(world_.send(to, envelope), {{}, hear});
  });
}

void CourseMail::read(NodeId to, Look look, Hear hear) {
  carry([this, to, look = std::move(look), hear = std::move(hear)] {
    if (options_.asks_before_reads || !world_.up(to))
      return wait_for(world_.read(to), {look, hear});
    answer(hear, {.kind = Heard::Kind::done,
                  .body = look(world_.guest(to)),
                  .place = world_.site(to)->machine.applied.index});
  });
}

void CourseMail::wait_for(Ticket ticket, Open open) {
  if (world_.request(ticket).open()) {
    open_[ticket] = std::move(open);
  } else {
    answer(open.hear, {.kind = Heard::Kind::refused});  // nobody was there
  }
}

// In the midst of what a node does: all else is for later.
void CourseMail::closed(Ticket ticket) {
  const auto open = open_.extract(ticket);
  if (!open.empty()) answer(open.mapped().hear, heard_of(world_.request(ticket), open.mapped()));
}

void CourseMail::answer(const Hear& hear, Heard heard) {
  carry([hear, heard = std::move(heard)] { hear(heard); });
}

Heard CourseMail::heard_of(const Request& request, const Open& open) const {
  using State = Request::State;
  Heard heard;
  if (request.state == State::served) {
    heard.kind = Heard::Kind::done;
    heard.body = open.look(world_.guest(request.node));
    heard.place = world_.site(request.node)->machine.applied.index;
  } else if (request.state == State::refused ||
             (request.state == State::decided && request.outcome == raft::Outcome::overruled)) {
    heard.kind = Heard::Kind::refused;
    heard.leader = request.leader;
  } else if (request.committed() && request.answer) {
    heard.kind = Heard::Kind::done;
    heard.body = *request.answer;
  }
  return heard;
}

}  // namespace bowline::sim
