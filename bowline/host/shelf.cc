// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/shelf.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <optional>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/host/bugs.h"

namespace bowline::host {
namespace {

using env::block_bytes;
using File = std::unique_ptr<env::File>;

std::uint64_t whole_blocks(std::uint64_t bytes) {
  return (bytes + block_bytes - 1) / block_bytes * block_bytes;
}

std::unexpected<Error> corrupt(std::string what) {
  return std::unexpected(Error{Fault::corrupt, std::move(what)});
}

constexpr Duration looks_again_after = std::chrono::milliseconds(250);

// Of a file that was not opened, or not read.
std::unexpected<Error> not_read(Error error) {
  if (error.fault == Fault::full) return std::unexpected(std::move(error));
  return corrupt(std::move(error.what));
}

SnapshotName name_of(const Manifest& manifest, std::uint64_t number) {
  return {manifest.group, manifest.base.id.index, manifest.base.id.term, number};
}

// Passes an error on, or goes on with what went well.
template <class Value, class Then>
auto or_tell(env::Done<Result<Value>>& done, Then then) {
  return [done = std::move(done), then = std::move(then)](Result<void> result) mutable {
    if (!result) return done(std::unexpected(std::move(result.error())));
    then(std::move(done));
  };
}

}  // namespace

Shelf::~Shelf() {
  if (look_timer_) env_.loop.drop(look_timer_);
}

SnapshotPtr Shelf::add(Manifest manifest) {
  const SnapshotName name = name_of(manifest, ++highest_number_);
  ++had_[name.group];
  return std::make_shared<Snapshot>(weak_from_this(), name, std::move(manifest));
}

SnapshotPtr Shelf::found(const SnapshotName& name, Manifest manifest) {
  highest_number_ = std::max(highest_number_, name.number);
  ++had_[name.group];
  return std::make_shared<Snapshot>(weak_from_this(), name, std::move(manifest));
}

// ---- writing

void Shelf::write_file(std::string name, env::Buffer bytes, env::Done<Result<void>> done) {
  const std::uint64_t size = bytes.size();
  env_.disk.create(std::move(name), size,
                   life_.guard([this, bytes = std::move(bytes),
                                done = std::move(done)](Result<File> created) mutable {
                     if (!created) return done(std::unexpected(std::move(created.error())));
                     const std::shared_ptr<env::File> file = *std::move(created);
                     file->write(0, std::move(bytes), env::Sync::yes,
                                 life_.guard([file, done = std::move(done)](
                                                 Result<void> result, const env::Buffer&) mutable {
                                   done(std::move(result));
                                 }));
                   }));
}

void Shelf::write_piece(const SnapshotPtr& snapshot, std::uint32_t piece, env::Buffer bytes,
                        env::Done<Result<void>> done) {
  snapshot->note_piece(piece);
  write_file(
      piece_file(snapshot->name(), piece), std::move(bytes),
      [snapshot, done = std::move(done)](Result<void> result) mutable { done(std::move(result)); });
}

void Shelf::write_head(const SnapshotPtr& snapshot, env::Done<Result<void>> done) {
  const std::string text = encode(snapshot->manifest());
  env::Buffer bytes = buffer(text.size());
  std::memset(bytes.data(), 0, bytes.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  snapshot->note(Head::begun);
  write_file(
      head_file(snapshot->name(), Head::begun), std::move(bytes),
      [snapshot, done = std::move(done)](Result<void> result) mutable { done(std::move(result)); });
}

void Shelf::rename_head(const SnapshotPtr& snapshot, Head to, env::Done<Result<void>> done) {
  ensure(snapshot->head().has_value());
  env_.disk.rename(head_file(snapshot->name(), *snapshot->head()), head_file(snapshot->name(), to),
                   life_.guard([snapshot, to, done = std::move(done)](Result<void> result) mutable {
                     if (result) snapshot->note(to);
                     done(std::move(result));
                   }));
}

// The names of all its files are durable before its head says that it is whole. So whoever finds
// such a head finds the pieces, and the only name of which that is not sure is that of the head.
void Shelf::publish(const SnapshotPtr& snapshot, env::Done<Result<void>> done) {
  ensure(snapshot->head() == Head::begun);
  if (planted(p97_snapshot_names_not_synced))
    return rename_head(snapshot, Head::manifest, std::move(done));
  sync_names(or_tell(done, [this, snapshot](env::Done<Result<void>> named) {
    rename_head(snapshot, Head::manifest, or_tell(named, [this](env::Done<Result<void>> renamed) {
                  sync_names(std::move(renamed));
                }));
  }));
}

void Shelf::name_anew(const SnapshotPtr& snapshot, env::Done<Result<void>> done) {
  const bool first = snapshot->head() == Head::manifest;
  rename_head(snapshot, first ? Head::manifest_again : Head::manifest, std::move(done));
}

// ---- reading

void Shelf::read_file(std::string name, std::uint64_t most_bytes,
                      env::Done<Result<env::Buffer>> done) {
  env_.disk.open(
      std::move(name),
      life_.guard([this, most_bytes, done = std::move(done)](Result<File> opened) mutable {
        if (!opened) return done(not_read(std::move(opened.error())));
        const std::shared_ptr<env::File> file = *std::move(opened);
        const std::uint64_t bytes = file->size() / block_bytes * block_bytes;
        if (bytes == 0 || bytes > most_bytes) return done(corrupt("a file has the wrong size"));
        file->read(0, bytes,
                   life_.guard([file, done = std::move(done)](Result<env::Buffer> read) mutable {
                     if (!read) return done(not_read(std::move(read.error())));
                     done(std::move(read));
                   }));
      }));
}

void Shelf::read_piece_once(const ConstSnapshotPtr& snapshot, std::uint32_t piece,
                            env::Done<Result<env::Buffer>> done) {
  read_file(piece_file(snapshot->name(), piece), whole_blocks(snapshot->manifest().bytes_of(piece)),
            [snapshot, piece, done = std::move(done)](Result<env::Buffer> read) mutable {
              if (!read) return done(std::move(read));
              const std::uint32_t bytes = snapshot->manifest().bytes_of(piece);
              if (read->size() >= bytes) read->shrink(bytes);
              if (!snapshot->manifest().is(piece, read->view()))
                return done(corrupt("piece " + std::to_string(piece) + " is damaged"));
              done(std::move(read));
            });
}

void Shelf::read_piece(const ConstSnapshotPtr& snapshot, std::uint32_t piece,
                       env::Done<Result<env::Buffer>> done) {
  auto again = [snapshot, done = std::move(done)](Result<env::Buffer> read) mutable {
    if (!read && read.error().fault != Fault::full) snapshot->found_bad();
    done(std::move(read));
  };
  read_piece_once(
      snapshot, piece,
      [this, snapshot, piece, again = std::move(again)](Result<env::Buffer> read) mutable {
        if (read) return again(std::move(read));
        read_piece_once(snapshot, piece, std::move(again));
      });
}

void Shelf::read_piece_patiently(const ConstSnapshotPtr& snapshot, std::uint32_t piece,
                                 env::Done<Result<env::Buffer>> done) {
  auto came = [this, snapshot, piece, done = std::move(done)](Result<env::Buffer> read) mutable {
    if (read || read.error().fault != Fault::full) return done(std::move(read));
    look_again([this, snapshot, piece, done = std::move(done)]() mutable {
      read_piece_patiently(snapshot, piece, std::move(done));
    });
  };
  read_piece(snapshot, piece, std::move(came));
}

void Shelf::look_again(env::Done<> look) {
  looks_.push_back(std::move(look));
  if (looks_.size() > 1) return;
  if (!look_timer_)
    look_timer_ = env_.loop.timer([this] {
      for (env::Done<>& due : std::exchange(looks_, {})) due();
    });
  env_.loop.set(look_timer_, env_.clock.now() + looks_again_after);
}

void Shelf::read_head_once(const SnapshotName& name, Head head, env::Done<Result<Manifest>> done) {
  read_file(head_file(name, head), whole_blocks(most_manifest_bytes),
            [name, done = std::move(done)](Result<env::Buffer> read) mutable {
              if (!read) return done(std::unexpected(std::move(read.error())));
              Result<Manifest> manifest = decode_manifest_file(read->view());
              if (manifest && name_of(*manifest, name.number) != name)
                manifest = corrupt("the manifest of a snapshot is that of another one");
              done(std::move(manifest));
            });
}

void Shelf::read_head(const SnapshotName& name, Head head, env::Done<Result<Manifest>> done) {
  read_head_once(name, head,
                 [this, name, head, done = std::move(done)](Result<Manifest> manifest) mutable {
                   if (manifest) return done(std::move(manifest));
                   read_head_once(name, head, std::move(done));
                 });
}

// ---- removing

void Shelf::remove(std::vector<std::string> files) {
  for (std::string& file : files) unwanted_.push_back(std::move(file));
  remove_next();
}

void Shelf::remove_next() {
  if (removing_) return;
  if (unwanted_.empty()) return tell_gone();
  removing_ = true;
  std::string file = std::move(unwanted_.front());
  unwanted_.pop_front();
  env_.disk.remove(file, life_.guard([this, file](const Result<void>& result) {
    removing_ = false;
    removed(file, result);
    remove_next();
  }));
}

void Shelf::removed(const std::string& file, const Result<void>& result) {
  if (result || result.error().fault == Fault::not_found) return;
  if (const std::optional<SnapshotFile> named = snapshot_file(file))
    stuck_.insert_or_assign(named->name.group, result.error());
}

void Shelf::gone(GroupId group, std::vector<std::string> files) {
  if (const auto had = had_.find(group); had != had_.end() && --had->second == 0) had_.erase(had);
  remove(std::move(files));
}

void Shelf::wait_until_gone(GroupId group, env::Done<Result<void>> done) {
  waiting_.push_back({group, std::move(done)});
  remove_next();
}

// Nothing waits to be removed. A sync takes along what was.
void Shelf::tell_gone() {
  for (Waiting& waits : std::exchange(waiting_, {})) {
    if (had_.contains(waits.group)) {
      waiting_.push_back(std::move(waits));
      continue;
    }
    const auto stuck = stuck_.extract(waits.group);
    sync_names([done = std::move(waits.done),
                error = stuck.empty() ? std::nullopt : std::optional(stuck.mapped())](
                   Result<void> synced) mutable {
      if (error) return done(std::unexpected(*std::move(error)));
      done(std::move(synced));
    });
  }
}

}  // namespace bowline::host
