// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/snapshot.h"

#include <algorithm>

#include "bowline/host/shelf.h"

namespace bowline::host {

// When the whole process ends, the shelf is gone, and the files are left to the next start.
Snapshot::~Snapshot() {
  const std::shared_ptr<Shelf> shelf = shelf_.lock();
  if (shelf != nullptr) shelf->gone(name_.group, given_up_ ? files() : std::vector<std::string>());
}

void Snapshot::note_piece(std::uint32_t piece) {
  if (piece >= pieces_.size()) pieces_.resize(piece + 1);
  pieces_[piece] = true;
}

std::uint32_t Snapshot::pieces() const {
  return static_cast<std::uint32_t>(std::ranges::count(pieces_, true));
}

// The head first: a head without its pieces is of no use, and pieces without a head go anyway.
std::vector<std::string> Snapshot::files() const {
  std::vector<std::string> files;
  if (head_) files.push_back(head_file(name_, *head_));
  for (std::uint32_t piece = 0; piece < pieces_.size(); ++piece)
    if (pieces_[piece]) files.push_back(piece_file(name_, piece));
  return files;
}

}  // namespace bowline::host
