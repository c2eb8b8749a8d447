// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/host/manifest.h"
#include "bowline/host/snapshot_name.h"
#include "bowline/host/snapshot_store.h"

namespace bowline::host {

class Shelf;

// One snapshot in the directory, whole or on its way. Whoever has it keeps its files: once it is
// given up, they are removed when the last one lets go of it.
class Snapshot final : public HeldSnapshot {
 public:
  Snapshot(std::weak_ptr<Shelf> shelf, SnapshotName name, Manifest manifest)
      : shelf_(std::move(shelf)), name_(name), manifest_(std::move(manifest)) {}
  ~Snapshot() override;

  const SnapshotName& name() const { return name_; }
  const Manifest& manifest() const override { return manifest_; }
  bool is_bad() const { return bad_; }
  // Something of it cannot be read. Whoever merely reads it may be the one who finds that out.
  void found_bad() const { bad_ = true; }

  // For those who make it.
  Manifest& draft() { return manifest_; }
  void give_up() { given_up_ = true; }
  // There is such a file, or may be.
  void note(Head head) { head_ = head; }
  void note_piece(std::uint32_t piece);
  bool may_have(std::uint32_t piece) const { return piece < pieces_.size() && pieces_[piece]; }
  std::uint32_t pieces() const;  // of which there is a file, or may be
  std::optional<Head> head() const { return head_; }

 private:
  std::vector<std::string> files() const;

  std::weak_ptr<Shelf> shelf_;
  SnapshotName name_;
  Manifest manifest_;
  std::optional<Head> head_;
  std::vector<bool> pieces_;
  mutable bool bad_ = false;
  bool given_up_ = false;
};

using SnapshotPtr = std::shared_ptr<Snapshot>;
using ConstSnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace bowline::host
