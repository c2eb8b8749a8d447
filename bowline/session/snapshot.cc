// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/snapshot.h"

#include <algorithm>
#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/ids.h"

namespace bowline::session {
namespace {

class SessionReader final : public machine::Reader {
 public:
  SessionReader(std::string begin, std::unique_ptr<machine::Reader> within)
      : begin_(std::move(begin)), within_(std::move(within)) {}

  bool is_ready() override { return at_ < begin_.size() || within_->is_ready(); }
  Result<std::string> next(std::size_t most) override {
    if (at_ == begin_.size()) return within_->next(most);
    std::string part = begin_.substr(at_, most);
    at_ += part.size();
    return part;
  }

 private:
  std::string begin_;
  std::unique_ptr<machine::Reader> within_;
  std::size_t at_ = 0;
};

std::unexpected<Error> corrupt(std::string what) {
  return std::unexpected(Error{Fault::corrupt, std::move(what)});
}

}  // namespace

std::unique_ptr<machine::Reader> snapshot_of(std::string_view table,
                                             std::unique_ptr<machine::Reader> within) {
  std::string begin;
  begin.reserve(snapshot_head_bytes + table.size());
  put(begin, snapshot_magic);
  put(begin, snapshot_version);
  put(begin, std::uint64_t{table.size()});
  put(begin, crc32c(table));
  begin += table;
  return std::make_unique<SessionReader>(std::move(begin), std::move(within));
}

std::uint64_t SnapshotHead::wanted() const {
  if (gathered_.size() < snapshot_head_bytes) return snapshot_head_bytes;
  return snapshot_head_bytes + load<std::uint64_t>(&gathered_[8]);
}

Result<std::string_view> SnapshotHead::add(std::string_view bytes) {
  while (gathered_.size() < wanted() && !bytes.empty()) {
    const std::string_view part = bytes.substr(0, wanted() - gathered_.size());
    gathered_ += part;
    bytes.remove_prefix(part.size());
    if (gathered_.size() != snapshot_head_bytes) continue;
    if (load<std::uint32_t>(gathered_.data()) != snapshot_magic)
      return corrupt("this is no snapshot of a machine with sessions");
    if (load<std::uint32_t>(&gathered_[4]) != snapshot_version)
      return corrupt("this snapshot was made by a version of sessions that is not known here");
    if (load<std::uint64_t>(&gathered_[8]) > absurd)
      return corrupt("this snapshot has a table of sessions that nobody could hold");
  }
  return bytes;
}

Result<std::unique_ptr<Table>> SnapshotHead::table() const {
  if (gathered_.size() < snapshot_head_bytes || gathered_.size() < wanted())
    return corrupt("this snapshot ends within its table of sessions");
  const std::string_view table = std::string_view(gathered_).substr(snapshot_head_bytes);
  if (crc32c(table) != load<std::uint32_t>(&gathered_[16]))
    return corrupt("the table of sessions in this snapshot is damaged");
  return Table::decode(table);
}

}  // namespace bowline::session
