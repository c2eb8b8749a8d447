// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/forge.h"

#include <utility>

#include "bowline/raft/membership_codec.h"

namespace bowline::sim {
namespace {

raft::Persist add(Image& image, raft::Entry entry) {
  const std::uint64_t before = image.lines.empty() ? image.base_prefix : image.lines.back().prefix;
  image.lines.push_back({entry, extended(before, entry)});
  raft::Persist write;
  write.entries.push_back(std::move(entry));
  return write;
}

}  // namespace

raft::Membership group(std::uint64_t voters) {
  raft::Membership membership{.cluster = {7}, .members = {}};
  for (std::uint64_t id = 1; id <= voters; ++id) {
    raft::Member member;
    member.id = {id};
    member.incarnation = life_of({id});
    membership.members.push_back(member);
  }
  return membership;
}

Incarnation life_of(NodeId id) { return {100 + id.value}; }

Forge::Forge(std::uint64_t nodes) : members_(std::make_shared<raft::Membership>(group(nodes))) {
  for (std::uint64_t id = 1; id <= nodes; ++id) {
    Site site;
    site.id = {id};
    site.incarnation = life_of({id});
    site.life = 1;
    site.durable.base.membership = members_;
    site.written = site.durable;
    sites_.push_back(std::move(site));
  }
}

Mind Forge::follower(const Site& site, Term term, Index commit) const {
  raft::Config config{{}, site.written.base.membership};
  if (site.written.base.id.index) config.at = site.written.base.membership_index;
  for (const Line& line : site.written.lines)
    if (line.entry.kind == raft::Kind::membership)
      config = {line.entry.id.index, raft::decode_membership(line.entry.payload.view())};
  return {.role = raft::Role::follower,
          .term = term,
          .leader = {},
          .commit = commit,
          .damaged = false,
          .config = std::move(config),
          .peers = {}};
}

Mind Forge::leader(const Site& site, Term term, Index commit) const {
  Mind mind = follower(site, term, commit);
  mind.role = raft::Role::leader;
  return mind;
}

raft::Effects Forge::crowned(NodeId id, Term term) {
  return {raft::RoleChanged{term, id, raft::Role::leader}};
}

raft::Message Forge::message(const Site& from, NodeId to, Term term, raft::Body body) const {
  return {.version = raft::protocol_version,
          .cluster = members_->cluster,
          .from = from.incarnation,
          .to = life_of(to),
          .term = term,
          .body = std::move(body)};
}

raft::Persist grow(Image& image, Term term, const std::string& command) {
  return add(image, {{term, image.last().next()}, raft::Kind::command, Bytes::copy(command)});
}

raft::Persist grow(Image& image, Term term, const raft::Membership& membership) {
  return add(image,
             {{term, image.last().next()}, raft::Kind::membership, raft::encode(membership)});
}

void cut(Image& image, Index keep) { image.lines.resize(keep - image.base.id.index); }

raft::Effects grow(Site& site, Term term, const std::string& command) {
  grow(site.durable, term, command);
  return {grow(site.written, term, command)};
}

}  // namespace bowline::sim
