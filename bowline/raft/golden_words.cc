// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/golden_words.h"

#include <charconv>
#include <chrono>
#include <functional>
#include <map>
#include <sstream>
#include <utility>

#include "bowline/raft/membership_codec.h"

namespace bowline::raft::golden {

Words::Words(std::string_view line) {
  std::istringstream in{std::string(line)};
  for (std::string word; in >> word;) words_.push_back(std::move(word));
}

std::string Words::word() {
  if (done()) throw Nonsense{"the line ends too soon"};
  return words_[next_++];
}

bool Words::take(std::string_view expected) {
  if (done() || words_[next_] != expected) return false;
  ++next_;
  return true;
}

void Words::need(std::string_view expected) {
  if (!take(expected)) throw Nonsense{"'" + std::string(expected) + "' is missing"};
}

std::optional<std::string> Words::value(std::string_view key) {
  if (done()) return std::nullopt;
  const std::string begin = std::string(key) + "=";
  if (!words_[next_].starts_with(begin)) return std::nullopt;
  return words_[next_++].substr(begin.size());
}

std::pair<Index, Index> Words::stretch() {
  const std::string text = word();
  const auto dots = text.find("..");
  if (dots == std::string::npos) throw Nonsense{"say 5..6"};
  return {{number_in(text.substr(0, dots))}, {number_in(text.substr(dots + 2))}};
}

bool Words::at_number() const {
  return !done() && words_[next_].front() >= '0' && words_[next_].front() <= '9';
}

std::uint64_t Words::number() {
  std::string digits = word();
  while (digits.ends_with(':') || digits.ends_with(',')) digits.pop_back();
  return number_in(digits);
}

std::string Words::rest() {
  std::string out;
  while (!done()) out += (out.empty() ? "" : " ") + word();
  return out;
}

Duration Words::duration() {
  const std::string text = word();
  if (text.ends_with("ms"))
    return std::chrono::milliseconds(number_in(text.substr(0, text.size() - 2)));
  if (text.ends_with("s")) return std::chrono::seconds(number_in(text.substr(0, text.size() - 1)));
  throw Nonsense{"'" + text + "' is no duration"};
}

LogId Words::id() { return id_in(word()); }

Wanted Words::wanted() {
  std::string text = word();
  Wanted one;
  if (text.ends_with(":learner")) {
    one.standing = Standing::learner;
    text.resize(text.size() - 8);
  }
  if (const auto hat = text.find('^'); hat != std::string::npos) {
    one.priority = static_cast<std::uint8_t>(number_in(text.substr(hat + 1)));
    text.resize(hat);
  }
  one.id = {number_in(text)};
  return one;
}

std::vector<Wanted> Words::many_wanted() {
  std::vector<Wanted> all;
  while (at_number()) all.push_back(wanted());
  return all;
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    throw Nonsense{"'" + std::string(text) + "' is no number"};
  return value;
}

LogId id_in(std::string_view text) {
  const auto slash = text.find('/');
  if (!text.starts_with('t') || slash == std::string_view::npos)
    throw Nonsense{"'" + std::string(text) + "' is no entry's id"};
  return {{number_in(text.substr(1, slash - 1))}, {number_in(text.substr(slash + 1))}};
}

namespace {

std::uint64_t number_of(Words& words, std::string_view key) {
  const auto value = words.value(key);
  return value ? number_in(*value) : 0;
}
LogId id_of(Words& words, std::string_view key) {
  const auto value = words.value(key);
  return value ? id_in(*value) : LogId{};
}

// The entries that follow, if any, in brackets.
Batch batch_in(Words& words) {
  Batch batch;
  if (words.done()) return batch;
  std::string list = words.rest();
  if (!list.starts_with('[') || !list.ends_with(']')) throw Nonsense{"entries go in brackets"};
  Words ids(list.substr(1, list.size() - 2));
  while (!ids.done()) {
    const LogId id = ids.id();
    batch.push_back({id, Kind::command, Bytes::copy("forged")});
  }
  return batch;
}

Body append(Words& words) {
  AppendRequest body{.entries = {}};
  body.prev = id_of(words, "prev");
  body.commit = {number_of(words, "commit")};
  body.round = {number_of(words, "round")};
  body.entries = batch_in(words);
  return body;
}

Body answer(Words& words) {
  AppendReply body;
  if (const auto match = words.value("match")) {
    body.matched = true;
    body.match = {number_in(*match)};
  }
  body.refused = {number_of(words, "refused")};
  body.hint = id_of(words, "hint");
  body.round = {number_of(words, "round")};
  return body;
}

Body ask_vote(Words& words, bool pre) {
  VoteRequest body{.pre = pre};
  body.last = id_of(words, "last");
  body.campaign = {number_of(words, "campaign")};
  body.transfer = words.take("transfer");
  return body;
}

Body vote(Words& words, bool pre) {
  VoteReply body{.pre = pre};
  body.granted = words.take("yes");
  if (!body.granted) {
    words.need("no");
    body.denial = Denial::voted;
  }
  body.campaign = {number_of(words, "campaign")};
  return body;
}

Body offer(Words& words) {
  SnapshotOffer body;
  body.base.id = words.id();
  auto membership = std::make_shared<Membership>();
  membership->cluster = {1};
  words.need("of");
  for (const Wanted& one : words.many_wanted())
    membership->members.push_back({.id = one.id, .address = {}, .metadata = {}});
  body.base.membership = std::move(membership);
  body.commit = body.base.id.index;
  return body;
}

Body body_in(Words& words) {
  static const std::map<std::string, std::function<Body(Words&)>> kinds{
      {"append", append},
      {"answer", answer},
      {"vote?", [](Words& w) { return ask_vote(w, false); }},
      {"pre-vote?", [](Words& w) { return ask_vote(w, true); }},
      {"vote", [](Words& w) { return vote(w, false); }},
      {"pre-vote", [](Words& w) { return vote(w, true); }},
      {"offer", offer},
      {"timeout-now", [](Words&) { return Body(TimeoutNow{}); }},
  };
  const std::string kind = words.word();
  const auto known = kinds.find(kind);
  if (known == kinds.end()) throw Nonsense{"'" + kind + "' is no kind of message"};
  return known->second(words);
}

}  // namespace

Message message_in(Words& words) {
  Message message;
  message.cluster = {1};
  for (bool more = true; more;) {
    more = false;
    if (const auto value = words.value("version"))
      message.version = static_cast<std::uint8_t>(number_in(*value)), more = true;
    if (const auto value = words.value("cluster"))
      message.cluster = {number_in(*value)}, more = true;
    if (const auto value = words.value("life")) message.from = {number_in(*value)}, more = true;
    if (const auto value = words.value("to")) message.to = {number_in(*value)}, more = true;
  }
  const std::string term = words.word();
  if (!term.starts_with('t')) throw Nonsense{"the term is missing"};
  message.term = {number_in(std::string_view(term).substr(1))};
  message.body = body_in(words);
  return message;
}

}  // namespace bowline::raft::golden
