// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/snapshot.h"

namespace bowline::host {

// The files of snapshots: writes, reads, names and removes them, and decides nothing. A snapshot
// stays where it is while one of its files is busy here.
//
// Fault::io means that a write or a sync failed, and only that: what cannot be read is corrupt. But
// Fault::full of a read says that nobody could look now, as when the process has too many files
// open: nothing is known of what is there, and nothing may come of it.
class Shelf : public std::enable_shared_from_this<Shelf> {
 public:
  explicit Shelf(env::Env env) : env_(env) {}
  ~Shelf();
  Shelf(const Shelf&) = delete;
  Shelf& operator=(const Shelf&) = delete;

  SnapshotPtr add(Manifest);                         // a new one, without any file
  SnapshotPtr found(const SnapshotName&, Manifest);  // one that is there
  env::Buffer buffer(std::uint64_t bytes) { return env_.disk.buffer(bytes); }

  // The file is new, and durable but for its name.
  void write_piece(const SnapshotPtr&, std::uint32_t piece, env::Buffer, env::Done<Result<void>>);
  void write_head(const SnapshotPtr&, env::Done<Result<void>>);
  void sync_names(env::Done<Result<void>> done) {
    env_.disk.sync_names(life_.guard(std::move(done)));
  }
  // All its files are there, and from now on, it is: durably, when `done` says so.
  void publish(const SnapshotPtr&, env::Done<Result<void>>);
  // Its head gets its other name. That is a change that the next sync takes along.
  void name_anew(const SnapshotPtr&, env::Done<Result<void>>);

  // Without the padding, and checked. What is bad at first is read twice.
  void read_piece(const ConstSnapshotPtr&, std::uint32_t piece, env::Done<Result<env::Buffer>>);
  // The same, for who has nothing else to do than to wait until it can be looked at.
  void read_piece_patiently(const ConstSnapshotPtr&, std::uint32_t piece,
                            env::Done<Result<env::Buffer>>);
  void read_head(const SnapshotName&, Head, env::Done<Result<Manifest>>);

  // One file after the other, so that nobody else's names wait for thousands of them. What cannot
  // be removed is left to the next start.
  void remove(std::vector<std::string> files);
  // Nobody has this snapshot any more. These are its files, if they are to go.
  void gone(GroupId, std::vector<std::string> files);
  // All snapshots of the group were given up. Says when nobody has one any more, and no start finds
  // any of their files. An error: one of them cannot be removed.
  void wait_until_gone(GroupId, env::Done<Result<void>>);

 private:
  struct Waiting {
    GroupId group;
    env::Done<Result<void>> done;
  };
  void write_file(std::string name, env::Buffer, env::Done<Result<void>>);
  void read_file(std::string name, std::uint64_t most_bytes, env::Done<Result<env::Buffer>>);
  void read_piece_once(const ConstSnapshotPtr&, std::uint32_t piece,
                       env::Done<Result<env::Buffer>>);
  void read_head_once(const SnapshotName&, Head, env::Done<Result<Manifest>>);
  void look_again(env::Done<>);
  void rename_head(const SnapshotPtr&, Head to, env::Done<Result<void>>);
  void remove_next();
  void removed(const std::string& file, const Result<void>&);
  void tell_gone();

  env::Env env_;
  env::TimerId look_timer_;  // once somebody had to wait
  std::vector<env::Done<>> looks_;
  std::uint64_t highest_number_ = 0;  // of a snapshot
  std::deque<std::string> unwanted_;
  bool removing_ = false;
  std::map<GroupId, std::uint64_t> had_;  // so many snapshots of it somebody has
  std::map<GroupId, Error> stuck_;        // of its files some could not be removed
  std::vector<Waiting> waiting_;
  env::Life life_;
};

}  // namespace bowline::host
