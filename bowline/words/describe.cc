// SPDX-License-Identifier: Apache-2.0
#include "bowline/words/describe.h"

#include <string_view>

#include "bowline/words/describe_words.h"

namespace bowline::raft {
namespace {

using bowline::raft::text;  // beside those below, not hidden by them

std::string text(const Batch& batch) {
  if (batch.empty()) return "";
  std::string kinds;
  for (const Entry& entry : batch)
    if (entry.kind == Kind::membership) kinds += " members@" + number(entry.id.index);
  const std::string ids = text(batch.front().id);
  if (batch.size() == 1) return " [" + ids + kinds + "]";
  return " [" + ids + ".." + text(batch.back().id) + kinds + "]";
}

std::string text(const std::vector<LogId>& ids) {
  std::string out;
  for (const LogId id : ids) out += " " + text(id);
  return out;
}

std::string text(const Base& base) {
  const std::string members = base.membership ? " " + text(*base.membership) : "";
  return text(base.id) + members + "@" + number(base.membership_index);
}

std::string text(const HardState& hard) {
  std::string out = " term=" + number(hard.term);
  if (hard.voted_for) out += " vote=" + number(hard.voted_for);
  if (hard.blank) out += " blank";
  return out;
}

std::string text(const Persist& persist) {
  std::string out = "persist #" + number(persist.seq);
  if (persist.hard_state) out += text(*persist.hard_state);
  if (persist.base) out += " base=" + text(*persist.base);
  if (persist.discard) out += " discard";
  if (persist.cut_after) out += " cut>" + number(*persist.cut_after);
  if (!persist.repaired.empty()) out += " repaired" + text(persist.repaired);
  return out + text(persist.entries);
}

std::string text(const Config& config) {
  return "@" + number(config.at) + " " + text(*config.membership);
}

// ---- what messages say

std::string word(const VoteRequest& body) {
  const std::string_view what = body.pre ? "pre-vote? last=" : "vote? last=";
  return std::string(what) + text(body.last) + (body.transfer ? " by transfer" : "");
}
std::string word(const VoteReply& body) {
  const std::string what = body.pre ? "pre-vote " : "vote ";
  if (body.granted) return what + "yes";
  return what + "no (" + std::string(word(body.denial)) + ")";
}
std::string word(const AppendRequest& body) {
  return "append prev=" + text(body.prev) + " commit=" + number(body.commit) + text(body.entries) +
         (body.news ? " news" : "") + (body.rest ? " rest" : "") + round(body.round);
}
std::string word(const AppendReply& body) {
  std::string answer = body.matched ? "match=" + number(body.match)
                       : body.refused
                           ? "refused=" + number(body.refused) + " hint=" + text(body.hint)
                           : "append no (old term)";
  if (body.lost) answer += " lost";
  return answer + (body.full ? " full" : "") + (body.installing ? " installing" : "") +
         (body.resting ? " resting" : "") + round(body.round);
}
std::string word(const SnapshotOffer& body) {
  return "offer " + text(body.base) + " commit=" + number(body.commit) + round(body.round);
}
std::string word(const TimeoutNow&) { return "timeout now"; }
// The numbers begin at random; their ends tell them apart well enough.
std::string read_id(Round id) { return " id=" + std::to_string(id.value % 1000); }

std::string word(const ReadRequest& body) { return "read?" + read_id(body.id); }
std::string word(const ReadReply& body) {
  const std::string answer = body.granted ? "read at " + number(body.index) : "read no";
  return answer + read_id(body.id);
}
std::string word(const EntriesRequest& body) { return "entries?" + text(body.wanted); }
std::string word(const EntriesReply& body) {
  return "entries" + (body.entries.empty() ? " none" : text(body.entries));
}

// ---- inputs

std::string word(const Woken&) { return "woken"; }
std::string word(const Received& in) { return number(in.from) + ": " + text(in.message); }
std::string word(const Persisted& in) { return "persisted #" + number(in.seq); }
std::string word(const Propose& in) {
  std::string out = "propose " + ticket(in.ticket);
  if (in.commands.size() != 1) out += " x" + std::to_string(in.commands.size());
  if (in.expected) out += " in t" + number(in.expected);
  return out;
}
std::string word(const Barrier& in) { return "barrier " + ticket(in.ticket); }
std::string word(const Reconfigure& in) {
  std::string out = "reconfigure " + ticket(in.ticket) + " to {";
  for (const char* gap = ""; const Wanted& wanted : in.wanted) {
    out += gap + number(wanted.id);
    if (wanted.standing == Standing::learner) out += ":learner";
    gap = " ";
  }
  return out + "}" + (in.expected ? " if @" + number(*in.expected) : "");
}
std::string word(const CancelChange& in) { return "cancel change " + ticket(in.ticket); }
std::string word(const Read& in) {
  const std::string kind = in.kind == ReadKind::lease    ? "read by lease "
                           : in.kind == ReadKind::verify ? "verify "
                                                         : "read ";
  return kind + ticket(in.ticket);
}
std::string word(const Transfer& in) {
  return "transfer " + ticket(in.ticket) + " to " + (in.to ? number(in.to) : "the best");
}
std::string word(const Recover& in) {
  return "recover " + ticket(in.ticket) + " as cluster " + number(in.cluster);
}
std::string word(const Campaign&) { return "campaign"; }
std::string word(const ForgetLeader&) { return "forget leader"; }
std::string word(const Suspect& in) { return "suspect " + number(in.peer); }
std::string word(const Contact& in) { return "contact with " + number(in.peer); }
std::string word(const Unreachable& in) { return "unreachable " + number(in.peer); }
std::string word(const Tune&) { return "tune"; }
std::string word(const Fullness& in) { return in.full ? "full" : "room again"; }
std::string word(const Stalled& in) { return in.stalled ? "disk stalls" : "disk answers again"; }
std::string word(const Compacted& in) { return "compacted through " + number(in.through); }
std::string word(const Restored& in) { return "restored " + text(in.base); }
std::string word(const RestoreFailed&) { return "restore failed"; }
std::string word(const SnapshotEnded& in) { return "snapshot to " + number(in.to) + " ended"; }
std::string word(const Unreadable& in) {
  return "unreadable " + number(in.first) + ".." + number(in.last);
}

// ---- effects

std::string word(const Persist& effect) { return text(effect); }
std::string word(const Send& effect) {
  return "send " + number(effect.to) + ": " + text(effect.message);
}
std::string word(const SendSpan& effect) {
  const std::string out = "span " + number(effect.to) + ": t" + number(effect.head.term) + " ";
  const auto* body = std::get_if<AppendRequest>(&effect.head.body);
  if (body == nullptr) return out + "without a head";
  return out + "(" + text(body->prev) + ".." + number(effect.last) +
         "] commit=" + number(body->commit) + round(body->round);
}
std::string word(const SendEntries& effect) {
  return "entries to " + number(effect.to) + ":" + text(effect.wanted);
}
std::string word(const Restore& effect) {
  return "restore from " + number(effect.from) + ": " + text(effect.base);
}
std::string word(const Commit& effect) { return "commit " + number(effect.through); }
std::string word(const Admitted& effect) {
  return "admit " + ticket(effect.ticket) + " as " + text(effect.first);
}
std::string word(const Refused& effect) {
  const std::string out = "refuse " + ticket(effect.ticket) + ": " + std::string(word(effect.why));
  const bool elsewhere =
      effect.why == Refusal::not_leader || effect.why == Refusal::lost_leadership;
  return effect.leader && elsewhere ? out + ", ask " + number(effect.leader) : out;
}
std::string word(const Decided& effect) {
  return "decide " + ticket(effect.ticket) + ": " + std::string(word(effect.outcome));
}
std::string word(const ReadReady& effect) {
  return "ready " + ticket(effect.ticket) + " at " + number(effect.index);
}
std::string word(const RoleChanged& effect) {
  if (effect.role == Role::leader) return "lead t" + number(effect.term);
  const std::string in_term = " in t" + number(effect.term);
  if (effect.role == Role::candidate) return "campaign" + in_term;
  return effect.leader ? "follow " + number(effect.leader) + in_term : "follow nobody" + in_term;
}
std::string word(const MembershipChanged& effect) {
  return (effect.committed ? "members committed " : "members ") + text(effect.config);
}
std::string word(const StandingBy& effect) { return "stand by: " + std::string(word(effect.why)); }
std::string word(const Removed& effect) { return "removed at " + number(effect.at); }
std::string word(const Impossible& effect) {
  return "impossible: " + std::string(word(effect.what)) + " from " + number(effect.from) +
         " in t" + number(effect.term) + ": " + effect.evidence;
}

std::string list_of(const Member& member) {
  std::string out = number(member.id) + (member.incarnation ? "" : "?");  // not bound yet
  const auto standing = [](Standing s) {
    return s == Standing::voter ? "voter" : s == Standing::learner ? "learner" : "out";
  };
  if (member.now == Standing::learner) out += ":learner";
  if (member.goal != member.now) out += std::string("->") + standing(member.goal);
  if (member.staged) out += "+";
  if (member.priority != default_priority) out += "^" + std::to_string(member.priority);
  return out;
}

}  // namespace

std::string text(LogId id) { return "t" + number(id.term) + "/" + number(id.index); }

std::string text(const Membership& membership) {
  std::string out = "{";
  for (const Member& member : membership.members) {
    if (member.now == Standing::none) continue;
    if (out.size() > 1) out += ' ';
    out += list_of(member);
  }
  if (membership.joint()) out += " | leaving:";
  for (const Member& member : membership.members)
    if (member.outgoing) out += " " + number(member.id);
  return out + "}";
}

std::string text(const Message& message) {
  const std::string body = std::visit([](const auto& one) { return word(one); }, message.body);
  return "t" + number(message.term) + " " + body;
}

std::string text(const Input& input) {
  return std::visit([](const auto& one) { return word(one); }, input);
}

std::string text(const Effect& effect) {
  return std::visit([](const auto& one) { return word(one); }, effect);
}

}  // namespace bowline::raft
