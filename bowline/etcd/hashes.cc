// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/hashes.h"

#include <optional>
#include <utility>

namespace bowline::etcd {
namespace {

constexpr std::uint64_t keys_a_turn = 500;  // keys of one turn

}  // namespace

void Hashes::ask(std::int64_t revision, Told told) {
  if (asked_.size() >= most_waiting) return told(std::unexpected(Wrong::too_many_requests));
  asked_.push_back({revision, std::move(told)});
  if (asked_.size() == 1) here_.loop.soon(life_.guard([this] { begin(); }));
}

void Hashes::begin() {
  digest_.reset();
  const kv::Store& store = here_.store();
  const std::int64_t wanted = asked_.front().revision;
  const std::int64_t through = wanted > 0 ? wanted : store.revision();
  if (through > store.revision()) return answer(std::unexpected(Wrong::future_revision));
  if (through < store.compacted()) return answer(std::unexpected(Wrong::compacted));
  digest_ = std::make_unique<kv::Digest>(store, through);
  work();
}

// If the state was replaced by that of a snapshot, it begins anew.
void Hashes::work() {
  if (!digest_->step(keys_a_turn)) return begin();
  const std::optional<std::uint32_t> sum = digest_->sum();
  if (!sum) return here_.loop.soon(life_.guard([this] { work(); }));
  const HashOfPast hash{*sum, digest_->revision(), digest_->compacted()};
  digest_.reset();
  answer(hash);
}

void Hashes::answer(std::expected<HashOfPast, Wrong> what) {
  Asked done = std::move(asked_.front());
  asked_.pop_front();
  if (!asked_.empty()) here_.loop.soon(life_.guard([this] { begin(); }));
  done.told(std::move(what));
}

}  // namespace bowline::etcd
