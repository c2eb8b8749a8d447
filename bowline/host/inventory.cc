// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/inventory.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace bowline::host {
void Inventory::fail(const Error& error) {
  done_(std::unexpected(
      Error{error.fault, "looking for snapshots in " + disk_.path() + ": " + error.what}));
}

// A name that we see may be in a cache only, if the process before us was killed.
void Inventory::begin() {
  shelf_.sync_names(life_.guard([this](const Result<void>& result) {
    if (!result) return fail(result.error());
    list();
  }));
}

void Inventory::list() {
  disk_.list(life_.guard([this](const Result<std::vector<env::Listed>>& files) {
    if (!files) return fail(files.error());
    listed(*files);
  }));
}

void Inventory::listed(const std::vector<env::Listed>& files) {
  for (const env::Listed& listed : files) {
    const std::optional<SnapshotFile> file = snapshot_file(listed.name);
    if (!file) continue;
    Files& all = files_[file->name];
    if (file->head) {
      all.heads.push_back(*file->head);
    } else {
      all.pieces[file->piece] = listed.bytes;
    }
  }
  next();
}

// Of several heads the one that says most. There are several only if the disk does not keep its
// promises.
void Inventory::next() {
  if (files_.empty()) return weed();
  auto entry = files_.extract(files_.begin());
  const SnapshotName name = entry.key();
  Files files = std::move(entry.mapped());
  const std::optional<Head> head =
      files.heads.empty() ? std::nullopt : std::optional(files.heads.back());
  for (const Head other : files.heads)
    if (other != head) unwanted_files_.push_back(head_file(name, other));
  auto judged = [this, name, files = std::move(files), head](Result<Manifest> manifest) {
    // Whether it is whole is not known. To begin without it would be to give it up.
    if (!manifest && manifest.error().fault == Fault::full) return fail(manifest.error());
    judge(name, files, head, std::move(manifest));
    next();
  };
  if (head) return shelf_.read_head(name, *head, life_.guard(std::move(judged)));
  judged(std::unexpected(Error{Fault::not_found, "it has no head"}));
}

bool Inventory::has_all(const Manifest& manifest, const Files& files) {
  for (std::uint32_t piece = 0; piece < manifest.pieces(); ++piece) {
    const auto found = files.pieces.find(piece);
    if (found == files.pieces.end() || found->second < manifest.bytes_of(piece)) return false;
  }
  return true;
}

void Inventory::judge(const SnapshotName& name, const Files& files, std::optional<Head> head,
                      Result<Manifest> manifest) {
  const bool has_manifest = manifest.has_value();
  const bool is_whole = has_manifest && has_all(*manifest, files);
  const SnapshotPtr snapshot = shelf_.found(name, has_manifest ? *std::move(manifest) : Manifest{});
  if (head) snapshot->note(*head);
  for (const auto& [piece, bytes] : files.pieces) snapshot->note_piece(piece);
  if (head == Head::begun && has_manifest) {
    keep_begun(snapshot);
  } else if (!head || head == Head::begun) {
    unwanted_.push_back(snapshot);  // it never was whole
  } else if (is_whole) {
    keep_whole(snapshot);
  } else {
    snapshot->found_bad();
    found_[name.group].broken.push_back(snapshot);
  }
}

// They come in the order of their names: by index, and the same index by age.
void Inventory::keep_whole(SnapshotPtr snapshot) {
  SnapshotPtr& newest = found_[snapshot->name().group].newest;
  if (newest != nullptr) unwanted_.push_back(std::move(newest));
  newest = std::move(snapshot);
}

void Inventory::keep_begun(const SnapshotPtr& snapshot) {
  found_[snapshot->name().group].begun.push_back(snapshot);
}

// Whoever goes on with one copies its pieces into a new one first, and may be stopped in the midst
// of that: then the older one still has more. So of the same snapshot the one with most pieces
// stays. If the youngest is another snapshot, both do: the next node may have either.
void Inventory::weed_begun(std::vector<SnapshotPtr>& begun) {
  if (begun.empty()) return;
  const SnapshotPtr most =
      *std::ranges::max_element(begun, {}, [](const SnapshotPtr& one) { return one->pieces(); });
  const SnapshotPtr youngest = begun.back();
  const bool same = youngest->manifest().identity == most->manifest().identity;
  for (const SnapshotPtr& one : begun)
    if (one != most && (same || one != youngest)) unwanted_.push_back(one);
  begun = {most};
  if (!same) begun.push_back(youngest);
}

// What is not newer than what is whole.
void Inventory::weed() {
  for (auto& [group, stock] : found_) {
    weed_begun(stock.begun);
    if (stock.newest == nullptr) continue;
    nameless_.push_back(stock.newest);
    const Index index = stock.newest->name().index;
    for (SnapshotPtr& begun : stock.begun)
      if (begun->name().index <= index) unwanted_.push_back(std::exchange(begun, nullptr));
    std::erase(stock.begun, nullptr);
    for (SnapshotPtr& broken : stock.broken)
      if (broken->name().index <= index) unwanted_.push_back(std::exchange(broken, nullptr));
    std::erase(stock.broken, nullptr);
  }
  name_next();
}

// If the sync after the name of a head had failed, the process before us never said that this
// snapshot is durable, and it is not: we see a name that no later sync takes along. A new name is a
// change of which the next one does.
void Inventory::name_next() {
  if (nameless_.empty()) return finish();
  const SnapshotPtr snapshot = std::move(nameless_.front());
  nameless_.pop_front();
  shelf_.name_anew(snapshot, life_.guard([this](const Result<void>& result) {
    if (!result) return fail(result.error());
    name_next();
  }));
}

// Nothing goes before what takes its place is durable.
void Inventory::finish() {
  shelf_.sync_names(life_.guard([this](const Result<void>& result) {
    if (!result) return fail(result.error());
    shelf_.remove(std::move(unwanted_files_));
    for (const SnapshotPtr& snapshot : unwanted_) snapshot->give_up();
    unwanted_.clear();
    std::erase_if(found_, [](const auto& entry) {
      const Stock& stock = entry.second;
      return stock.newest == nullptr && stock.begun.empty() && stock.broken.empty();
    });
    done_(std::move(found_));
  }));
}

}  // namespace bowline::host
