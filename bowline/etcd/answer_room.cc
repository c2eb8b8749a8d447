// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/answer_room.h"

#include <algorithm>

#include "bowline/etcd/unary.h"

namespace bowline::etcd {
namespace {

constexpr std::uint64_t small_bytes = 16 << 10;

std::uint64_t rest_of(std::uint64_t most, std::uint64_t taken) {
  return most - std::min(most, taken);
}

}  // namespace

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

void AnswerRoom::took(const kv::Weight& weight) {
  if (weight.sum == 0) return;
  if (in_turn_ == 0) loop_.soon(life_.guard([this] { in_turn_ = 0; }));
  in_turn_ += weight.sum;
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

}  // namespace bowline::etcd
