// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/snapshot_name.h"

#include <array>
#include <charconv>
#include <utility>

#include "bowline/host/manifest.h"

// snapshot-GROUP-INDEX-TERM-NUMBER.PIECE, all in hexadecimal digits, so that they sort; and instead
// of the piece a word, for a head.
namespace bowline::host {
namespace {

constexpr std::string_view beginning = "snapshot";
constexpr std::size_t digits = 16;
constexpr std::size_t piece_digits = 8;
constexpr std::size_t stem_bytes = beginning.size() + 4 * (1 + digits);
constexpr std::array<std::string_view, 3> heads = {"begun", "manifest-a", "manifest-b"};

std::string hex(std::uint64_t value, std::size_t width) {
  std::array<char, digits> text{};
  const auto [end, error] = std::to_chars(text.begin(), text.end(), value, 16);
  const std::string found(text.begin(), end);
  return std::string(width - found.size(), '0') + found;
}

std::string stem(const SnapshotName& name) {
  std::string text(beginning);
  for (const std::uint64_t part :
       {name.group.value, name.index.value, name.term.value, name.number})
    text += "-" + hex(part, digits);
  return text;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  if (text.find_first_not_of("0123456789abcdef") != std::string_view::npos) return std::nullopt;
  std::uint64_t value = 0;
  std::from_chars(text.begin(), text.end(), value, 16);
  return value;
}

std::optional<SnapshotName> name_in(std::string_view text) {
  if (!text.starts_with(beginning)) return std::nullopt;
  text.remove_prefix(beginning.size());
  std::array<std::uint64_t, 4> parts{};
  for (std::uint64_t& part : parts) {
    const auto found = number_in(text.substr(1, digits));
    if (text.front() != '-' || !found) return std::nullopt;
    part = *found;
    text.remove_prefix(1 + digits);
  }
  return SnapshotName{{parts[0]}, {parts[1]}, {parts[2]}, parts[3]};
}

}  // namespace

std::string head_file(const SnapshotName& name, Head head) {
  return stem(name) + "." + std::string(heads[std::to_underlying(head)]);
}

std::string piece_file(const SnapshotName& name, std::uint32_t piece) {
  return stem(name) + "." + hex(piece, piece_digits);
}

std::optional<SnapshotFile> snapshot_file(std::string_view name) {
  if (name.size() <= stem_bytes || name[stem_bytes] != '.') return std::nullopt;
  const auto found = name_in(name.substr(0, stem_bytes));
  if (!found) return std::nullopt;
  const std::string_view ending = name.substr(stem_bytes + 1);
  SnapshotFile file{*found, std::nullopt, 0};
  for (const Head head : {Head::begun, Head::manifest, Head::manifest_again})
    if (ending == heads[std::to_underlying(head)]) file.head = head;
  if (file.head) return file;
  const auto piece = ending.size() == piece_digits ? number_in(ending) : std::nullopt;
  if (!piece || *piece >= most_pieces) return std::nullopt;
  file.piece = static_cast<std::uint32_t>(*piece);
  return file;
}

}  // namespace bowline::host
