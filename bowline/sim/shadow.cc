// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/shadow.h"

#include <algorithm>
#include <utility>

#include "bowline/raft/membership_codec.h"

namespace bowline::sim {
namespace {

std::string text(LogId id) {
  return std::to_string(id.index.value) + "^" + std::to_string(id.term.value);
}

bool same(const raft::MembershipPtr& a, const raft::MembershipPtr& b) {
  return (a == nullptr && b == nullptr) || (a != nullptr && b != nullptr && *a == *b);
}

std::string base_difference(const raft::Base& wanted, const raft::Base& found) {
  if (wanted.id != found.id) return "its base is " + text(found.id) + " and not " + text(wanted.id);
  if (!same(wanted.membership, found.membership)) return "its base has another membership";
  if (wanted.membership_index != found.membership_index || wanted.known_in != found.known_in)
    return "its base has another membership index, or is known in another term";
  return {};
}

std::string config_difference(const Image& image, const raft::Found& found) {
  std::size_t at = 0;
  for (const Line& line : image.lines) {
    if (line.entry.kind != raft::Kind::membership) continue;
    const Index index = line.entry.id.index;
    const bool damaged = std::ranges::any_of(
        found.damaged, [&](const auto& d) { return d.first <= index && index <= d.last; });
    const bool known = at < found.configs.size() && found.configs[at].at == index;
    if (damaged && !known) continue;  // it may be known by an older copy
    if (!known) return "it lacks the membership of entry " + text(line.entry.id);
    if (!same(found.configs[at].membership, raft::decode_membership(line.entry.payload.view())))
      return "it has another membership at entry " + text(line.entry.id);
    ++at;
  }
  return at == found.configs.size() ? "" : "it has memberships that no entry brought";
}

std::string entry_difference(const Image& image, const raft::Found& found) {
  std::size_t at = 0;
  for (const raft::Held& held : found.entries) {
    for (Index index = held.first(); index <= held.last.index; index = index.next(), ++at) {
      const LogId id{held.last.term, index};
      if (at == image.lines.size()) return "it has entry " + text(id) + ", which nobody wrote";
      if (image.lines[at].entry.id != id)
        return "it has entry " + text(id) + " and not " + text(image.lines[at].entry.id);
    }
  }
  if (image.lines.size() != at)
    return "it has " + std::to_string(at) + " entries, and not " +
           std::to_string(image.lines.size());
  return {};
}

}  // namespace

std::string difference(const Image& image, const raft::Found& found) {
  if (image.hard != found.hard_state)
    return "its term is " + std::to_string(found.hard_state.term.value) + " and its vote for " +
           std::to_string(found.hard_state.voted_for.value) + ", and not " +
           std::to_string(image.hard.term.value) + " and " +
           std::to_string(image.hard.voted_for.value);
  if (std::string wrong = base_difference(image.base, found.base); !wrong.empty()) return wrong;
  if (std::string wrong = entry_difference(image, found); !wrong.empty()) return wrong;
  return config_difference(image, found);
}

bool Shadow::submit(Write write) {
  if (!apply(write, written_)) return false;
  under_way_.push_back(std::move(write));
  return true;
}

std::string Shadow::persisted(Seq seq) {
  while (!under_way_.empty() && under_way_.front().seq <= seq) {
    const Write write = std::move(under_way_.front());
    under_way_.pop_front();
    if (!apply(write, durable_)) return "a write makes no sense for what was durable before it";
    if (write.seq == seq) return {};
  }
  return "a write is reported durable that nobody waits for";
}

std::string explain(const raft::Found& found, const std::deque<Write>& under_way, Image& durable) {
  std::string missing = difference(durable, found);
  if (missing.empty()) return {};
  Image image = durable;
  for (const Write& write : under_way) {
    for (std::size_t parts = 1; parts < write.parts(); ++parts) {
      Image partly = image;
      if (!apply(write, parts, partly) || !difference(partly, found).empty()) continue;
      durable = std::move(partly);
      return {};
    }
    if (!apply(write, image)) return "a write makes no sense for the one before it";
    if (!difference(image, found).empty()) continue;
    durable = std::move(image);
    return {};
  }
  return missing;
}

std::string Shadow::recovered(const raft::Found& found) {
  std::string wrong = explain(found, under_way_, durable_);
  if (!wrong.empty()) return wrong;
  under_way_.clear();
  written_ = durable_;
  return {};
}

}  // namespace bowline::sim
