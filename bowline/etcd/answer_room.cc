// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/answer_room.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "bowline/etcd/unary.h"

namespace bowline::etcd {
namespace {

constexpr std::uint64_t small_bytes = 16 << 10;

// Of what watchers are told. Above, one writer and many who watch would fill the memory before
// anybody looks.
constexpr std::uint64_t most_told_in_turn = 64 << 20;
constexpr std::uint64_t most_beside = 64 << 20;
constexpr Duration pause = std::chrono::milliseconds(2);

std::uint64_t rest_of(std::uint64_t most, std::uint64_t taken) {
  return most - std::min(most, taken);
}

}  // namespace

AnswerRoom::AnswerRoom(env::Loop& loop, const env::Clock& clock, std::uint64_t most_bytes)
    : loop_(loop),
      clock_(clock),
      most_bytes_(most_bytes),
      timer_(loop.timer([this] { try_again(); })) {}

AnswerRoom::~AnswerRoom() { loop_.drop(timer_); }

kv::Weight AnswerRoom::begin(const rpc::Call& call) const {
  const std::uint64_t together = 2 * most_bytes_;
  const std::uint64_t room =
      std::min(rest_of(together, in_turn_), rest_of(together, call.queued_beside()));
  return {.most = std::min(most_bytes_, std::max(room, small_bytes)), .sum = 0};
}

rpc::Status AnswerRoom::refusal(const kv::Weight& weight) const {
  if (weight.most < most_bytes_) return status_of(Wrong::too_many_requests);
  return too_large_to_send(weight.sum, most_bytes_);
}

void AnswerRoom::took(const kv::Weight& weight) { count(in_turn_, weight.sum); }

void AnswerRoom::count(std::uint64_t& what, std::uint64_t bytes) {
  if (bytes == 0) return;
  if (in_turn_ == 0 && told_in_turn_ == 0)
    loop_.soon(life_.guard([this] { in_turn_ = told_in_turn_ = 0; }));
  what += bytes;
}

bool AnswerRoom::admits(rpc::Call& call, std::uint64_t bytes) {
  kv::Weight weight = begin(call);
  weight.sum = bytes;
  if (!weight.is_too_much()) {
    took(weight);
    return true;
  }
  call.finish(refusal(weight));
  return false;
}

// ---- watchers

bool AnswerRoom::has_room_to_tell(const rpc::Call& call) const {
  return told_in_turn_ < most_told_in_turn && call.queued_beside() < most_beside;
}

void AnswerRoom::told(std::uint64_t bytes) { count(told_in_turn_, bytes); }

void AnswerRoom::later(env::Done<> again) {
  if (waiting_.empty()) loop_.set(timer_, clock_.now() + pause);
  waiting_.push_back(std::move(again));
}

void AnswerRoom::try_again() {
  for (env::Done<>& again : std::exchange(waiting_, {})) again();
}

}  // namespace bowline::etcd
