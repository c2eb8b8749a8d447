// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/course_clerk.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "bowline/base/ensure.h"
#include "bowline/session/envelope.h"
#include "bowline/session/reply.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration first_pause = 2ms;
constexpr Duration longest_pause = 100ms;

}  // namespace

CourseClerk::CourseClerk(CourseMail& mail, Options options)
    : mail_(mail), options_(std::move(options)), prng_(options_.number) {
  at_ = options_.servers[prng_.below(options_.servers.size())];
  renew_session();
}

void CourseClerk::renew_session() {
  session_ = session::Client({.first_tag = (options_.number << 32) + (++sessions_ << 24)});
}

void CourseClerk::write(std::string command, Done done) {
  begin({{}, std::move(command), std::move(done), {}});
}

void CourseClerk::read(CourseMail::Look look, Done done) {
  at_ = options_.servers[prng_.below(options_.servers.size())];
  begin({std::move(look), {}, std::move(done), {}});
}

void CourseClerk::begin(Errand errand) {
  ensure(!busy());
  errand_ = std::move(errand);
  attempt();
}

void CourseClerk::attempt() {
  Errand& errand = *errand_;
  const std::uint64_t step = ++step_;
  ++tries_;
  const auto hear = [this, step](const Heard& said) {
    if (step == step_) heard(said);
  };
  mail_.after(options_.attempt, [hear] { hear({}); });
  if (errand.look) return mail_.read(at_, errand.look, hear);
  if (!options_.sessions) {
    const std::uint64_t tag = (options_.number << 32) + tries_;
    return mail_.write(at_, session::encode({.tag = tag, .body = session::Plain{errand.command}}),
                       hear);
  }
  if (session_.over()) renew_session();
  opening_ = !session_.session();
  if (opening_) return mail_.write(at_, session_.open(), hear);
  if (!errand.serial) errand.serial = session_.call(errand.command);
  mail_.write(at_, session_.attempt(*errand.serial), hear);
}

void CourseClerk::heard(const Heard& said) {
  ++step_;
  const bool done = said.kind == Heard::Kind::done;
  if (!errand_->look && options_.sessions && !opening_) return heard_of_write(said);
  if (!done) return again(said.leader);
  if (errand_->look) return finish({true, said.body, said.place});
  if (opening_) {
    session_.heard(said.body);
    return attempt();
  }
  const std::optional<session::Reply> reply = session::decode_reply(said.body);
  ensure(reply && std::holds_alternative<session::Done>(*reply));
  finish({true, std::string(std::get<session::Done>(*reply).answer), {}});
}

void CourseClerk::heard_of_write(const Heard& said) {
  session::Word word = session::Unknown{};
  if (said.kind == Heard::Kind::refused) word = session::NeverDone{};
  if (said.kind == Heard::Kind::done) word = session::Answered{said.body};
  const session::Verdict verdict = session_.heard(*errand_->serial, word);
  using Told = session::Verdict::What;
  if (verdict.what == Told::maybe) return finish({});
  if (verdict.what == Told::done)
    return finish({verdict.answer.has_value(), verdict.answer.value_or(""), {}});
  if (verdict.what == Told::refused) errand_->serial.reset();  // once more, in another session
  again(said.leader);
}

void CourseClerk::again(NodeId hint) {
  const std::vector<NodeId>& servers = options_.servers;
  if (std::ranges::find(servers, hint) != servers.end()) {
    at_ = hint;
  } else {
    const auto at = std::ranges::find(servers, at_);
    const bool none_follows = at == servers.end() || at + 1 == servers.end();
    at_ = none_follows ? servers.front() : at[1];
  }
  pause_ = std::clamp(2 * pause_, first_pause, longest_pause);
  const std::uint64_t step = step_;
  mail_.after(pause_, [this, step] {
    if (step == step_) attempt();
  });
}

void CourseClerk::finish(const Said& said) {
  pause_ = Duration{0};
  const Done done = std::exchange(errand_, std::nullopt)->done;
  done(said);
}

}  // namespace bowline::sim
