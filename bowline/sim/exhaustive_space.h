// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bowline/sim/exhaustive_numbered.h"
#include "bowline/sim/exhaustive_replica.h"

namespace bowline::sim::small {

// What the world learns from one step, where it learns anything.
struct Facts {
  std::uint8_t elected = 0;  // it leads this term now
  bool proposed = false;
  bool crashed = false;
  bool timer = false;
  std::vector<LogId> done;   // clients were told that these are committed
  std::vector<LogId> never;  // ... and that these are not, and never will be
  std::uint8_t term = 0;     // in which it acknowledged, and was told to apply
  Marks committed;           // the log that it was told to apply
  Marks acknowledged;        // the log that it told a leader to be on its disk
  friend bool operator==(const Facts&, const Facts&) = default;
};

// One step of one replica, taken once.
struct Outcome {
  Act act;
  std::uint32_t after = 0;  // a replica
  std::uint32_t facts = 0;  // 0: none
  std::vector<std::uint32_t> letters;
  std::string broken;
};

// Of a replica, what the checks of a state look at.
struct Brief {
  std::uint8_t term = 0;
  std::uint8_t commit = 0;
  bool leads = false;
  Marks written;
  Marks durable;
};

// A replica and the letters that were ever sent to it, but for those that can no longer do
// anything. A letter stays when it was heard, since it may come twice.
struct Edge {
  std::uint32_t target = 0;  // a site
  std::uint32_t outcome = 0;
};

// All replicas, letters and inboxes that were met, and every step that was taken, by number.
class Space {
 public:
  explicit Space(const Limits&);

  std::uint32_t number(const Replica&);
  const std::vector<std::uint32_t>& own(std::uint32_t replica);
  const std::vector<std::uint32_t>& heard(std::uint32_t replica, std::uint32_t letter);
  std::uint32_t kind_of(std::uint32_t replica) const { return kind_of_[replica]; }
  const Brief& brief(std::uint32_t replica) const { return briefs_[replica]; }
  const Brief& brief_of_kind(std::uint32_t kind) const { return briefs_[first_of_kind_[kind]]; }
  std::uint64_t kinds() const { return kinds_.size(); }

  bool is_vote(std::uint32_t letter) const;
  // Sets of numbers, by number. 0 is the empty one.
  std::uint32_t set(std::vector<std::uint32_t> members);
  const std::vector<std::uint32_t>& members(std::uint32_t set) const { return inboxes_[set].list; }
  std::uint32_t join(std::uint32_t a, std::uint32_t b);
  std::vector<std::uint32_t> difference(std::uint32_t a, std::uint32_t b) const;
  // Of these letters, those that can still do something at a replica of this kind.
  std::uint32_t living(std::uint32_t letters, std::uint32_t kind);
  std::uint64_t sets() const { return inboxes_.size(); }

  std::uint32_t site_of(const Replica&);  // nothing was ever sent to it
  const std::vector<Edge>& edges(std::uint32_t at);
  // The letter is sent there; several answers if one must be lost, and it may be any.
  const std::vector<std::uint32_t>& with(std::uint32_t at, std::uint32_t letter);

  const Outcome& outcome(std::uint32_t number) const { return outcomes_[number]; }
  const Facts& facts(std::uint32_t number) const { return facts_[number]; }
  const Letter& letter(std::uint32_t number) const { return letters_[number]; }
  const Replica& replica_at(std::uint32_t site) const { return replicas_[sites_[site].first]; }
  const Brief& brief_at(std::uint32_t site) const { return briefs_[sites_[site].first]; }
  // The same for every site of a replica that has not changed and that nobody heard of.
  std::uint32_t replica_number(std::uint32_t site) const { return sites_[site].first; }
  // The same for sites that differ only in letters that are no votes.
  std::uint32_t stem(std::uint32_t site) const { return stem_of_[site]; }
  // Bits: whose letters are in the inbox.
  std::uint8_t writers(std::uint32_t site) const { return writers_[sites_[site].second]; }

  void count(Report&) const;  // what was met
  std::uint64_t sites() const { return sites_.size(); }

 private:
  struct Numbers {
    std::vector<std::uint32_t> list;
    std::uint64_t hash() const;
    friend bool operator==(const Numbers&, const Numbers&) = default;
  };
  struct Key {  // all that makes up a letter
    std::vector<std::uint64_t> words;
    std::uint64_t hash() const;
    friend bool operator==(const Key&, const Key&) = default;
  };

  std::uint32_t number(const Letter&);
  std::uint32_t number(Facts);
  std::uint32_t inbox(std::vector<std::uint32_t> letters);
  std::uint32_t site(std::uint32_t replica, const std::vector<std::uint32_t>& letters);
  bool dead(std::uint32_t number, std::uint32_t replica);  // a letter
  void compare(const Replica& known, const Replica& same);
  Facts facts_of(const Replica& before, const Act&, const Taken&) const;
  void take(std::uint32_t replica, Act, std::vector<std::uint32_t>& outcomes);

  Limits limits_;
  std::uint64_t steps_ = 0;
  Numbered<Digest> digests_;  // of replicas
  std::vector<Replica> replicas_;
  std::vector<Brief> briefs_;
  std::vector<std::uint32_t> kind_of_;
  Numbered<Digest> kinds_;
  std::vector<std::uint32_t> first_of_kind_;  // a replica
  Numbered<Pair> joins_;                      // sets
  std::vector<std::uint32_t> joined_;
  Numbered<Pair> sortings_;  // letters, kind
  std::vector<std::uint32_t> sorted_;
  std::vector<std::vector<std::uint32_t>> own_;  // outcomes, by replica; empty: not known
  Numbered<Key> keys_;                           // of letters
  std::vector<Letter> letters_;
  Numbered<Numbers> inboxes_;
  std::vector<std::uint8_t> writers_;
  Numbered<Pair> hearings_;  // replica, letter
  std::vector<std::vector<std::uint32_t>> heard_;
  std::vector<Outcome> outcomes_;
  std::vector<Facts> facts_;
  Numbered<Pair> sites_;  // replica, inbox
  Numbered<Pair> stems_;  // replica, inbox without all but votes
  std::vector<std::uint32_t> stem_of_;
  std::vector<std::vector<Edge>> edges_;
  std::vector<bool> expanded_;
  Numbered<Pair> deliveries_;  // site, letter
  std::vector<std::vector<std::uint32_t>> delivered_;
};

}  // namespace bowline::sim::small
