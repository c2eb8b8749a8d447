// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/jury.h"

namespace bowline::sim {

void Jury::started(const Site& site) {
  if (site.given_up) return;
  for (const auto& one : all_) one->started(site);
}

void Jury::crashed(const Site& site) {
  if (site.given_up) return;
  for (const auto& one : all_) one->crashed(site);
}

void Jury::wiped(const Site& site, Incarnation former) {
  for (const auto& one : all_) one->wiped(site, former);
}

void Jury::forced(const Site& site, ClusterId anew) {
  for (const auto& one : all_) one->forced(site, anew);
}

void Jury::noted(const Note& note) {
  for (const auto& one : all_) one->noted(note);
}

void Jury::ended(const std::optional<Violation>& violation) {
  for (const auto& one : all_) one->ended(violation);
}

void Jury::stepped(const Site& site, const raft::Input& input, const raft::Effects& effects) {
  if (site.given_up) return;
  for (const auto& one : all_) one->stepped(site, input, effects);
}

void Jury::sent(const Site& site, NodeId to, const raft::Message& message) {
  if (site.given_up) return;
  for (const auto& one : all_) one->sent(site, to, message);
}

void Jury::shipped(const Site& site, NodeId to) {
  if (site.given_up) return;
  for (const auto& one : all_) one->shipped(site, to);
}

void Jury::no_way(const Site& site, NodeId to) {
  if (site.given_up) return;
  for (const auto& one : all_) one->no_way(site, to);
}

void Jury::persisted(const Site& site, Seq seq) {
  if (site.given_up) return;
  for (const auto& one : all_) one->persisted(site, seq);
}

void Jury::applied(const Site& site, const Line& line) {
  if (site.given_up) return;
  for (const auto& one : all_) one->applied(site, line);
}

void Jury::snapshot_taken(const Site& site) {
  if (site.given_up) return;
  for (const auto& one : all_) one->snapshot_taken(site);
}

void Jury::snapshot_installed(const Site& site) {
  if (site.given_up) return;
  for (const auto& one : all_) one->snapshot_installed(site);
}

void Jury::write_begun(Ticket ticket, const Bytes& command) {
  for (const auto& one : all_) one->write_begun(ticket, command);
}

void Jury::write_ended(Ticket ticket, raft::Outcome outcome) {
  for (const auto& one : all_) one->write_ended(ticket, outcome);
}

void Jury::write_refused(Ticket ticket) {
  for (const auto& one : all_) one->write_refused(ticket);
}

void Jury::read_begun(Ticket ticket, const Site& site, raft::ReadKind kind) {
  if (site.given_up) return;
  for (const auto& one : all_) one->read_begun(ticket, site, kind);
}

void Jury::read_served(Ticket ticket, const Site& site) {
  if (site.given_up) return;
  for (const auto& one : all_) one->read_served(ticket, site);
}

void Jury::old_read_served(const Site& site, Duration at_most) {
  if (site.given_up) return;
  for (const auto& one : all_) one->old_read_served(site, at_most);
}

}  // namespace bowline::sim
