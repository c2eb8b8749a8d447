// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/table.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"

namespace bowline::session {

const Answer* Table::answer(const Session& session, Serial serial) {
  const auto* at = std::ranges::lower_bound(session.answers, serial, {}, &Answer::serial);
  return at == session.answers.end() || at->serial != serial ? nullptr : at;
}

// ---- the order of use

void Table::link(Session& session) {
  session.older = newest_;
  session.newer = nullptr;
  (newest_ == nullptr ? oldest_ : newest_->newer) = &session;
  newest_ = &session;
  if (holding_ == nullptr) holding_ = &session;
}

void Table::unlink(Session& session) {
  if (holding_ == &session) holding_ = session.newer;
  (session.older == nullptr ? oldest_ : session.older->newer) = session.newer;
  (session.newer == nullptr ? newest_ : session.newer->older) = session.older;
}

// ---- lives

Session& Table::add(SessionId id) {
  Session& session = sessions_[id];
  session.id = id;
  session.used_ms = time_ms_;
  link(session);
  return session;
}

void Table::open(SessionId id) {
  close(id);  // a log gives each index once; what a snapshot holds is not up to us
  while (size() >= bounds_.most_sessions) end(victim());
  add(id);
}

Session& Table::victim() {
  if (!planted(Bug::p48_victim_by_unordered_iteration)) return *oldest_;
  SessionId first;
  sessions_.each([&](SessionId id, const Session&) {
    if (!first) first = id;
  });
  return *sessions_.find(first);
}

void Table::close(SessionId id) {
  if (Session* const session = find(id); session != nullptr) end(*session);
}

void Table::end(Session& session) {
  for (const Answer& answer : session.answers) bytes_ -= answer.kept.size();
  unlink(session);
  sessions_.erase(SessionId(session.id));
}

// ---- answers

void Table::use(Session& session, Serial from) {
  unlink(session);
  link(session);
  session.used_ms = time_ms_;
  if (from <= session.from) return;
  session.from = from;
  const auto* const first =
      std::ranges::lower_bound(session.answers, session.from, {}, &Answer::serial);
  for (const Answer* gone = session.answers.begin(); gone != first; ++gone)
    bytes_ -= gone->kept.size();
  session.answers.erase(session.answers.begin(), first);
}

void Table::keep(Session& session, Serial serial, std::string_view answer) {
  ensure(&session == newest_ && serial >= session.from);
  const auto* const place = std::ranges::lower_bound(session.answers, serial, {}, &Answer::serial);
  ensure(place == session.answers.end() || place->serial != serial);
  Answer added{.serial = serial, .kept = {}};
  if (answer.size() <= bounds_.most_answer_bytes) {
    added.kept = Kept(answer);
    bytes_ += answer.size();
  }
  session.answers.insert(place, std::move(added));
  give_up_answers();
}

// First those of whoever was silent for longest: they are the least likely to be asked for. That
// the calls were done stays known.
void Table::give_up_answers() {
  while (bytes_ > bounds_.most_bytes) {
    std::uint64_t freed = 0;
    for (Answer& answer : holding_->answers) {
      if (answer.kept.size() == 0) continue;
      freed += answer.kept.size();
      answer.kept.reset();
    }
    bytes_ -= freed;
    if (freed == 0) holding_ = holding_->newer;
  }
}

// ---- time and bounds

// A clock that is far ahead does not end everything at once.
void Table::tick(std::uint64_t time_ms) {
  if (time_ms <= time_ms_) return;
  time_ms_ += std::min(time_ms - time_ms_, bounds_.most_step_ms);
  end_those_not_used();
}

void Table::end_those_not_used() {
  while (oldest_ != nullptr && time_ms_ - oldest_->used_ms > bounds_.lifetime_ms) end(*oldest_);
}

void Table::set(const Bounds& bounds) {
  bounds_ = bounds;
  while (size() > bounds_.most_sessions) end(*oldest_);
  end_those_not_used();
  give_up_answers();
}

}  // namespace bowline::session
