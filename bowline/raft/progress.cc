// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/progress.h"

#include <algorithm>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"

namespace bowline::raft {

bool Progress::may_send(Window window) const {
  switch (mode_) {
    case Mode::probing: return !probe_out_;
    case Mode::streaming:
      return !full_ && in_flight_.size() < window.messages && in_flight_bytes() < window.bytes;
    case Mode::snapshot: return false;
  }
  return false;
}

std::uint64_t Progress::in_flight_bytes() const {
  std::uint64_t bytes = 0;
  for (const Flight& flight : in_flight_) bytes += flight.bytes;
  return bytes;
}

void Progress::sent(Index through, std::uint64_t bytes) {
  ensure(mode_ != Mode::snapshot);
  ensure(through.next() >= next_);
  if (mode_ == Mode::probing) {
    probed();
    in_flight_.push_back({through, bytes});
  } else {
    in_flight_.push_back({through, bytes});
    next_ = through.next();
  }
}

void Progress::probed() {
  probe_out_ = true;
  if (mode_ == Mode::probing) forget_flights();
}

void Progress::matched(Index through, Round asked) {
  const bool is_late = asked < stream_;  // it answers something from before this stream
  if (forgot_ && is_late) return;
  const bool is_news = through > match_;
  match_ = planted(Bug::p12_match_without_max) ? through : std::max(match_, through);
  // Entries that came along with a question are on their way like any others if the answer is yes.
  if (mode_ == Mode::probing && !in_flight_.empty() && match_ >= next_.prev())
    next_ = std::max(next_, in_flight_.back().last.next());
  next_ = std::max(next_, match_.next());
  land();
  // An answer that was on its way when the snapshot began tells nothing about the snapshot.
  if (mode_ == Mode::snapshot && match_ < behind_->snapshot_through) return;
  // Nor does a late one that brings nothing new tell whether the link works again. Each would let a
  // whole window go, of which a part is lost, and the news of each loss would let the next one: a
  // storm.
  const bool tells_nothing = is_late && !is_news && !planted(Bug::p89_late_answers_open_the_stream);
  if (mode_ == Mode::probing && tells_nothing) return;
  mode_ = Mode::streaming;
  probe_out_ = false;
  if (!catching_up()) behind_.reset();
  ensure(match_ < next_);
}

bool Progress::rejected(Index refused, Index retry_after, Round asked) {
  if (mode_ == Mode::snapshot) return false;
  // A late answer to an earlier question. Believing it would resend what is already on its way, and
  // every resend could be answered late again: a storm.
  if (asked < stream_ || refused <= match_ || refused >= next_) return false;
  if (mode_ == Mode::probing && refused != next_.prev()) return false;
  const bool streamed = mode_ == Mode::streaming;
  probe_from(std::max(match_.next(), std::min(refused, retry_after.next())));
  return streamed;
}

bool Progress::forgotten(Index keep, Round asked) {
  if (mode_ == Mode::snapshot || asked < stream_ || keep >= next_) return false;
  match_ = std::min(match_, keep);
  forgot_ = true;
  probe_from(keep.next());
  return true;
}

bool Progress::lost() {
  if (mode_ == Mode::snapshot) return false;
  const bool streamed = mode_ == Mode::streaming;
  probe_from(streamed ? match_.next() : next_);
  return streamed;
}

void Progress::probe_from(Index next) {
  mode_ = Mode::probing;
  probe_out_ = false;
  next_ = next;
  forget_flights();
  ensure(match_ < next_);
}

void Progress::land() {
  const auto landed = [this](const Flight& flight) { return flight.last <= match_; };
  if (!planted(Bug::p49_window_leaks)) {
    erase_if(in_flight_, landed);
  } else if (!in_flight_.empty() && landed(in_flight_.front())) {
    in_flight_.erase(in_flight_.begin());  // as if each message had an answer of its own
  }
}

void Progress::forget_flights() {
  if (!planted(Bug::p49_window_leaks)) in_flight_.clear();
}

void Progress::snapshot_begun(Index through) {
  mode_ = Mode::snapshot;
  behind().snapshot_through = through;
  probe_out_ = false;
  forget_flights();
}

void Progress::snapshot_ended() {
  if (mode_ != Mode::snapshot) return;
  mode_ = Mode::probing;
  // Ask as if it went well: if not, the refusal says where the peer really is.
  next_ = std::max(match_, behind_->snapshot_through).next();
}

Progress::Behind& Progress::behind() {
  if (!behind_) behind_ = Boxed(Behind{});
  return *behind_;
}

void Progress::answered(Round round, Time at) {
  round_ = std::max(round_, round);
  heard_ = std::max(heard_, at);
  gone_ = false;
}

void Progress::begin_catching_up(Index target, Time now) {
  behind().round_target = target;
  behind().round_began = now;
  caught_up_ = false;
}

void Progress::note_catching_up(Index last, Time now, Duration election) {
  if (!catching_up() || match_ < behind_->round_target) return;
  if (now - behind_->round_began < election) {
    caught_up_ = true;
  } else {
    begin_catching_up(last, now);
  }
}

}  // namespace bowline::raft
