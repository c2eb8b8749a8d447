// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/client.h"

#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"

namespace bowline::session {

std::string Client::envelope(Body body) { return encode({.tag = tag_++, .body = body}); }

std::string Client::open() { return envelope(Open{}); }

std::string Client::keep_alive() {
  ensure(static_cast<bool>(session_));
  return envelope(KeepAlive{session_, from()});
}

std::string Client::close() {
  ensure(static_cast<bool>(session_));
  over_ = true;
  return envelope(Close{session_});
}

void Client::heard(std::string_view reply) {
  const std::optional<Reply> read = decode_reply(reply);
  if (!read) return;
  if (const auto* opened = std::get_if<Opened>(&*read); opened != nullptr && !session_)
    session_ = opened->session;
  if (session_ && std::holds_alternative<Expired>(*read)) over_ = true;
}

std::optional<Serial> Client::call(std::string command) {
  if (!session_ || over_ || calls_.size() >= options_.most_calls) return std::nullopt;
  // What is answered out of order keeps a place in the machine until all before it is.
  if (next_ - from() >= options_.most_calls) return std::nullopt;
  const Serial serial = next_;
  next_ = next_.next();
  calls_[serial].command = std::move(command);
  return serial;
}

std::string Client::attempt(Serial serial) {
  Pending& pending = calls_.at(serial);
  ++pending.tries;
  ++pending.under_way;
  if (planted(Bug::p41_sent_again_without_session) && pending.tries > 1)
    return envelope(Plain{pending.command});
  return envelope(Call{session_, serial, from(), pending.command});
}

Verdict Client::heard(Serial serial, const Word& word) {
  const auto at = calls_.find(serial);
  if (at == calls_.end()) return {.what = Verdict::What::settled, .answer = {}, .why = {}};
  Pending& pending = at->second;
  ensure(pending.under_way > 0);
  --pending.under_way;
  if (std::holds_alternative<NeverDone>(word)) return {};
  const auto* answered = std::get_if<Answered>(&word);
  const std::optional<Reply> reply =
      answered == nullptr ? std::nullopt : decode_reply(answered->reply);
  if (!reply) {  // an answer that was lost, or that makes no sense, is none
    pending.doubtful = true;
    return {};
  }
  Verdict verdict = judge(pending, *reply);
  if (verdict.what != Verdict::What::open) calls_.erase(at);
  return verdict;
}

Verdict Client::judge(Pending& pending, const Reply& reply) {
  if (const auto* done = std::get_if<Done>(&reply))
    return {.what = Verdict::What::done, .answer = std::string(done->answer), .why = {}};
  if (std::holds_alternative<Forgotten>(reply))
    return {.what = Verdict::What::done, .answer = {}, .why = {}};
  if (std::holds_alternative<Beyond>(reply)) return {};
  if (std::holds_alternative<Expired>(reply)) {
    over_ = true;
    return not_by_this(pending, "the session has ended: open another one");
  }
  if (std::holds_alternative<Malformed>(reply))
    return not_by_this(pending, "the machine did not understand the envelope: its version differs");
  return {.what = Verdict::What::maybe,
          .answer = {},
          .why = "somebody else numbers calls in this session: use one session for each client"};
}

// This try did nothing. What of the others?
Verdict Client::not_by_this(const Pending& pending, std::string why) {
  const bool doubtful = pending.doubtful || pending.under_way > 0;
  return {.what = doubtful ? Verdict::What::maybe : Verdict::What::refused,
          .answer = {},
          .why = std::move(why)};
}

Verdict Client::give_up(Serial serial) {
  const auto at = calls_.find(serial);
  if (at == calls_.end()) return {.what = Verdict::What::settled, .answer = {}, .why = {}};
  Verdict verdict = not_by_this(at->second, "it was given up");
  calls_.erase(at);
  return verdict;
}

std::vector<Serial> Client::waiting() const {
  std::vector<Serial> waiting;
  for (const auto& [serial, pending] : calls_)
    if (pending.under_way == 0) waiting.push_back(serial);
  return waiting;
}

}  // namespace bowline::session
