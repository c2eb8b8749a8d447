// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/shelf.h"

namespace bowline::host {

// What a start finds of one group.
struct Stock {
  SnapshotPtr newest;               // whole, and nothing but a disk that rots can take it away
  std::vector<SnapshotPtr> broken;  // were whole; kept as long as there is nothing newer
  // By earlier lives, and may be gone on with: the youngest, and the one with most pieces.
  std::vector<SnapshotPtr> begun;
};

// A look at the directory when a node starts. Reads all heads, removes what is of no use.
class Inventory {
 public:
  using Found = std::map<GroupId, Stock>;
  Inventory(env::Disk& disk, Shelf& shelf, env::Done<Result<Found>> done)
      : disk_(disk), shelf_(shelf), done_(std::move(done)) {}

  void begin();

 private:
  struct Files {                                    // of one snapshot
    std::map<std::uint32_t, std::uint64_t> pieces;  // and how large they are
    std::vector<Head> heads;
  };

  void list();
  void listed(const std::vector<env::Listed>&);
  void next();
  void judge(const SnapshotName&, const Files&, std::optional<Head>, Result<Manifest>);
  static bool has_all(const Manifest&, const Files&);
  void keep_whole(SnapshotPtr);
  void keep_begun(const SnapshotPtr&);
  void weed_begun(std::vector<SnapshotPtr>&);
  void weed();
  void name_next();
  void finish();
  void fail(const Error&);

  env::Disk& disk_;
  Shelf& shelf_;
  env::Done<Result<Found>> done_;
  std::map<SnapshotName, Files> files_;  // not judged yet
  Found found_;
  std::deque<SnapshotPtr> nameless_;  // whose head must get its other name
  std::vector<SnapshotPtr> unwanted_;
  std::vector<std::string> unwanted_files_;
  env::Life life_;
};

}  // namespace bowline::host
