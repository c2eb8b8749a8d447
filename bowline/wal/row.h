// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/raft/effect.h"

namespace bowline::wal {

// Where the log went on before: whatever else lies behind that place does not count.
struct Follows {
  std::uint64_t segment = 0;  // 0: this is the first batch of all
  std::uint64_t end = 0;      // in blocks
  std::uint64_t batch = 0;
  friend bool operator==(const Follows&, const Follows&) = default;
};

// An entry as a table has it; its payload is further behind.
struct EntryHead {
  LogId id;
  raft::Kind kind = raft::Kind::command;
  std::uint32_t bytes = 0;
  std::uint64_t at = 0;  // where in the batch's content the payload begins
  bool lost = false;     // and that part of the content cannot be read
};

// What one write of one group asks for. The numbers order all writes of a log, for all time.
struct Row {
  GroupId group;
  std::uint64_t number = 0;
  bool moved = false;   // a copy out of a segment that was to go
  bool forget = false;  // the group left this node: nothing of it counts that is older
  bool discard = false;
  std::optional<raft::HardState> hard;
  std::optional<raft::Base> base;
  std::optional<Index> cut_after;
  std::vector<EntryHead> repaired;
  std::vector<EntryHead> entries;
  std::vector<raft::Entry> memberships;  // those of both lists that bring one, read in full

  std::size_t size() const { return repaired.size() + entries.size(); }
  const EntryHead* at(std::size_t place) const {  // in both lists; null: past the end
    if (place < repaired.size()) return &repaired[place];
    place -= repaired.size();
    return place < entries.size() ? &entries[place] : nullptr;
  }
};

// What a batch tells of the one before it: all but the payloads. So what is known of a batch that
// is lost altogether is what is known of one whose payloads are lost.
struct Echo {
  std::uint64_t batch = 0;    // its number; 0: there is none
  std::uint32_t blocks = 0;   // how long it is ...
  std::uint32_t content = 0;  // ... and how much of that is content
  std::uint32_t table = 0;    // where its payloads begin
  std::optional<Follows> follows;
  std::uint64_t rows = 0;
  std::string bytes;  // the rows as they are in its table
  friend bool operator==(const Echo&, const Echo&) = default;
};

// The contents of a batch, without the payloads.
struct Table {
  std::optional<Follows> follows;
  std::optional<Echo> echo;
  std::vector<Row> rows;
  Echo own;  // what the next batch tells of this one; its number and blocks are not known here
};

// A batch that is being written: rows are added, and then all is laid out in blocks.
class Draft {
 public:
  void follow(const Follows& follows);
  void repeat(const Echo& echo);
  // Of `write` its numbers count, and not its seq.
  void add(GroupId, std::uint64_t number, const raft::Persist& write, bool moved = false);
  void add_forget(GroupId, std::uint64_t number);

  bool empty() const { return rows_ == 0; }
  std::uint64_t bytes() const;  // of content
  std::uint64_t bytes_so_far() const { return table_.size() + payload_bytes_; }
  void tell(std::uint64_t batch, Echo&) const;  // what the next one repeats
  Echo echo(std::uint64_t batch) const {
    Echo made;
    tell(batch, made);
    return made;
  }
  // Into the blocks of a batch: `to` has room for blocks_for(bytes()).
  void lay_out(char* to) const;
  void clear();  // as if it were new, but for its memory

 private:
  void add_list(const raft::Batch& entries);

  std::optional<Follows> follows_;
  std::string follows_bytes_;
  std::string echo_bytes_;
  std::uint64_t rows_ = 0;
  std::string table_;
  std::vector<Bytes> payloads_;
  std::uint64_t payload_bytes_ = 0;
};

// How many bytes of content the table of a batch takes; told by the first four.
inline constexpr std::size_t table_size_bytes = 4;

// `table`: the content's first bytes, all of the table; `content`: how long the content is.
// Nothing if it does not make sense. Never trusts a length.
std::optional<Table> decode_table(std::string_view table, std::uint64_t content);

// The rows of a batch that only its successor tells of.
std::optional<std::vector<Row>> decode_echo(const Echo&);

}  // namespace bowline::wal
