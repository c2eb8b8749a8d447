// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/walk.h"

#include <algorithm>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/wal/survey.h"

namespace bowline::wal {

void Walk::feed(std::string_view blocks) {
  const std::uint64_t count = blocks.size() / block_bytes;
  heads_.reserve(held() + count);
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string_view block = blocks.substr(i * block_bytes, block_bytes);
    heads_.push_back(checked(block, first_.plus(wanted())).value_or(Head{}));
  }
  held_ += blocks;
}

// The newest batch of which a block says that it begins here.
std::optional<Head> Walk::candidate() const {
  std::optional<Head> found;
  for (std::uint64_t i = 0; i < held(); ++i) {
    const Head& head = heads_[i];
    if (head.blocks == 0 || head.at != i || head.batch <= last_.value_or(0)) continue;
    if (!found || head.batch > found->batch) found = head;
  }
  if (found) found->at = 0;
  return found;
}

// Nothing is left of what began here: where does something else begin?
std::optional<Judged> Walk::gap() const {
  for (std::uint64_t i = 0; i < held(); ++i)
    if (heads_[i].blocks > 0 && heads_[i].at < i) return unknown(i - heads_[i].at);
  if (wanted() == end_ || held() >= most_) return unknown(held());
  return std::nullopt;
}

std::optional<Judged> Walk::judge() {
  if (ended()) return std::nullopt;
  const std::optional<Head> head = candidate();
  if (!head) return gap();
  if (begin_ + head->blocks > end_) return unknown(end_ - begin_);
  if (held() < head->blocks) return std::nullopt;
  std::vector<std::uint32_t> bad = bad_blocks(heads_, *head);
  if (bad.size() > 1 && planted(Bug::p76_scrubber_mends_without_checking)) bad.resize(1);
  std::optional<Batch> batch = examine({held_.data(), head->blocks * block_bytes},
                                       first_.plus(begin_), *head, std::move(bad), std::nullopt);
  if (batch && last_ && !continues(*batch, {first_.segment, begin_, *last_})) batch.reset();
  Judged judged = unknown(head->blocks, head->batch);
  judged.batch = std::move(batch);
  return judged;
}

void Walk::pass(const Judged& judged) {
  const std::uint64_t blocks = std::min(judged.blocks, held());
  last_ = judged.number != 0 ? std::optional(judged.number) : std::nullopt;
  held_.erase(0, blocks * block_bytes);
  heads_.erase(heads_.begin(), heads_.begin() + static_cast<std::ptrdiff_t>(blocks));
  begin_ += judged.blocks;
}

void Walk::renew(std::uint64_t block, std::string_view blocks) {
  for (std::uint64_t i = 0; i < blocks.size() / block_bytes; ++i) {
    const std::uint64_t at = block - begin_ + i;
    const std::string_view content = blocks.substr(i * block_bytes, block_bytes);
    const std::optional<Head> head = checked(content, first_.plus(block + i));
    if (!head && heads_[at].blocks > 0) continue;
    heads_[at] = head.value_or(Head{});
    held_.replace(at * block_bytes, block_bytes, content);
  }
}

}  // namespace bowline::wal
