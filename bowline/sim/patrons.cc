// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/patrons.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "bowline/sim/hash.h"
#include "bowline/sim/notebook.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t patrons = 5;

}  // namespace

Patrons::Patrons(World& world)
    : world_(world),
      cluster_(world.cluster()),
      patience_(std::chrono::milliseconds(300 + mixed(world.plan().tie_seed, 7) % 1500)),
      patrons_(patrons) {
  begin_anew();
}

void Patrons::begin_anew() {
  for (Patron& patron : patrons_) renew(patron);
  bounded_ = false;
}

void Patrons::renew(Patron& patron) {
  patron = {};
  tags_ += 1'000'000;  // no two of them ever send the same bytes
  patron.client = session::Client({.most_calls = 4, .first_tag = tags_});
}

std::uint64_t Patrons::calls() const {
  std::uint64_t sum = 0;
  for (const Patron& patron : patrons_) sum += patron.client.calls();
  return sum;
}

void Patrons::act(const Operation& operation, NodeId at) {
  // Another cluster: what the former one had promised is not judged.
  if (cluster_ != world_.cluster()) {
    cluster_ = world_.cluster();
    begin_anew();
  }
  look();
  if (!world_.up(at)) return;
  Prng prng(operation.amount);
  if (!bounded_ || prng.chance(3)) set_bounds(prng, at);
  if (prng.chance(15)) {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(world_.now() - Time{});
    world_.send(
        at, session::encode(
                {.tag = ++tags_, .body = session::Tick{static_cast<std::uint64_t>(now.count())}}));
  }
  go_on(patrons_[prng.below(patrons_.size())], prng, at);
}

// Small ones in some seeds, so that sessions and answers make room for each other.
void Patrons::set_bounds(Prng& prng, NodeId at) {
  bounded_ = true;
  const Climate& climate = world_.plan().climate;
  if (climate.most_sessions == 0) return;
  const auto life = std::chrono::duration_cast<std::chrono::milliseconds>(climate.session_life);
  const session::Bounds bounds{.most_sessions = climate.most_sessions,
                               .most_calls = 2 + prng.below(4),
                               .most_answer_bytes = 16 + prng.below(32),
                               .most_bytes = climate.answer_bytes,
                               .lifetime_ms = static_cast<std::uint64_t>(life.count()),
                               .most_step_ms = static_cast<std::uint64_t>(life.count()) / 4 + 1};
  world_.send(at, session::encode({.tag = ++tags_, .body = session::SetBounds{bounds}}));
}

void Patrons::go_on(Patron& patron, Prng& prng, NodeId at) {
  session::Client& client = patron.client;
  const auto about_session = [&](std::string envelope) {
    patron.tries.push_back({world_.send(at, std::move(envelope)), {}, world_.now()});
  };
  if (client.over() && client.calls() == 0) {
    ++world_.counters().sessions_over;
    renew(patron);
  }
  if (!client.session()) return about_session(client.open());
  for (const Serial serial : client.waiting()) attempt(patron, serial, at);
  if (prng.chance(6)) about_session(client.keep_alive());
  if (prng.chance(2)) return about_session(client.close());
  std::string text =
      std::string(Deeds::call_begins) + std::to_string(++named_) + std::string(prng.below(40), '.');
  const std::optional<Serial> serial = client.call(text);
  if (!serial) return;
  patron.texts[*serial] = std::move(text);
  attempt(patron, *serial, at);
  // Somebody whose answers are late does not know that the first try is well on its way.
  if (prng.chance(10)) attempt(patron, *serial, NodeId{1 + prng.below(world_.sites())});
}

void Patrons::attempt(Patron& patron, Serial serial, NodeId at) {
  if (!world_.up(at)) return;
  patron.tries.push_back({world_.send(at, patron.client.attempt(serial)), serial, world_.now()});
  if (!patron.tried.insert(serial).second) ++world_.counters().calls_again;
}

// ---- what became of them

void Patrons::look() {
  for (Patron& patron : patrons_) look(patron);
}

std::optional<session::Word> Patrons::word_of(const Try& one) const {
  const Request& request = world_.request(one.ticket);
  if (request.open()) {
    if (world_.now() - one.since < patience_) return std::nullopt;
    return session::Unknown{};
  }
  if (world_.site(request.node)->given_up) return session::Unknown{};
  if (request.state == Request::State::refused) return session::NeverDone{};
  if (request.state != Request::State::decided) return session::Unknown{};
  if (request.outcome == raft::Outcome::overruled) return session::NeverDone{};
  if (!request.committed() || !request.answer) return session::Unknown{};
  return session::Answered{*request.answer};
}

void Patrons::look(Patron& patron) {
  std::vector<Try> open;
  for (const Try& one : std::exchange(patron.tries, {})) {
    const std::optional<session::Word> word = word_of(one);
    if (!word) {
      open.push_back(one);
    } else if (one.serial) {
      judge(patron, one.serial, patron.client.heard(one.serial, *word));
    } else if (const auto* answered = std::get_if<session::Answered>(&*word)) {
      patron.client.heard(answered->reply);
    }
  }
  patron.tries = std::move(open);
}

void Patrons::judge(Patron& patron, Serial serial, const session::Verdict& verdict) {
  using Told = session::Verdict::What;
  if (verdict.what == Told::open || verdict.what == Told::settled) return;
  const std::string text = patron.texts.extract(serial).mapped();
  Counters& counters = world_.counters();
  std::string wrong;
  if (verdict.what == Told::done) {
    ++counters.calls_done;
    wrong = world_.deeds().called_done(text);
  } else if (verdict.what == Told::refused) {
    ++counters.calls_refused;
    wrong = world_.deeds().called_void(text);
  } else {
    ++counters.calls_maybe;
  }
  if (wrong.empty() && verdict.answer &&
      *verdict.answer != Notebook::answer_to(text, world_.deeds().find(text)))
    wrong = "the answer to '" + text + "' is '" + *verdict.answer + "', and was another";
  if (!wrong.empty()) world_.violated({"I15", wrong});
}

bool Patrons::settle(Duration at_most) {
  if (cluster_ != world_.cluster()) return true;
  const Time last = world_.now() + at_most;
  while (!world_.violation() && world_.now() < last) {
    look();
    if (calls() == 0) return true;
    const NodeId at = world_.leader();
    for (Patron& patron : patrons_) {
      if (!at) break;
      for (const Serial serial : patron.client.waiting()) attempt(patron, serial, at);
    }
    world_.run(20ms);
  }
  return calls() == 0;
}

}  // namespace bowline::sim
