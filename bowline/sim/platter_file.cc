// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/platter_file.h"

#include <algorithm>
#include <cstring>

#include "bowline/base/crc32c.h"
#include "bowline/base/ensure.h"
#include "bowline/sim/hash.h"

namespace bowline::sim {
namespace {

using env::block_bytes;

PageRef page_of(std::span<const char> data) {
  auto page = std::make_shared_for_overwrite<Page>();
  std::memcpy(page->data(), data.data(), block_bytes);
  return page;
}

std::shared_ptr<Page> copy_of(const PageRef& page) {
  if (page == nullptr) return std::make_shared<Page>();
  return std::make_shared<Page>(*page);
}

bool same(const PageRef& a, const PageRef& b) {
  if (a == b) return true;
  return *copy_of(a) == *copy_of(b);
}

// The first `bytes` of one, the rest of the other.
PageRef spliced(const PageRef& first, std::uint64_t bytes, const PageRef& rest) {
  if (bytes == 0) return rest;
  if (bytes == block_bytes) return first;
  auto page = copy_of(rest);
  std::copy_n(copy_of(first)->begin(), bytes, page->begin());
  return page;
}

void fill_with_garbage(std::span<char> bytes, std::uint64_t seed) {
  for (char& byte : bytes) byte = static_cast<char>(seed = mixed(seed, 1));
}

// Calls take(block, offset in it, bytes) for each block of a range.
template <class Take>
void each_part(std::uint64_t offset, std::uint64_t bytes, Take take) {
  while (bytes > 0) {
    const std::uint64_t at = offset % block_bytes;
    const std::uint64_t part = std::min<std::uint64_t>(bytes, block_bytes - at);
    take(offset / block_bytes, at, part);
    offset += part;
    bytes -= part;
  }
}

void copy_part(const PageRef& page, std::uint64_t at, std::span<char> into) {
  if (page == nullptr) {
    std::memset(into.data(), 0, into.size());
  } else {
    std::memcpy(into.data(), page->data() + at, into.size());
  }
}

}  // namespace

PlatterFile::PlatterFile(std::uint64_t bytes)
    : bytes_(bytes), blocks_((bytes + block_bytes - 1) / block_bytes) {}

// From the end, because that is where what is under way lies.
PlatterFile::Blocks PlatterFile::blocks_of(WriteId write) {
  std::size_t last = unsynced_.size();
  while (last > 0 && unsynced_[last - 1].write != write) --last;
  std::size_t first = last;
  while (first > 0 && unsynced_[first - 1].write == write) --first;
  return Blocks(unsynced_).subspan(first, last - first);
}

void PlatterFile::erase(Blocks blocks) {
  const auto first = unsynced_.begin() + (blocks.data() - unsynced_.data());
  unsynced_.erase(first, first + static_cast<std::ptrdiff_t>(blocks.size()));
}

// Also from the end, and no further than needed: many writes may wait for a sync.
bool PlatterFile::busy(std::uint64_t block, std::uint64_t count) const {
  std::uint64_t left = under_way_;
  WriteId last;
  for (std::size_t i = unsynced_.size(); i > 0; --i) {
    const Unsynced& part = unsynced_[i - 1];
    if (part.write != last && left == 0) return false;
    if (!part.under_way) continue;
    if (part.write != last) --left;
    last = part.write;
    if (!part.astray && part.block >= block && part.block - block < count) return true;
  }
  return false;
}

void PlatterFile::begin(WriteId write, std::uint64_t block, std::string_view data, bool astray) {
  ensure(!data.empty());
  ensure(data.size() % block_bytes == 0);
  ensure(block + data.size() / block_bytes <= blocks_.size());
  const std::span<const char> bytes(data);
  for (std::size_t at = 0; at < bytes.size(); at += block_bytes, ++block)
    unsynced_.push_back({.write = write,
                         .block = block,
                         .astray = astray,
                         .page = page_of(bytes.subspan(at, block_bytes))});
  ++under_way_;
}

void PlatterFile::heal(std::uint64_t block) {
  if (spoilt_.empty()) return;
  const std::uint64_t first = block * block_sectors;
  spoilt_.erase(spoilt_.lower_bound(first), spoilt_.lower_bound(first + block_sectors));
}

void PlatterFile::finish(WriteId write, Reach reach) {
  const Blocks parts = blocks_of(write);
  if (parts.empty()) return;
  --under_way_;
  if (reach == Reach::nowhere) return erase(parts);
  for (Unsynced& part : parts) {
    Block& block = blocks_[part.block];
    block.cached = part.page;
    heal(part.block);
    part.under_way = false;
    if (reach != Reach::disk) continue;
    block.durable = std::move(part.page);
    block.durable_by = write;
  }
  if (reach == Reach::stray) strayed_ = true;
  if (reach != Reach::cache) erase(parts);
}

std::uint64_t PlatterFile::sectors(WriteId write) const {
  std::uint64_t blocks = 0;
  for (const Unsynced& part : unsynced_)
    if (part.write == write) ++blocks;
  return blocks * block_sectors;
}

void PlatterFile::finish_partly(WriteId write, std::uint64_t sectors) {
  const Blocks parts = blocks_of(write);
  const std::uint64_t whole = parts.size() * block_sectors;
  if (sectors >= whole) return finish(write, Reach::cache);
  const std::size_t kept = (sectors + block_sectors - 1) / block_sectors;
  if (kept > 0 && sectors % block_sectors != 0) {
    Unsynced& torn = parts[kept - 1];
    torn.page =
        spliced(torn.page, sectors % block_sectors * sector_bytes, blocks_[torn.block].cached);
  }
  if (kept == 0) return finish(write, Reach::nowhere);
  erase(parts.subspan(kept));
  finish(write, Reach::cache);
}

void PlatterFile::sync(WriteId through) {
  std::erase_if(unsynced_, [&](Unsynced& part) {
    if (part.under_way || part.write > through) return false;
    Block& block = blocks_[part.block];
    if (part.write < block.durable_by) return true;
    block.durable = std::move(part.page);
    block.durable_by = part.write;
    return true;
  });
}

// The kernel marks a page clean that it could not write, so nobody will try again.
void PlatterFile::fail_sync(WriteId through, bool shows_old) {
  std::erase_if(unsynced_, [&](const Unsynced& part) {
    if (part.under_way || part.write > through) return false;
    if (shows_old) blocks_[part.block].cached = blocks_[part.block].durable;
    strayed_ = true;
    return true;
  });
}

void PlatterFile::read(std::uint64_t offset, std::span<char> into) const {
  ensure(offset + into.size() <= blocks_.size() * block_bytes);
  char* to = into.data();
  each_part(offset, into.size(), [&](std::uint64_t block, std::uint64_t at, std::uint64_t part) {
    copy_part(blocks_[block].cached, at, {to, part});
    to += part;
  });
}

void PlatterFile::read_durable(std::uint64_t offset, std::span<char> into) const {
  ensure(offset + into.size() <= blocks_.size() * block_bytes);
  char* to = into.data();
  each_part(offset, into.size(), [&](std::uint64_t block, std::uint64_t at, std::uint64_t part) {
    copy_part(blocks_[block].durable, at, {to, part});
    to += part;
  });
}

bool PlatterFile::is_durable(std::uint64_t offset, std::uint64_t bytes) const {
  if (offset > bytes_ || bytes > bytes_ - offset) return false;
  if (bytes == 0) return true;
  const std::uint64_t first = offset / block_bytes;
  const std::uint64_t last = (offset + bytes - 1) / block_bytes;
  for (const Unsynced& part : unsynced_)
    if (part.block >= first && part.block <= last && part.write > blocks_[part.block].durable_by)
      return false;
  for (std::uint64_t block = first; block <= last; ++block)
    if (!same(blocks_[block].cached, blocks_[block].durable)) return false;
  return true;
}

// Asked for at every crash, so by checksums, which the processor counts fast.
std::uint64_t PlatterFile::durable_hash() const {
  const std::uint32_t zeros = crc32c(std::string_view(copy_of(nullptr)->data(), block_bytes));
  std::uint64_t hash = bytes_;
  for (const Block& block : blocks_) {
    const PageRef& page = block.durable;
    hash = mixed(hash, page ? crc32c(std::string_view(page->data(), block_bytes)) : zeros);
  }
  return hash;
}

// What rots is the medium. Readers notice unless a newer page lies in the cache.
template <class Change>
void PlatterFile::change_medium(std::uint64_t index, Change change) {
  Block& block = blocks_[index];
  auto page = copy_of(block.durable);
  change(*page);
  const bool clean = block.cached == block.durable;
  block.durable = std::move(page);
  if (clean) block.cached = block.durable;
}

void PlatterFile::flip(std::uint64_t offset, unsigned bit) {
  ensure(offset < bytes_);
  change_medium(offset / block_bytes, [&](Page& page) {
    char& byte = page[offset % block_bytes];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (bit % 8)));
  });
}

void PlatterFile::garble(std::uint64_t sector, std::uint64_t seed) {
  ensure(sector / block_sectors < blocks_.size());
  change_medium(sector / block_sectors, [&](Page& page) {
    const std::span<char> whole(page);
    fill_with_garbage(whole.subspan(sector % block_sectors * sector_bytes, sector_bytes), seed);
  });
}

bool PlatterFile::readable(std::uint64_t offset, std::uint64_t bytes) const {
  const auto found = spoilt_.lower_bound(offset / sector_bytes);
  return found == spoilt_.end() || found->first * sector_bytes >= offset + bytes;
}

std::vector<std::uint64_t> PlatterFile::unreadable_blocks() const {
  std::vector<std::uint64_t> blocks;
  for (const auto& [sector, once] : spoilt_)
    if (blocks.empty() || blocks.back() != sector / block_sectors)
      blocks.push_back(sector / block_sectors);
  return blocks;
}

void PlatterFile::forget_spoilt_once(std::uint64_t offset, std::uint64_t bytes) {
  std::erase_if(spoilt_, [&](const auto& spoilt) {
    const std::uint64_t at = spoilt.first * sector_bytes;
    return spoilt.second && at + sector_bytes > offset && at < offset + bytes;
  });
}

void PlatterFile::settle(Chance& chance) {
  while (under_way_ > 0) {
    const auto part = std::ranges::find(unsynced_, true, &Unsynced::under_way);
    const WriteId write = part->write;
    const std::uint64_t whole = sectors(write);
    finish_partly(write, whole - chance.below("sectors that the kill took", whole + 1));
  }
}

// So much of a write survives: whole sectors, and some bytes of the next.
void PlatterFile::keep(Blocks write, std::uint64_t sectors, std::uint64_t bytes) {
  std::uint64_t left = sectors * sector_bytes + bytes;
  for (const Unsynced& part : write) {
    const std::uint64_t here = std::min<std::uint64_t>(left, block_bytes);
    left -= here;
    Block& block = blocks_[part.block];
    if (part.write > block.durable_by) block.durable = spliced(part.page, here, block.durable);
  }
}

// Each sector by itself. Only one of a write can be torn: that which was being written.
void PlatterFile::lose_sectors(Chance& chance, Blocks write) {
  bool torn = false;
  for (const Unsynced& part : write) {
    Block& block = blocks_[part.block];
    if (part.write < block.durable_by) continue;
    auto page = copy_of(block.durable);
    for (std::size_t sector = 0; sector < block_sectors; ++sector) {
      const std::span<char> old =
          std::span<char>(*page).subspan(sector * sector_bytes, sector_bytes);
      const char* fresh = part.page->data() + sector * sector_bytes;
      const std::uint64_t fate = chance.below("sector", 16);
      if (fate < 7) {
        std::copy_n(fresh, sector_bytes, old.begin());
      } else if (fate == 13) {
        std::ranges::fill(old, '\0');
      } else if (fate == 14) {
        fill_with_garbage(old, chance.below("garbage", std::uint64_t{1} << 32));
      } else if (fate == 15 && !std::exchange(torn, true)) {
        std::copy_n(fresh, chance.below("torn at", sector_bytes), old.begin());
      }
    }
    block.durable = std::move(page);
  }
}

void PlatterFile::lose_prefix(Chance& chance) {
  std::vector<Blocks> writes;
  for (Unsynced& part : unsynced_) {
    if (writes.empty() || writes.back().front().write != part.write) writes.emplace_back(&part, 0);
    writes.back() = Blocks(writes.back().data(), writes.back().size() + 1);
  }
  const std::uint64_t kept =
      writes.size() - chance.below("writes that the power took", writes.size() + 1);
  for (std::uint64_t i = 0; i < kept; ++i) keep(writes[i], writes[i].size() * block_sectors, 0);
  if (kept == writes.size()) return;
  const std::uint64_t whole = writes[kept].size() * block_sectors;
  const std::uint64_t lost = 1 + chance.below("sectors that the power took", whole);
  keep(writes[kept], whole - lost, chance.below("torn at", sector_bytes));
}

void PlatterFile::lose_power(Chance& chance, Loss loss) {
  switch (loss) {
    case Loss::nothing:
      for (Unsynced& part : unsynced_) keep(Blocks(&part, 1), block_sectors, 0);
      break;
    case Loss::everything: break;
    case Loss::sectors:
      for (std::size_t first = 0; first < unsynced_.size();) {
        std::size_t last = first + 1;
        while (last < unsynced_.size() && unsynced_[last].write == unsynced_[first].write) ++last;
        lose_sectors(chance, Blocks(unsynced_).subspan(first, last - first));
        first = last;
      }
      break;
    case Loss::prefix: lose_prefix(chance); break;
  }
  for (Block& block : blocks_) block.cached = block.durable;
  unsynced_.clear();
  under_way_ = 0;
  strayed_ = false;
}

}  // namespace bowline::sim
