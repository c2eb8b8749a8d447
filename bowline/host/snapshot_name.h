// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bowline/base/ids.h"

namespace bowline::host {

// What all files of one snapshot begin their names with. No two snapshots in a directory have the
// same: each has a number of its own.
struct SnapshotName {
  GroupId group;
  Index index;
  Term term;
  std::uint64_t number = 0;
  friend auto operator<=>(const SnapshotName&, const SnapshotName&) = default;
};

// The head of a snapshot is the file with its manifest. Its name says how far the snapshot is.
enum class Head : std::uint8_t {
  begun,
  // Whole. Two names for the same, of which a start gives it the other one.
  manifest,
  manifest_again,
};

std::string head_file(const SnapshotName&, Head);
std::string piece_file(const SnapshotName&, std::uint32_t piece);

// What a file's name says. nullopt: it is none of a snapshot.
struct SnapshotFile {
  SnapshotName name;
  std::optional<Head> head;  // else a piece
  std::uint32_t piece = 0;
};
std::optional<SnapshotFile> snapshot_file(std::string_view name);

}  // namespace bowline::host
