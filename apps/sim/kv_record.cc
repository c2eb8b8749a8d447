// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/kv_record.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace bowline::apps {
namespace {

std::string name(Index index) { return "entry " + std::to_string(index.value); }

}  // namespace

std::string KvRecord::feed(LogId id, std::string_view command) {
  if (id.index <= last()) {
    const Entry* const known = at(id.index);
    if (known == nullptr || known->id != id || known->command.view() != command)
      return name(id.index) + " is another command than it was";
    return {};
  }
  if (refused_.contains(command))
    return name(id.index) + " is a command that its client was told is never done";
  if (once_.contains(command) && found_.contains(command))
    return name(id.index) + " does again what was done at " +
           name(found_.find(command)->second.front());
  run({.id = id, .command = Bytes::copy(command)});
  return {};
}

void KvRecord::run(Entry entry) {
  const auto command = kv::decode_command(entry.command.view());
  const kv::Answer answer = command ? model_->run(*command, entry.id.term.value)
                                    : kv::Answer{model_->revision(), kv::Refusal::malformed, {}};
  entry.answer = kv::encode(answer);
  entry.revision = model_->revision();
  entry.compacted = model_->compacted();
  found_[std::string(entry.command.view())].push_back(entry.id.index);
  entries_.push_back(std::move(entry));
  if (command && answer.refusal == kv::Refusal::none) note_leases(entries_.back(), *command);
}

void KvRecord::note_leases(const Entry& entry, const kv::Command& command) {
  if (const auto* grant = std::get_if<kv::LeaseGrant>(&command))
    leases_[grant->id].push_back(
        {.from = entry.id.index, .to = {}, .proposed = {}, .ttl = grant->ttl});
  const auto* const revoke = std::get_if<kv::LeaseRevoke>(&command);
  if (revoke == nullptr) return;
  Tenure& tenure = leases_[revoke->id].back();
  tenure.to = entry.id.index;
  tenure.expired = revoke->expired_in != 0;
  const auto when = revokes_.find(entry.command.view());
  tenure.proposed = when == revokes_.end() ? Time{} : when->second;
}

// Only revocations are of interest.
void KvRecord::proposed(std::string_view command, Time now) {
  const auto decoded = kv::decode_command(command);
  if (decoded && std::holds_alternative<kv::LeaseRevoke>(*decoded))
    revokes_[std::string(command)] = now;
}

void KvRecord::keep(const std::function<bool(LogId)>& holds) {
  std::vector<Entry> all = std::exchange(entries_, {Entry{}});
  model_ = std::make_unique<kv::model::Model>();
  found_.clear();
  leases_.clear();
  refused_.clear();
  for (Entry& entry : all) {
    if (!entry.id.index) continue;
    if (!holds(entry.id)) break;
    run(std::move(entry));
  }
}

const KvRecord::Entry& KvRecord::through(Index index) const {
  const auto after = std::ranges::upper_bound(entries_, index, {},
                                              [](const Entry& entry) { return entry.id.index; });
  return *std::prev(after);
}

const KvRecord::Entry* KvRecord::at(Index index) const {
  const Entry& entry = through(index);
  return index && entry.id.index == index ? &entry : nullptr;
}

std::span<const Index> KvRecord::find(std::string_view command) const {
  const auto found = found_.find(command);
  if (found == found_.end()) return {};
  return found->second;
}

const std::vector<KvRecord::Tenure>* KvRecord::tenures(kv::LeaseId id) const {
  const auto found = leases_.find(id);
  return found == leases_.end() ? nullptr : &found->second;
}

bool KvRecord::has_lease(kv::LeaseId id, Index at) const {
  const auto* const all = tenures(id);
  return all != nullptr && std::ranges::any_of(*all, [at](const Tenure& tenure) {
           return tenure.from <= at && (!tenure.to || tenure.to > at);
         });
}

std::string KvRecord::refused(const std::string& command) {
  refused_.insert(command);
  return find(command).empty()
             ? ""
             : "what its client was told is never done is done at " + name(find(command).front());
}

}  // namespace bowline::apps
