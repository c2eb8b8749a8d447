// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/exhaustive_start.h"

#include <utility>
#include <variant>

#include "bowline/base/ensure.h"

namespace bowline::sim::small {
namespace {

// A script: each thing happens at once, and nothing is heard but what it says.
class Script {
 public:
  explicit Script(const Limits& limits) : limits_(limits) {
    for (std::uint64_t i = 1; i <= nodes; ++i) replicas_.push_back(newborn({i}, limits));
  }

  // `who` is elected by the vote of `helper`, and what it sends as a leader is lost.
  void elect(std::uint64_t who, std::uint64_t helper) {
    std::vector<Letter> post = does(who, Act::Kind::time_out);
    while (!post.empty()) {
      const Letter letter = std::move(post.front());
      post.erase(post.begin());
      const bool asks = std::holds_alternative<raft::VoteRequest>(letter.message.body);
      const bool answers = std::holds_alternative<raft::VoteReply>(letter.message.body);
      if ((!asks || letter.to.value != helper) && !answers) continue;
      for (Letter& next : does(letter.to.value, Act::Kind::hear, &letter))
        post.push_back(std::move(next));
    }
    ensure(at(who).core.leads(at(who).core.term()));
    does(who, Act::Kind::lose_touch);
  }
  // `who` hears the request for votes that was sent to it last.
  void hears_of_campaign(std::uint64_t who) {
    const Letter request = requests_[who - 1];
    does(who, Act::Kind::hear, &request);
  }

  std::vector<Replica> done() && { return std::move(replicas_); }

 private:
  Replica& at(std::uint64_t id) { return replicas_[id - 1]; }

  // All writes are done at once.
  std::vector<Letter> does(std::uint64_t who, Act::Kind kind, const Letter* letter = nullptr) {
    std::vector<Letter> sent = take(who, {kind, 0, 0, 0}, letter);
    while (!at(who).writes.empty())
      for (Letter& one : take(who, {Act::Kind::finish, 1, 0, 0}, nullptr))
        sent.push_back(std::move(one));
    return sent;
  }
  std::vector<Letter> take(std::uint64_t who, const Act& what, const Letter* letter) {
    Taken taken = act(at(who), what, letter, limits_);
    ensure(taken.broken.empty());
    at(who) = std::move(taken.after);
    for (const Letter& one : taken.sent)
      if (const auto* vote = std::get_if<raft::VoteRequest>(&one.message.body))
        if (!vote->pre) requests_[one.to.value - 1] = one;
    return std::move(taken.sent);
  }

  Limits limits_;
  std::vector<Replica> replicas_;
  std::vector<Letter> requests_ = std::vector<Letter>(nodes);  // of votes, the last to each
};

}  // namespace

std::vector<Replica> starting(const Limits& limits) {
  Script script(limits);
  if (limits.start == Start::split) {
    script.elect(1, 2);
    script.hears_of_campaign(3);
    script.elect(3, 2);
    script.hears_of_campaign(1);  // so that all have heard of term 2
  }
  return std::move(script).done();
}

}  // namespace bowline::sim::small
