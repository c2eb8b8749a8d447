// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bowline/base/few.h"
#include "bowline/base/id_map.h"
#include "bowline/base/result.h"
#include "bowline/session/bounds.h"
#include "bowline/session/envelope.h"
#include "bowline/session/kept.h"

namespace bowline::session {

struct Answer {
  Serial serial;
  Kept kept;  // none: the call was done, but nobody knows the answer any more
};

struct Session {
  SessionId id;
  std::uint64_t used_ms = 0;  // the time of the last use, by the ticks
  Serial from{1};             // all below were done or given up, and are of no interest any more
  Few<Answer> answers;        // of what was done from there on, by serial
  Session* older = nullptr;
  Session* newer = nullptr;
  bool under_way = false;  // a call of it waits for the machine
};

// The sessions, and what was answered in each. It is the same on every node that has applied the
// same commands, however they came: one by one, in batches, or as a snapshot. So what has to go
// goes by the order of the log, and never by that of a hash table.
class Table {
 public:
  const Bounds& bounds() const { return bounds_; }
  std::uint64_t time_ms() const { return time_ms_; }
  std::size_t size() const { return sessions_.size(); }
  std::uint64_t bytes() const { return bytes_; }

  Session* find(SessionId id) { return sessions_.find(id); }
  const Session* find(SessionId id) const { return sessions_.find(id); }
  static const Answer* answer(const Session&, Serial);

  void open(SessionId);
  void close(SessionId);
  void use(Session&, Serial from);  // it is the newest then, and knows where its client waits
  // Right after it was used.
  void keep(Session&, Serial, std::string_view answer);
  void tick(std::uint64_t time_ms);
  void set(const Bounds&);

  // All of it as bytes, and back. The same table gives the same bytes.
  std::string encode() const;
  static Result<std::unique_ptr<Table>> decode(std::string_view);

  Table() = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

 private:
  friend class TableReader;
  Session& add(SessionId);
  void link(Session&);
  void unlink(Session&);
  void end(Session&);
  void end_those_not_used();
  void give_up_answers();
  Session& victim();

  Bounds bounds_;
  std::uint64_t time_ms_ = 0;
  std::uint64_t bytes_ = 0;  // of answers
  IdMap<SessionId, Session> sessions_;
  Session* oldest_ = nullptr;
  Session* newest_ = nullptr;
  Session* holding_ = nullptr;  // none that is older keeps a byte
};

}  // namespace bowline::session
