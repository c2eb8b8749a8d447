// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/errands.h"

#include <string_view>
#include <utility>
#include <vector>

namespace bowline::host {
namespace {

// A frame that has so many bytes leaves at once: nobody takes frames of any size.
constexpr std::size_t large_frame_bytes = 1 << 20;
// What is larger would break off the connection (LinkOptions::most_frame_bytes), with the letters
// of all groups that are on it.
constexpr std::size_t most_bytes = 48 << 20;
constexpr std::size_t small_bytes = 4096;

}  // namespace

Errands::Errands(env::Loop& loop, Options options, Network network)
    : loop_(loop), options_(options), network_(std::move(network)) {}

void Errands::serve(GroupId group, Serves serves) {
  if (!serves) {
    serving_.erase(group);
    return;
  }
  serving_[group] = std::move(serves);
}

std::uint64_t Errands::ask(NodeId to, GroupId group, std::string_view what, Told told) {
  const bool room = waiting_.size() < options_.most_waiting && what.size() <= most_bytes &&
                    waiting_bytes(to) <= options_.most_queued_bytes;
  if (!room || !network_.reaches(to)) {
    loop_.soon(life_.guard(
        [told = std::move(told)]() mutable { told(std::unexpected(Lost{.may_be_done = false})); }));
    return 0;
  }
  const std::uint64_t number = ++last_;
  waiting_.emplace(number, Waiting{to, std::move(told)});
  wire::put_errand(frame_to(errands_, to, wire::FrameKind::errands), number, group, what);
  send_if_large(errands_, to);
  return number;
}

void Errands::forget(std::uint64_t number) { waiting_.erase(number); }

void Errands::received(NodeId from, const wire::Frame& frame) {
  if (frame.kind == wire::FrameKind::errands) {
    const auto all = wire::errands_in(frame);
    if (!all) return;
    for (const wire::Errand& one : *all) take(from, one);
    return;
  }
  const auto all = wire::errand_answers_in(frame);
  if (!all) return;
  for (const wire::ErrandAnswer& one : *all) take(from, one);
}

void Errands::take(NodeId from, const wire::Errand& errand) {
  const auto found = serving_.find(errand.group);
  // Who takes no answers gets nothing more done.
  const bool room = waiting_bytes(from) <= options_.most_queued_bytes;
  if (found == serving_.end() || !room) return answer(from, errand.number, false, {});
  found->second(from, errand.what,
                life_.guard([this, from, life = lives_[from],
                             number = errand.number](const std::string& what) {
                  if (life == lives_[from]) answer(from, number, true, what);
                }));
}

// Nobody may wait for it any more; and only who was asked is believed.
void Errands::take(NodeId from, const wire::ErrandAnswer& answer) {
  const auto found = waiting_.find(answer.number);
  if (found == waiting_.end() || found->second.to != from) return;
  Told told = std::move(found->second.told);
  waiting_.erase(found);
  if (!answer.served) return told(std::unexpected(Lost{.may_be_done = false}));
  told(answer.what);
}

// Of an answer that is too large, or one too many of those that are not small, nothing is left: it
// was served, and whoever asked has to know what to make of that.
void Errands::answer(NodeId to, std::uint64_t number, bool served, std::string_view what) {
  const bool room =
      what.size() <= small_bytes || waiting_bytes(to) <= 2 * options_.most_queued_bytes;
  if (what.size() > most_bytes || !room) what = {};
  wire::put_errand_answer(frame_to(answers_, to, wire::FrameKind::errand_answers), number, served,
                          what);
  send_if_large(answers_, to);
}

std::string& Errands::frame_to(Frames& frames, NodeId to, wire::FrameKind kind) {
  if (!std::exchange(flush_is_due_, true)) loop_.soon(life_.guard([this] { flush(); }));
  const auto [at, is_new] = frames.try_emplace(to);
  if (is_new) at->second = wire::begin_frame(kind);
  return at->second;
}

void Errands::send_if_large(Frames& frames, NodeId to) {
  if (frames.at(to).size() < large_frame_bytes) return;
  ship(to, std::move(frames.extract(to).mapped()));
}

// The letters of all groups take the same connection, heartbeats among them: they must not stand
// behind all that was ever asked.
void Errands::ship(NodeId to, std::string frame) {
  wire::end_frame(frame);
  const auto lane = lanes_.find(to);
  if (lane == lanes_.end() && network_.queued(to) < options_.most_sent_bytes)
    return network_.send(to, std::move(frame));
  Lane& waits = lanes_[to];
  waits.bytes += frame.size();
  waits.frames.push_back(std::move(frame));
}

void Errands::drained(NodeId to) {
  const auto lane = lanes_.find(to);
  if (lane == lanes_.end()) return;
  Lane& waits = lane->second;
  while (!waits.frames.empty() && network_.queued(to) < options_.most_sent_bytes) {
    waits.bytes -= waits.frames.front().size();
    network_.send(to, std::move(waits.frames.front()));
    waits.frames.pop_front();
  }
  if (waits.frames.empty()) lanes_.erase(lane);
}

std::uint64_t Errands::waiting_bytes(NodeId to) {
  const auto lane = lanes_.find(to);
  return network_.queued(to) + (lane == lanes_.end() ? 0 : lane->second.bytes);
}

void Errands::flush() {
  flush_is_due_ = false;
  for (Frames* frames : {&errands_, &answers_}) {
    for (auto& [to, frame] : std::exchange(*frames, {})) ship(to, std::move(frame));
  }
}

// What waits in a frame of this turn is given up with the rest: nobody tells the two apart. And
// what the other process asked is not answered to the one that comes in its place, which counts
// from the beginning.
void Errands::broke(NodeId peer) {
  ++lives_[peer];
  errands_.erase(peer);
  answers_.erase(peer);
  lanes_.erase(peer);
  std::vector<Told> lost;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    if (at->second.to != peer) {
      ++at;
      continue;
    }
    lost.push_back(std::move(at->second.told));
    at = waiting_.erase(at);
  }
  for (Told& told : lost) told(std::unexpected(Lost{.may_be_done = true}));
}

}  // namespace bowline::host
