// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/contents_witness.h"

#include <variant>

#include "bowline/sim/disk.h"

namespace bowline::sim {

// A leader has in its log what it appends elsewhere. What somebody else had lost may be gone here,
// too, by the time that all of it is read.
void ContentsWitness::sent(const Site& site, NodeId to, const raft::Message& message) {
  if (const auto* append = std::get_if<raft::AppendRequest>(&message.body)) {
    for (const raft::Entry& entry : append->entries) {
      if (!contains(site.written, entry.id))
        return violated("I20", name(site.id) + " sends " + name(to) + " " + name(entry.id.index) +
                                   ", which its log does not hold");
      judge(site, to, entry);
    }
  }
  if (const auto* reply = std::get_if<raft::EntriesReply>(&message.body))
    for (const raft::Entry& entry : reply->entries) judge(site, to, entry);
}

void ContentsWitness::judge(const Site& site, NodeId to, const raft::Entry& entry) const {
  const Line* const line = site.written.at(entry.id.index);
  if (line == nullptr || line->entry.id != entry.id || same_content(line->entry, entry)) return;
  violated("I20", name(site.id) + " sends " + name(to) + " " + name(entry.id.index) +
                      " with another content than was written");
}

}  // namespace bowline::sim
