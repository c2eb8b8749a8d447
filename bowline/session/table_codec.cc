// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <utility>

#include "bowline/base/encoding.h"
#include "bowline/session/table.h"

// Varints: the six bounds | time | how many sessions, and each of them, the one that was not used
// for longest first:
//   id | how long ago it was used | from | how many calls are done, and each of them by serial:
//     serial - from | 0: no answer; else its bytes and one | the answer
namespace bowline::session {
namespace {

void put_bounds(std::string& out, const Bounds& bounds) {
  put_varint(out, bounds.most_sessions);
  put_varint(out, bounds.most_calls);
  put_varint(out, bounds.most_answer_bytes);
  put_varint(out, bounds.most_bytes);
  put_varint(out, bounds.lifetime_ms);
  put_varint(out, bounds.most_step_ms);
}

void put_answer(std::string& out, const Answer& answer, Serial from) {
  put_varint(out, answer.serial - from);
  put_varint(out, answer.kept ? answer.kept.size() + 1 : 0);
  out += answer.kept.view();
}

}  // namespace

std::string Table::encode() const {
  std::string out;
  out.reserve(32 + 16 * size() + bytes_);
  put_bounds(out, bounds_);
  put_varint(out, time_ms_);
  put_varint(out, size());
  for (const Session* session = oldest_; session != nullptr; session = session->newer) {
    put_varint(out, session->id.value);
    put_varint(out, time_ms_ - session->used_ms);
    put_varint(out, session->from.value);
    put_varint(out, session->answers.size());
    for (const Answer& answer : session->answers) put_answer(out, answer, session->from);
  }
  return out;
}

class TableReader {
 public:
  TableReader(std::string_view bytes, Table& table) : cursor_(bytes), table_(table) {}

  bool table() {
    table_.bounds_ = bounds();
    if (!cursor_.good() || !table_.bounds_.fault().empty()) return false;
    table_.time_ms_ = cursor_.varint_at_most(absurd);
    const std::uint64_t sessions = cursor_.varint_at_most(table_.bounds_.most_sessions);
    for (std::uint64_t i = 0; i < sessions; ++i)
      if (!session()) return false;
    return cursor_.good() && cursor_.at_end() && table_.bytes_ <= table_.bounds_.most_bytes;
  }

 private:
  Bounds bounds() {
    return {.most_sessions = cursor_.varint(),
            .most_calls = cursor_.varint(),
            .most_answer_bytes = cursor_.varint(),
            .most_bytes = cursor_.varint(),
            .lifetime_ms = cursor_.varint(),
            .most_step_ms = cursor_.varint()};
  }

  bool session() {
    const SessionId id{cursor_.varint_at_most(absurd)};
    const Session* const before = table_.newest_;
    const std::uint64_t oldest = std::min(table_.time_ms_, table_.bounds_.lifetime_ms);
    const std::uint64_t ago = cursor_.varint_at_most(
        before == nullptr ? oldest : std::min(oldest, table_.time_ms_ - before->used_ms));
    const Serial from{cursor_.varint_at_most(absurd)};
    if (!cursor_.good() || !id || !from || table_.find(id) != nullptr) return false;
    Session& session = table_.add(id);
    session.used_ms = table_.time_ms_ - ago;
    session.from = from;
    // Fewer calls may be allowed now than were when these were done.
    const std::uint64_t answers = cursor_.varint_at_most(most_done);
    for (std::uint64_t i = 0; i < answers; ++i)
      if (!answer(session)) return false;
    return cursor_.good();
  }

  bool answer(Session& session) {
    const Serial serial = session.from + cursor_.varint_at_most(absurd - session.from.value);
    const std::uint64_t size = cursor_.varint();
    const std::string_view bytes = cursor_.take(size == 0 ? 0 : size - 1);
    const bool in_order = session.answers.empty() || session.answers.back().serial < serial;
    if (!cursor_.good() || !in_order || bytes.size() > UINT32_MAX) return false;
    session.answers.push_back({serial, size == 0 ? Kept() : Kept(bytes)});
    table_.bytes_ += bytes.size();
    return true;
  }

  static constexpr std::uint64_t most_done = 4096;
  Cursor cursor_;
  Table& table_;
};

Result<std::unique_ptr<Table>> Table::decode(std::string_view bytes) {
  auto table = std::make_unique<Table>();
  if (TableReader(bytes, *table).table()) return table;
  return std::unexpected(Error{Fault::corrupt, "a table of sessions that nobody wrote"});
}

}  // namespace bowline::session
