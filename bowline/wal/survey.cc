// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/survey.h"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "bowline/base/mutant.h"

namespace bowline::wal {
namespace {

// Where a batch begins, told by any of its blocks.
struct Start {
  std::uint64_t block = 0;
  Head head;

  std::pair<std::uint64_t, std::uint64_t> place() const { return {block, head.batch}; }
  friend bool operator==(const Start&, const Start&) = default;
};

class Surveyor {
 public:
  Surveyor(std::span<char> bytes, const Place& first, const std::optional<Seal>& seal)
      : bytes_(bytes), first_(first), seal_(seal) {}

  Result<Survey> run() {
    collect();
    if (cut_short_ && !seal_) return lost("the file was longer: a batch reaches beyond its end");
    while (!done_ && (!seal_ || survey_.end < seal_->end.end))
      if (Result<void> step = walk(); !step) return std::unexpected(step.error());
    if (seal_ && seal_->end != Follows{first_.segment, survey_.end, survey_.last()})
      return lost("the next segment tells of another end");
    return std::move(survey_);
  }

 private:
  void collect() {
    const std::uint64_t blocks = bytes_.size() / block_bytes;
    heads_.reserve(blocks);
    for (std::uint64_t i = 0; i < blocks; ++i) {
      const std::string_view block(bytes_.data() + i * block_bytes, block_bytes);
      const std::optional<Head> head = checked(block, first_.plus(i));
      heads_.push_back(head.value_or(Head{}));
      if (!head) continue;
      if (i - head->at + head->blocks > blocks) {
        cut_short_ = true;  // nobody writes beyond the end
        continue;
      }
      survey_.highest = std::max(survey_.highest, head->batch);
      note({i - head->at, {head->batch, 0, head->blocks, head->content}});
    }
    if (!std::ranges::is_sorted(starts_, {}, &Start::place))
      std::ranges::sort(starts_, {}, [](const Start& start) {
        return std::tuple(start.place(), start.head.blocks, start.head.content);
      });
  }

  // Once for each batch, as long as its blocks lie side by side.
  void note(const Start& start) {
    if (starts_.empty() || starts_.back() != start) starts_.push_back(start);
  }

  // Is there anything of a newer batch? Only one is ever under way, so this one was durable then.
  bool followed(std::uint64_t batch) const { return seal_ || survey_.highest > batch; }

  // The newest batch that begins here, if anything is left of it. An older one is what a crash
  // left behind, before the log went on at this place.
  std::optional<Head> candidate(std::uint64_t block) const {
    const auto behind = std::ranges::upper_bound(starts_, block, {}, &Start::block);
    if (behind == starts_.begin() || std::prev(behind)->block != block) return std::nullopt;
    const Head& newest = std::prev(behind)->head;
    if (newest.batch <= survey_.last()) return std::nullopt;
    return newest;
  }

  std::span<char> blocks_of(std::uint64_t block, const Head& head) const {
    return bytes_.subspan(block * block_bytes, head.blocks * block_bytes);
  }

  Result<void> walk() {
    std::optional<Head> head = candidate(survey_.end);
    if (!head && !followed(survey_.last())) {
      done_ = true;
      return {};
    }
    if (!head) head = vanished();
    if (!head || survey_.end + head->blocks > heads_.size()) return lost("a batch is gone");
    const Place place = first_.plus(survey_.end);
    const std::span<char> blocks = blocks_of(survey_.end, *head);
    std::vector<std::uint32_t> bad = bad_blocks(std::span(heads_).subspan(survey_.end), *head);
    const std::size_t count = bad.size();
    const bool doubtful = count > 1 || (count == 1 && planted(Bug::p71_doubtful_batch_is_torn));
    if ((doubtful && !followed(head->batch)) ||
        (count > 0 && planted(Bug::p23_any_bad_batch_is_torn))) {
      survey_.torn = done_ = true;
      survey_.torn_blocks = head->blocks;
      return {};
    }
    return take(
        examine(blocks, place, *head, std::move(bad), count > 1 ? echo_of(*head) : std::nullopt));
  }

  // What the batch behind this place tells of the one before it. That one is read again later, so
  // nothing is mended here.
  std::optional<Echo> echo_at(std::uint64_t block) const {
    if (seal_ && seal_->end.end == block) return seal_->echo;
    const std::optional<Head> head = candidate(block);
    if (!head) return std::nullopt;
    const std::span<char> blocks = blocks_of(block, *head);
    std::string copy(blocks.data(), blocks.size());
    const std::optional<Batch> next = examine(copy, first_.plus(block), *head);
    return next ? next->table.echo : std::nullopt;
  }

  std::optional<Echo> echo_of(const Head& head) const { return echo_at(survey_.end + head.blocks); }

  // A batch of which no block is left: only the next one tells that there was one, and how long.
  std::optional<Head> vanished() const {
    const auto next = std::ranges::upper_bound(starts_, survey_.end, {}, &Start::block);
    const std::uint64_t begin = next != starts_.end() ? next->block : 0;
    for (const std::uint64_t block : {begin, seal_ ? seal_->end.end : 0}) {
      const std::optional<Echo> echo = block == 0 ? std::nullopt : echo_at(block);
      if (echo && survey_.end + echo->blocks == block && echo->batch > survey_.last())
        return Head{echo->batch, 0, echo->blocks, echo->content};
    }
    return std::nullopt;
  }

  Result<void> take(std::optional<Batch> batch) {
    if (!batch) return lost("the table of a batch is lost, here and in the next one");
    if (!continues(*batch, {first_.segment, survey_.end, survey_.last()}))
      return lost("a batch is there that does not belong there");
    survey_.end += batch->blocks;
    survey_.batches.push_back(*std::move(batch));
    return {};
  }

  std::unexpected<Error> lost(std::string_view why) const {
    return std::unexpected(
        Error{Fault::corrupt, "at block " + std::to_string(survey_.end) + " of segment " +
                                  std::to_string(first_.segment) + ": " + std::string(why)});
  }

  std::span<char> bytes_;
  Place first_;
  std::optional<Seal> seal_;
  Survey survey_;
  bool done_ = false;
  bool cut_short_ = false;
  std::vector<Head> heads_;    // what each block says of itself; no blocks: it is bad
  std::vector<Start> starts_;  // of batches of which anything is left, by block and number
};

}  // namespace

bool continues(const Batch& batch, const Follows& last) {
  const std::optional<Follows>& follows = batch.table.follows;
  if (last.batch == 0) return follows.has_value() && follows->batch < batch.number;
  if (!follows) return batch.number == last.batch + 1;
  return *follows == last;
}

bool hides_the_end(const Survey& survey, std::span<const std::uint64_t> unreadable) {
  const auto is_unreadable = [&](std::uint64_t block) {
    return std::ranges::binary_search(unreadable, block);
  };
  const std::uint64_t behind = survey.end + survey.torn_blocks;
  if (is_unreadable(behind) && is_unreadable(behind + 1)) return true;
  return std::ranges::any_of(std::views::iota(survey.end, behind), is_unreadable);
}

Result<Survey> survey(std::span<char> bytes, const Place& first, const std::optional<Seal>& seal) {
  return Surveyor(bytes, first, seal).run();
}

}  // namespace bowline::wal
