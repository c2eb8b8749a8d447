// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/forged_segment.h"

#include <span>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::wal {

ForgedSegment& ForgedSegment::put(std::uint64_t batch, Draft draft) {
  draft.repeat(echo_);
  const std::uint64_t blocks = blocks_for(draft.bytes());
  ensure((end_ + blocks) * block_bytes <= bytes_.size());
  const std::span<char> place = std::span(bytes_).subspan(end_ * block_bytes, blocks * block_bytes);
  draft.lay_out(place.data());
  seal(place, {forged_disk, number_, end_}, batch, static_cast<std::uint32_t>(draft.bytes()));
  begins_.push_back(end_);
  echo_ = draft.echo(batch);
  end_ += blocks;
  return *this;
}

ForgedSegment& ForgedSegment::add(std::uint64_t number, std::size_t entries,
                                  const std::optional<Follows>& follows) {
  Draft draft;
  if (follows) draft.follow(*follows);
  raft::Persist write;
  write.entries.reserve(entries);
  for (std::size_t i = 0; i < entries; ++i)
    write.entries.push_back(
        {{{1}, {number * 100 + i}}, raft::Kind::command, Bytes::own(std::string(1000, 'e'))});
  draft.add({1}, number, write);
  return put(number, std::move(draft));
}

ForgedSegment& ForgedSegment::resume_at(std::size_t batch) {
  end_ = begins_[batch];
  begins_.resize(batch);
  return *this;
}

ForgedSegment& ForgedSegment::spoil(std::size_t batch, std::uint64_t block) {
  bytes_[(begins_[batch] + block) * block_bytes + 99] ^= 4;
  return *this;
}

ForgedSegment& ForgedSegment::erase(std::size_t batch, std::uint64_t blocks) {
  bytes_.replace(begins_[batch] * block_bytes, blocks * block_bytes, blocks * block_bytes, '\0');
  return *this;
}

}  // namespace bowline::wal
