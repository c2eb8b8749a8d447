// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <string>

#include "bowline/api/status.h"

namespace bowline {
namespace {

using raft::Hindrance;
using raft::Progress;
using raft::Stall;

std::string number(auto ordinal) { return std::to_string(ordinal.value); }
std::string node(NodeId id) { return "node " + number(id); }
std::string ms(Duration d) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) + " ms";
}
std::string entries(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " entry" : " entries");
}

class Explanation {
 public:
  explicit Explanation(const Evidence& evidence) : all_(evidence), status_(evidence.status) {}

  std::string text() {
    if (!status_.here) return "the group is not on " + node(all_.self) + "\n";
    if (!status_.failure.empty()) {
      say(here() + " has stopped: " + status_.failure);
      return text_;
    }
    who_leads();
    what_waits();
    who_lacks_what();
    what_ails_us();
    return text_;
  }

 private:
  void say(const std::string& sentence) { text_ += sentence + "\n"; }
  bool up(NodeId id) const { return std::ranges::find(all_.up, id) != all_.up.end(); }

  std::string here() const { return node(all_.self) + " (group " + number(status_.group) + ")"; }

  void who_leads() {
    if (status_.role == raft::Role::leader)
      return say(here() + " leads in term " + number(status_.term));
    if (status_.leader) {
      std::string heard;
      if (status_.leader_silent) heard = ", heard " + ms(*status_.leader_silent) + " ago";
      return say(here() + " follows " + node(status_.leader) + " in term " + number(status_.term) +
                 heard + (up(status_.leader) ? "" : ", and is not connected to it"));
    }
    say(here() + " knows of no leader in term " + number(status_.term) +
        ", and does not lead: " + reason());
  }

  std::string reason() const {
    switch (all_.leading.why) {
      case Hindrance::none: return "it is about to";
      case Hindrance::stopped: return "it has stopped, because it saw what cannot be; see its log";
      case Hindrance::no_members:
        return "it knows of no members: found the group, or add this node at its leader";
      case Hindrance::not_member:
        return "it is no member any more, or came back without its log: add it at the leader; "
               "if there is none and never will be, recover the group with what this node has";
      case Hindrance::learner: return "it is a learner, and learners do not campaign";
      case Hindrance::priority_zero: return "its priority is 0, which means never";
      case Hindrance::restoring: return "it takes a snapshot in, and campaigns when it has it";
      case Hindrance::terms_used_up:
        return "somebody has used up all terms: found the group anew from a snapshot";
      case Hindrance::disk_stalled: return "its disk takes too long for one write: look at it";
      case Hindrance::damaged:
        return "its log has lost entries, and it asks the others for them first";
      case Hindrance::leader_alive: return "a leader is there";
      case Hindrance::leader_protected:
        return "a leader was heard until just now; it campaigns in " + ms(all_.leading.due);
      case Hindrance::waiting_timeout: return "it campaigns in " + ms(all_.leading.due);
      case Hindrance::own_vote_unsynced: return "its vote for itself is not on its disk yet";
      case Hindrance::lacks_pre_votes:
        return "the others have not said yet that they would vote for it" + missing();
      case Hindrance::lacks_votes: return "it campaigns, and lacks votes" + missing();
    }
    return {};
  }

  std::string missing() const {
    std::string list;
    for (const raft::Waiting& one : all_.leading.members) {
      if (!one.missing) continue;
      list += (list.empty() ? " of " : ", ") + node(one.id);
      if (one.id != all_.self && !up(one.id)) list += " (not connected)";
    }
    return list;
  }

  void what_waits() {
    const std::uint64_t waiting = status_.last.index - status_.commit;
    if (status_.last.index <= status_.commit) return;
    std::string line = entries(waiting) + " after " + number(status_.commit) +
                       (waiting == 1 ? " is" : " are") + " not known to be committed";
    if (all_.oldest.why == Stall::not_leading) line += ": only the leader can tell why";
    if (all_.oldest.why == Stall::old_term)
      line += ": of an older term, which only an entry of this term commits";
    if (all_.oldest.why == Stall::lacks_quorum) {
      line += ": a quorum has not acknowledged";
      const char* gap = "; missing: ";
      for (const raft::Waiting& one : all_.oldest.members) {
        if (!one.missing) continue;
        line += gap + node(one.id);
        if (one.id != all_.self && !up(one.id)) line += " (not connected)";
        gap = ", ";
      }
    }
    say(line);
    if (all_.oldest.own_disk_behind) say("this node's own disk has not got all of them yet");
  }

  void who_lacks_what() {
    for (const PeerStatus& peer : status_.peers) {
      std::string line = node(peer.id) + (peer.voter ? "" : " (no voter)");
      const bool behind = peer.match < status_.last.index;
      line += behind ? " lacks " + entries(status_.last.index - peer.match) + " after " +
                           number(peer.match)
                     : " has all entries";
      if (!peer.up) line += "; it is not connected";
      if (peer.silent) line += "; heard " + ms(*peer.silent) + " ago";
      if (peer.mode == Progress::Mode::snapshot)
        line += "; it needs a snapshot, since our log begins after " + number(status_.base.index);
      if (peer.mode == Progress::Mode::probing) line += "; where its log matches is being asked";
      if (peer.full) line += "; its disk is full";
      if (peer.paused && !peer.full)
        line += "; as much is under way to it as may be (" + std::to_string(peer.in_flight_bytes) +
                " bytes)";
      if (behind || !peer.up || peer.full) say(line);
    }
  }

  void what_ails_us() {
    if (status_.applied.index < status_.commit)
      say("the machine has applied through " + number(status_.applied.index) + ", and " +
          entries(status_.commit - status_.applied.index) + " more " +
          (status_.commit - status_.applied.index == 1 ? "is" : "are") + " committed");
    if (status_.stateless)
      say("its own snapshot was lost: it applies nothing until it got another one");
    if (status_.fetching)
      say("a snapshot is being fetched: " + std::to_string(status_.fetching->bytes) + " of " +
          std::to_string(status_.fetching->of_bytes) + " bytes are here");
    if (status_.loading)
      say("a snapshot is being loaded: the machine has " + std::to_string(status_.loading->bytes) +
          " of " + std::to_string(status_.loading->of_bytes) + " bytes");
    if (status_.taking)
      say("a snapshot is being taken: " + std::to_string(status_.taking->bytes) +
          " bytes of it are written");
    if (status_.damaged) say("entries of its log are lost, and are asked of the others");
    if (status_.change_pending) say("a change of the members is under way");
    if (status_.disk_stalled) {
      std::string line = "the disk has been busy with one write for " + ms(all_.disk_busy);
      if (status_.heir) line += ": handing over to " + node(status_.heir);
      say(line);
    }
    if (all_.disk_full)
      say("the disk is full: it takes no entries, and leads only if nobody else can");
  }

  const Evidence& all_;
  const GroupStatus& status_;
  std::string text_;
};

}  // namespace

std::string explain(const Evidence& evidence) { return Explanation(evidence).text(); }

}  // namespace bowline
