// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/portable.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <random>
#include <utility>
#include <variant>

#include "bowline/base/crc32c.h"
#include "bowline/host/manifest.h"
#include "bowline/machine/replaceable_machine.h"
#include "bowline/runtime/whole_file.h"

namespace bowline {
namespace {

Error wrong(const std::string& path, const std::string& what) {
  return {Fault::corrupt, path + ": " + what};
}

// Reads one piece after the other, and has another thread write it. Lives until its answer.
class Exporting final : public std::enable_shared_from_this<Exporting> {
 public:
  Exporting(host::Shard& shard, host::HeldSnapshotPtr snapshot, std::string path,
            env::Done<Result<raft::Base>> done)
      : shard_(shard),
        snapshot_(std::move(snapshot)),
        file_(std::move(path)),
        done_(std::move(done)) {}

  ~Exporting() {
    if (done_) done_(std::unexpected(Error{Fault::not_found, "the node ended before that"}));
  }
  Exporting(const Exporting&) = delete;
  Exporting& operator=(const Exporting&) = delete;

  void begin() { write(host::encode(snapshot_->manifest())); }

 private:
  // What the other thread does, and what came of it.
  void write(std::string bytes) {
    auto self = shared_from_this();
    shard_.loop().aside(
        [self, bytes = std::move(bytes)] { self->wrote_ = self->file_.write(bytes); },
        [self] {
          if (!self->wrote_) return self->answer(std::unexpected(self->wrote_.error()));
          self->next();
        });
  }
  void next() {
    if (piece_ == snapshot_->manifest().pieces()) return end();
    shard_.snapshots().read_piece(
        snapshot_, piece_, [self = shared_from_this()](const Result<env::Buffer>& read) {
          if (!read) return self->answer(std::unexpected(read.error()));
          const host::Manifest& manifest = self->snapshot_->manifest();
          const std::uint32_t size = manifest.bytes_of(self->piece_);
          const std::string_view bytes = read->view().substr(0, size);
          if (!manifest.is(self->piece_++, bytes))
            return self->answer(std::unexpected(
                Error{Fault::corrupt, "a piece of the snapshot cannot be read; take another one"}));
          self->write(std::string(bytes));
        });
  }
  void end() {
    auto self = shared_from_this();
    shard_.loop().aside([self] { self->wrote_ = self->file_.end(); },
                        [self] {
                          if (!self->wrote_)
                            return self->answer(std::unexpected(self->wrote_.error()));
                          self->answer(self->snapshot_->manifest().base);
                        });
  }

  void answer(Result<raft::Base> result) { std::exchange(done_, {})(std::move(result)); }

  host::Shard& shard_;
  host::HeldSnapshotPtr snapshot_;
  runtime::WholeFile file_;
  env::Done<Result<raft::Base>> done_;
  std::uint32_t piece_ = 0;
  Result<void> wrote_;
};

class Importing final : public machine::Reader {
 public:
  Importing(std::string path, std::shared_ptr<const host::Manifest> manifest)
      : path_(std::move(path)), file_(path_, std::ios::binary), manifest_(std::move(manifest)) {
    file_.seekg(static_cast<std::streamoff>(host::encode(*manifest_).size()));
  }

  Result<std::string> next(std::size_t most) override {
    if (rest_.empty() && piece_ < manifest_->pieces()) {
      std::string bytes(manifest_->bytes_of(piece_), '\0');
      file_.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
      if (!file_ || !manifest_->is(piece_, bytes))
        return std::unexpected(wrong(path_, "piece " + std::to_string(piece_ + 1) + " of " +
                                                std::to_string(manifest_->pieces()) +
                                                " is missing or damaged: use another copy"));
      rest_ = std::move(bytes);
      ++piece_;
    }
    std::string part = rest_.substr(0, most);
    rest_.erase(0, part.size());
    return part;
  }

 private:
  std::string path_;
  std::ifstream file_;
  std::shared_ptr<const host::Manifest> manifest_;
  std::uint32_t piece_ = 0;
  std::string rest_;  // of the piece before that
};

// One command of a replacement. Sent again it does no harm, so it is, if nobody knows what became
// of it.
Result<void> say(const Group& group, const std::string& command, bool last) {
  constexpr int tries = 20;
  for (int i = 0; i < tries; ++i) {
    const Outcome outcome = group.propose(command).get();
    if (const auto* done = std::get_if<Applied>(&outcome)) {
      if (!done->answer || machine::is_good(*done->answer)) return {};
      return std::unexpected(Error{Fault::io, *done->answer});
    }
    if (const auto* refused = std::get_if<Refused>(&outcome)) {
      const bool soon = refused->why == raft::Refusal::full;
      if (soon) {
        group.barrier().wait();  // until there is room
        continue;
      }
      const std::string at = refused->leader
                                 ? ": do so at node " + std::to_string(refused->leader.value)
                                 : std::string();
      return std::unexpected(Error{Fault::unreachable, "this node does not lead the group" + at});
    }
    // The last one must not be sent twice: the second time it would be refused as over.
    if (last && std::holds_alternative<Unknown>(outcome))
      return std::unexpected(
          Error{Fault::timeout,
                "nobody knows whether the state was replaced: look at it, or begin anew"});
  }
  return std::unexpected(Error{Fault::timeout, "the group takes nothing: try again later"});
}

}  // namespace

Result<void> replace_state(const Group& group, const std::string& path) {
  constexpr std::size_t part_bytes = 256 << 10;
  const Result<Importer> importer = import_snapshot(path);
  if (!importer) return std::unexpected(importer.error());
  // Read once before anything is proposed: what is damaged is found in time.
  std::uint64_t bytes = 0;
  const std::unique_ptr<machine::Reader> first = (*importer)();
  for (;;) {
    const Result<std::string> part = first->next(part_bytes);
    if (!part) return std::unexpected(part.error());
    if (part->empty()) break;
    bytes += part->size();
  }
  std::random_device random;
  const std::uint64_t id = (std::uint64_t{random()} << 32) + random() + 1;
  if (Result<void> begun = say(group, machine::begin_replacing(id, bytes), false); !begun)
    return begun;
  const std::unique_ptr<machine::Reader> reader = (*importer)();
  std::uint64_t at = 0;
  std::uint32_t sum = crc32c({});
  while (at < bytes) {
    const Result<std::string> part = reader->next(part_bytes);
    if (!part) return std::unexpected(part.error());
    if (Result<void> said = say(group, machine::replace_part(id, at, *part), false); !said)
      return said;
    sum = crc32c(*part, sum);
    at += part->size();
  }
  return say(group, machine::end_replacing(id, sum), true);
}

void export_snapshot(host::Shard& shard, GroupId group, std::string path,
                     env::Done<Result<raft::Base>> done) {
  host::HeldSnapshotPtr snapshot = shard.snapshots().hold(group);
  if (snapshot == nullptr)
    return done(std::unexpected(
        Error{Fault::not_found, "there is no snapshot of the group on this node yet"}));
  std::make_shared<Exporting>(shard, std::move(snapshot), std::move(path), std::move(done))
      ->begin();
}

Result<Importer> import_snapshot(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::unexpected(Error{Fault::not_found, path + ": it cannot be opened"});
  std::string front(host::manifest_head_bytes + host::most_manifest_bytes, '\0');
  file.read(front.data(), static_cast<std::streamsize>(front.size()));
  front.resize(static_cast<std::size_t>(file.gcount()));
  Result<host::Manifest> manifest = host::decode_manifest_file(front);
  if (!manifest)
    return std::unexpected(wrong(path, "it is no exported snapshot: " + manifest.error().what));
  file.clear();
  file.seekg(0, std::ios::end);
  const std::uint64_t all = host::encode(*manifest).size() + manifest->bytes;
  if (static_cast<std::uint64_t>(file.tellg()) != all)
    return std::unexpected(wrong(path, "it is not as long as it must be: use another copy"));
  auto shared = std::make_shared<const host::Manifest>(*std::move(manifest));
  return [path, shared] { return std::make_unique<Importing>(path, shared); };
}

}  // namespace bowline
