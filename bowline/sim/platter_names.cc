// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/platter_names.h"

#include <algorithm>
#include <set>
#include <utility>

namespace bowline::sim {
namespace {

FileId find_in(const Directory& directory, std::string_view name) {
  const auto found = directory.find(name);
  return found == directory.end() ? FileId{} : found->second;
}

bool holds(const Directory& directory, FileId file) {
  return std::ranges::any_of(directory, [&](const auto& entry) { return entry.second == file; });
}

constexpr std::uint64_t out_of_order_ppm = 300'000;
constexpr std::uint64_t lost_ppm = 500'000;

}  // namespace

FileId PlatterNames::find(std::string_view name) const { return find_in(cached_, name); }

FileId PlatterNames::find_durable(std::string_view name) const { return find_in(durable_, name); }

std::string PlatterNames::name_of(FileId file) const {
  for (const auto& [name, id] : cached_)
    if (id == file) return name;
  return {};
}

bool PlatterNames::refers(FileId file) const {
  return holds(cached_, file) || holds(durable_, file) ||
         std::ranges::find(unsynced_, file, &Unsynced::file) != unsynced_.end();
}

bool PlatterNames::pending(std::string_view name) const {
  return std::ranges::any_of(unsynced_, [&](const Unsynced& unsynced) {
    return unsynced.change.name == name || unsynced.change.to == name;
  });
}

void PlatterNames::apply(const Unsynced& unsynced, Directory& directory) {
  const NameChange& change = unsynced.change;
  switch (change.kind) {
    case NameChange::Kind::create: directory.insert_or_assign(change.name, unsynced.file); break;
    case NameChange::Kind::remove: directory.erase(change.name); break;
    case NameChange::Kind::rename:
      directory.erase(change.name);
      directory.insert_or_assign(change.to, unsynced.file);
      break;
  }
}

void PlatterNames::apply(NameChange change, FileId file) {
  unsynced_.push_back({std::move(change), file});
  apply(unsynced_.back(), cached_);
}

void PlatterNames::sync() {
  for (const Unsynced& unsynced : unsynced_) apply(unsynced, durable_);
  unsynced_.clear();
}

// What a file system without a journal shows: changes of different names survive or not, each by
// itself. Those that share a name keep their order.
void PlatterNames::lose_any(Chance& chance) {
  std::set<std::string, std::less<>> lost;
  for (const Unsynced& unsynced : unsynced_) {
    const NameChange& change = unsynced.change;
    const bool depends = lost.contains(change.name) || lost.contains(change.to);
    if (!chance.happens("name lost", lost_ppm) && !depends) {
      apply(unsynced, durable_);
      continue;
    }
    lost.insert(change.name);
    if (!change.to.empty()) lost.insert(change.to);
  }
}

void PlatterNames::lose_power(Chance& chance, Loss loss) {
  const std::uint64_t waiting = unsynced_.size();
  if (waiting > 0 && loss != Loss::everything) {
    if (loss != Loss::nothing && chance.happens("names out of order", out_of_order_ppm)) {
      lose_any(chance);
    } else {
      const std::uint64_t lost =
          loss == Loss::nothing ? 0 : chance.below("names that the power took", waiting + 1);
      for (std::uint64_t i = 0; i < waiting - lost; ++i) apply(unsynced_[i], durable_);
    }
  }
  unsynced_.clear();
  cached_ = durable_;
}

}  // namespace bowline::sim
