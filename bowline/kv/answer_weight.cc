// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/answer_weight.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>
#include <variant>

namespace bowline::kv {
namespace {

// Is there anything in the answer that has items? Hardly any transaction of a client's asks that.
bool tells_items(const Txn& txn, Walk& walk) {
  return std::ranges::any_of(walk.take(txn), [&](const Op& op) {
    if (const auto* nested = std::get_if<Txn>(&op.what)) return tells_items(*nested, walk);
    if (const auto* range = std::get_if<Range>(&op.what)) return !range->count_only;
    if (const auto* put = std::get_if<Put>(&op.what)) return put->prev_kv;
    return std::get<DeleteRange>(op.what).prev_kv;
  });
}

// Goes through the operations as they will be carried out, and weighs what they tell. The store
// stays as it is. So behind the first write this is not exact, and says too much rather than too
// little: nothing that was there is gone, all that was put may be told as well, and as many keys
// more than the limit as were written to.
class Scales {
 public:
  Scales(const Store& store, std::uint64_t most) : store_(store), weight_{.most = most, .sum = 0} {}

  bool too_much() const { return weight_.is_too_much(); }

  void add(const Txn& txn, Walk& walk) {
    for (const Op& op : walk.take(txn)) {
      weight_.sum += op_weight;
      if (too_much()) return;
      if (const auto* nested = std::get_if<Txn>(&op.what)) {
        add(*nested, walk);
      } else if (const auto* range = std::get_if<Range>(&op.what)) {
        add(*range);
      } else if (const auto* put = std::get_if<Put>(&op.what)) {
        add(*put);
      } else {
        add(std::get<DeleteRange>(op.what));
      }
    }
  }

  void add(const Put& put) {
    if (put.prev_kv) add(Range{.keys = {put.key, {}}});
    ++written_;
    const Version* const kept = put.ignore_value ? store_.find(put.key) : nullptr;
    puts_[put.key] +=
        item_weight + put.key.size() + put.value.size() + (kept == nullptr ? 0 : kept->value_bytes);
  }

  void add(const DeleteRange& erase) {
    if (erase.keys.is_empty()) return;
    if (erase.prev_kv) add(Range{.keys = erase.keys});
    written_ += store_.count(erase.keys) + static_cast<std::int64_t>(puts_.size());
  }

  void add(Range range) {
    if (range.count_only || range.keys.is_empty()) return;
    const bool sees_writes = range.revision <= 0 && written_ > 0;
    if (sees_writes && range.limit > 0)
      range.limit += std::min(written_, std::numeric_limits<std::int64_t>::max() - range.limit);
    if (!store_.range(range, weight_)) return;  // it is too much: the weight says so
    if (!sees_writes) return;
    for (auto at = puts_.lower_bound(range.keys.key);
         at != puts_.end() && range.keys.reaches(at->first) && !too_much(); ++at)
      weight_.sum += at->second;
  }

 private:
  const Store& store_;
  Weight weight_;
  std::int64_t written_ = 0;  // keys, so far
  std::map<std::string_view, std::uint64_t> puts_;
};

Refusal verdict(const Scales& scales) {
  return scales.too_much() ? Refusal::answer_too_large : Refusal::none;
}

}  // namespace

Refusal too_large(const Store& store, const Put& put, std::uint64_t most) {
  if (!put.prev_kv) return Refusal::none;
  Scales scales(store, most);
  scales.add(put);
  return verdict(scales);
}

Refusal too_large(const Store& store, const DeleteRange& erase, std::uint64_t most) {
  if (!erase.prev_kv) return Refusal::none;
  Scales scales(store, most);
  scales.add(erase);
  return verdict(scales);
}

Refusal too_large(const Store& store, const Txn& txn, const Path& path, std::uint64_t most) {
  Walk first(path);
  if (!tells_items(txn, first)) return Refusal::none;
  Walk walk(path);
  Scales scales(store, most);
  scales.add(txn, walk);
  return verdict(scales);
}

}  // namespace bowline::kv
