// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/disk.h"

#include <utility>

#include "bowline/sim/hash.h"

namespace bowline::sim {
namespace {

bool take_base(const Write& write, Image& image) {
  if (write.discard) {
    image.lines.clear();
    image.rotten = {};
  } else {
    if (write.base->id.index < image.base.id.index || write.base->id.index > image.last())
      return false;
    const std::uint64_t covered = write.base->id.index - image.base.id.index;
    image.lines.erase(image.lines.begin(),
                      image.lines.begin() + static_cast<std::ptrdiff_t>(covered));
    image.rotten.rebase(write.base->id.index);
  }
  image.base = *write.base;
  image.base_prefix = write.base_prefix;
  return true;
}

bool cut(Index keep, Image& image) {
  if (keep < image.base.id.index) return false;
  if (keep >= image.last()) return true;
  image.lines.resize(keep - image.base.id.index);
  image.rotten.cut_after(keep);
  return true;
}

bool repair(const Line& line, Image& image) {
  const Index index = line.entry.id.index;
  const Line* old = image.at(index);
  if (old == nullptr || old->entry.id != line.entry.id) return false;
  image.lines[index.value - image.base.id.index.value - 1] = line;
  image.rotten.mended(index);
  return true;
}

bool append(const Line& line, Image& image) {
  if (line.entry.id.index != image.last().next()) return false;
  image.lines.push_back(line);
  return true;
}

std::uint64_t prefix_before(Index index, const Image& image) {
  const Line* line = image.at(index.prev());
  return line == nullptr ? image.base_prefix : line->prefix;
}

}  // namespace

bool contains(const Image& image, LogId id) {
  if (image.base.id == id) return true;
  const Line* line = image.at(id.index);
  return line != nullptr && line->entry.id == id;
}

bool same_content(const raft::Entry& a, const raft::Entry& b) {
  return a.kind == b.kind && a.payload.view() == b.payload.view();
}

LogId last_of(const Image& image) {
  return image.lines.empty() ? image.base.id : image.lines.back().entry.id;
}

void restart_from(const Snapshot& snapshot, Image& image) {
  image.lines.clear();
  image.rotten = {};
  image.base = snapshot.base;
  image.base_prefix = snapshot.digest;
}

bool apply(const Write& write, std::size_t parts, Image& image) {
  bool sane = true;
  if (parts >= 1 && write.hard) image.hard = *write.hard;
  if (parts >= 2 && write.base) sane = take_base(write, image) && sane;
  if (parts >= 3 && write.cut_after) sane = cut(*write.cut_after, image) && sane;
  std::size_t left = parts < 3 ? 0 : parts - 3;
  for (const Line& line : write.repaired) {
    if (left == 0) return sane;
    sane = repair(line, image) && sane;
    --left;
  }
  for (const Line& line : write.entries) {
    if (left == 0) return sane;
    sane = append(line, image) && sane;
    --left;
  }
  return sane;
}

std::optional<Write> prepared(const raft::Persist& persist, const Site& site) {
  Write write{.seq = persist.seq,
              .hard = persist.hard_state,
              .base = persist.base,
              .base_prefix = 0,
              .discard = persist.discard,
              .cut_after = persist.cut_after,
              .repaired = {},
              .entries = {}};
  const Image& image = site.written;
  if (write.base) {
    const LogId id = write.base->id;
    if (!write.discard && !contains(image, id)) return std::nullopt;
    if (write.discard && site.snapshot.base.id != id) return std::nullopt;
    write.base_prefix =
        write.discard ? site.snapshot.digest : prefix_before(id.index.next(), image);
  }
  for (const raft::Entry& entry : persist.repaired)
    write.repaired.push_back({entry, extended(prefix_before(entry.id.index, image), entry)});
  if (persist.entries.empty()) return write;
  Index after = write.cut_after ? *write.cut_after : image.last();
  if (write.discard) after = write.base->id.index;
  std::uint64_t prefix = write.discard ? write.base_prefix : prefix_before(after.next(), image);
  for (const raft::Entry& entry : persist.entries) {
    prefix = extended(prefix, entry);
    write.entries.push_back({entry, prefix});
  }
  return write;
}

raft::Persist persist_of(const Write& write) {
  raft::Persist persist{.seq = write.seq,
                        .hard_state = write.hard,
                        .base = write.base,
                        .discard = write.discard,
                        .cut_after = write.cut_after,
                        .repaired = {},
                        .entries = {}};
  for (const Line& line : write.repaired) persist.repaired.push_back(line.entry);
  for (const Line& line : write.entries) persist.entries.push_back(line.entry);
  return persist;
}

}  // namespace bowline::sim
