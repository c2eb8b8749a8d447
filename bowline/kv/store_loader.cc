// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/store_loader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "bowline/base/mutant.h"

namespace bowline::kv {
namespace {

// Nothing that is counted gets there, and nothing above it can be counted on.
constexpr std::int64_t most_number = std::numeric_limits<std::int64_t>::max() / 2;

}  // namespace

bool StoreLoader::begin(std::int64_t revision, std::int64_t compacted) {
  if (revision < first_revision || revision > most_number) return false;
  if (compacted < -1 || compacted > revision) return false;
  store_.revision_ = revision;
  store_.compacted_ = compacted;
  store_.swept_ = compacted;
  return true;
}

bool StoreLoader::key(std::string_view key) {
  if (key_ != nullptr && key_->view() >= key) return false;
  if (!end_key()) return false;
  key_ = &store_.make_key(key);
  ++keys_;
  return true;
}

// It goes to the index when its newest version is known.
bool StoreLoader::end_key() {
  if (key_ == nullptr) return true;
  if (key_->newest == nullptr) return false;
  store_.index_.insert(store_.index_.find(key_->view()), *key_, key_->newest->is_live());
  return true;
}

bool StoreLoader::is_possible(const Fields& fields) const {
  const bool is_erased = fields.version == 0;
  if (fields.main < first_revision || fields.main > store_.revision_) return false;
  if (fields.sub > std::numeric_limits<std::uint32_t>::max()) return false;
  if (fields.version < 0 || fields.version > most_number || fields.create < 0 ||
      fields.create > fields.main)
    return false;
  if (is_erased && (fields.create != 0 || fields.lease != 0 || !fields.value.empty())) return false;
  if (!is_erased && fields.create < first_revision) return false;
  const Version* const before = key_->newest;
  if (before == nullptr) return !is_erased || fields.main >= store_.compacted_;
  const Revision revision{fields.main, static_cast<std::int64_t>(fields.sub)};
  if (before->revision() >= revision) return false;
  if (is_erased) return before->is_live();
  if (!before->is_live()) return fields.version == 1 && fields.create == fields.main;
  return fields.version - 1 == before->version && fields.create == before->create;
}

bool StoreLoader::version(const Fields& fields) {
  if (key_ == nullptr || !is_possible(fields)) return false;
  char* const block = store_.slabs_.allocate(sizeof(Version));
  Version& made = *std::construct_at(reinterpret_cast<Version*>(block));
  made.main = fields.main;
  made.sub = static_cast<std::uint32_t>(fields.sub);
  made.create = fields.create;
  made.version = fields.version;
  made.lease = fields.lease;
  made.key = key_;
  made.older = std::exchange(key_->newest, &made);
  store_.values_.keep_loaded(made, fields.value);
  ++versions_;
  if (made.main >= store_.compacted_) recent_.push_back({made.revision(), &made});
  return true;
}

bool StoreLoader::finish() {
  if (!end_key()) return false;
  std::ranges::sort(recent_, {}, &Placed::revision);
  const auto twice = std::ranges::adjacent_find(recent_, {}, &Placed::revision);
  if (twice != recent_.end()) return false;
  for (const Placed& placed : recent_) store_.history_.append(*placed.version);
  if (planted(Bug::p88_loads_the_revision_of_what_lives)) {
    const auto lives = [](const Placed& placed) { return placed.version->is_live(); };
    const auto last = std::find_if(recent_.rbegin(), recent_.rend(), lives);
    if (last != recent_.rend()) store_.revision_ = last->revision.main;
  }
  return true;
}

}  // namespace bowline::kv
