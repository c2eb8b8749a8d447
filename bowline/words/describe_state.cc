// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "bowline/words/describe.h"
#include "bowline/words/describe_words.h"

// The texts for people: what hinders, and the whole state for a post-mortem.
namespace bowline::raft {
namespace {

std::string milliseconds(Duration duration) {
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(duration);
  return std::to_string(whole.count()) + "ms";
}

// Whose time comes by itself; the others wait for something else.
bool waits_for_its_time(Hindrance why) { return why >= Hindrance::leader_alive; }

std::string text(const Waiting& member, bool leading) {
  std::string out = "\n  " + number(member.id) + (member.voter ? "" : " (no voter)");
  if (leading) {
    out += ": match=" + number(member.match) + " " + std::string(word(member.mode)) + ", silent " +
           milliseconds(member.silent);
  }
  return out + (member.missing ? (leading ? ", missing" : ": missing") : "");
}

std::string text(const std::vector<Waiting>& members, bool leading) {
  std::string out;
  for (const Waiting& member : members) out += text(member, leading);
  return out;
}

std::string text(const Progress& peer) {
  std::string out = "\n  " + number(peer.id()) + ": " + std::string(word(peer.mode())) +
                    " match=" + number(peer.match()) + " next=" + number(peer.next()) +
                    " told=" + number(peer.told_commit()) + round(peer.round());
  if (!peer.idle())
    out += " in flight " + std::to_string(peer.in_flight_messages()) + "/" +
           std::to_string(peer.in_flight_bytes());
  return out + (peer.full() ? " full" : "");
}

std::string text(const Drops& drops) {
  std::string out;
  const auto count = [&out](const char* why, std::uint64_t n) {
    if (n > 0) out += std::string(" ") + why + "=" + std::to_string(n);
  };
  count("version", drops.version);
  count("cluster", drops.cluster);
  count("identity", drops.identity);
  count("stranger", drops.stranger);
  count("malformed", drops.malformed);
  return out.empty() ? "" : " dropped" + out;
}

}  // namespace

std::string text(const WhyNotLeading& answer) {
  if (answer.why == Hindrance::none) return "it leads";
  std::string out = "does not lead: " + std::string(word(answer.why));
  if (answer.leader) out += ", leader " + number(answer.leader);
  if (answer.due > Duration::zero() && waits_for_its_time(answer.why))
    out += ", due in " + milliseconds(answer.due);
  return out + text(answer.members, false);
}

std::string text(const WhyNotCommitted& answer) {
  if (answer.why == Stall::none) return "committed";
  std::string out = "not committed: " + std::string(word(answer.why));
  if (answer.leader) out += ", leader " + number(answer.leader);
  if (answer.own_disk_behind) out += ", own disk behind";
  return out + text(answer.members, true);
}

std::string text(const Core& core) {
  const Outline& log = core.outline();
  std::string out =
      number(core.self()) + " " + std::string(word(core.role())) + " t" + number(core.term());
  if (core.leader()) out += " leader=" + number(core.leader());
  out += " log=(" + text(log.base()) + ".." + text(log.last()) +
         "] durable=" + number(log.durable()) + " commit=" + number(core.commit());
  const Config& config = core.memberships().latest();
  out += " members @" + number(config.at) + " " + text(*config.membership);
  for (const Stretch& stretch : core.damage().stretches())
    out += " damaged " + number(stretch.first) + ".." + number(stretch.last);
  out += text(core.drops()) + (core.stopped() ? " stopped" : "") + (core.asleep() ? " asleep" : "");
  for (const Progress& peer : core.peers()) out += text(peer);
  return out;
}

}  // namespace bowline::raft
