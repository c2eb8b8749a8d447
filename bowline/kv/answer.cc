// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/answer.h"

#include <array>
#include <utility>

#include "bowline/kv/codec.h"
#include "bowline/kv/command.h"

// revision | refusal u8 | what was said u8 | fields, written as those of commands are
namespace bowline::kv {
namespace {

constexpr std::array<std::string_view, refusals> sentences = {
    "",
    "the command is malformed, or of a version that is not known here",
    "the revision has been compacted",
    "there is no such revision yet",
    "there is no such key whose value or lease could be kept",
    "a value was given along with ignore_value",
    "a lease was given along with ignore_lease",
    "there is no such lease",
    "there is such a lease already",
    "the lease was found expired in another term; whoever leads now decides anew",
    "there is no space left: compact, and clear the alarm",
    "the data of a member is damaged, and nothing is served until the alarm is cleared",
    "nothing was done: the answer to a request that writes is at most 32 MiB; read it by itself",
    "it was done, but not told: too many large answers at once; read what you need",
};

void say(std::string& out, const Item& item) {
  put_bytes(out, item.key);
  put_bytes(out, item.value);
  for (const std::int64_t number :
       {item.create_revision, item.mod_revision, item.version, item.lease})
    put_signed(out, number);
}
Item hear_item(Cursor& in) {
  Item item{.key = take_bytes(in), .value = {}};
  item.value = take_bytes(in);
  for (std::int64_t* const number :
       {&item.create_revision, &item.mod_revision, &item.version, &item.lease})
    *number = take_signed(in);
  return item;
}

void say(std::string& out, const std::vector<Item>& items) {
  put_varint(out, items.size());
  for (const Item& item : items) say(out, item);
}
std::vector<Item> hear_items(Cursor& in) {
  std::vector<Item> items;
  const std::uint64_t count = take_count(in);
  for (std::uint64_t i = 0; i < count && in.good(); ++i) items.push_back(hear_item(in));
  return items;
}

void say(std::string& out, const RangeAnswer& answer) {
  say(out, answer.items);
  put_flag(out, answer.more);
  put_signed(out, answer.count);
}
RangeAnswer hear_range(Cursor& in) {
  RangeAnswer answer{.items = hear_items(in)};
  answer.more = take_flag(in);
  answer.count = take_signed(in);
  return answer;
}

void say(std::string& out, const PutAnswer& answer) {
  put_flag(out, answer.before.has_value());
  if (answer.before) say(out, *answer.before);
}
PutAnswer hear_put(Cursor& in) {
  if (!take_flag(in)) return {};
  return {hear_item(in)};
}

void say(std::string& out, const DeleteAnswer& answer) {
  put_signed(out, answer.deleted);
  say(out, answer.before);
}
DeleteAnswer hear_delete(Cursor& in) {
  const std::int64_t deleted = take_signed(in);
  return {deleted, hear_items(in)};
}

void say(std::string& out, const TxnAnswer& answer) {
  put_flag(out, answer.succeeded);
  put_varint(out, answer.responses.size());
  for (const OpAnswer& response : answer.responses) {
    put_signed(out, response.revision);
    out.push_back(static_cast<char>(response.what.index()));
    std::visit([&](const auto& what) { say(out, what); }, response.what);
  }
}
TxnAnswer hear_txn(Cursor& in, std::uint32_t nesting);
OpAnswer hear_op(Cursor& in, std::uint32_t nesting) {
  const std::int64_t revision = take_signed(in);
  switch (in.u8_below(4)) {
    case 0: return {revision, hear_range(in)};
    case 1: return {revision, hear_put(in)};
    case 2: return {revision, hear_delete(in)};
    default: return {revision, hear_txn(in, nesting + 1)};
  }
}
TxnAnswer hear_txn(Cursor& in, std::uint32_t nesting) {
  TxnAnswer answer;
  if (nesting > most_nesting) in.fail();
  answer.succeeded = take_flag(in);
  const std::uint64_t count = take_count(in);
  for (std::uint64_t i = 0; i < count && in.good(); ++i)
    answer.responses.push_back(hear_op(in, nesting));
  return answer;
}

void say(std::string&, const CompactAnswer&) {}
void say(std::string&, const LeaseRevokeAnswer&) {}
void say(std::string&, const LeaseCheckpointAnswer&) {}
void say(std::string& out, const LeaseGrantAnswer& answer) {
  put_signed(out, answer.id);
  put_signed(out, answer.ttl);
}
LeaseGrantAnswer hear_grant(Cursor& in) {
  const LeaseId id = take_signed(in);
  return {id, take_signed(in)};
}
void say(std::string& out, const AlarmAnswer& answer) {
  put_varint(out, answer.alarms.size());
  for (const Alarm& alarm : answer.alarms) {
    put_varint(out, alarm.member);
    out.push_back(static_cast<char>(alarm.kind));
  }
}
AlarmAnswer hear_alarms(Cursor& in) {
  AlarmAnswer answer;
  const std::uint64_t count = take_count(in);
  for (std::uint64_t i = 0; i < count && in.good(); ++i) {
    const std::uint64_t member = in.varint();
    answer.alarms.push_back({member, static_cast<Alarm::Kind>(in.u8_below(3))});
  }
  return answer;
}

Said hear_said(Cursor& in) {
  switch (in.u8_below(std::variant_size_v<Said>)) {
    case 0: return hear_put(in);
    case 1: return hear_delete(in);
    case 2: return hear_txn(in, 1);
    case 3: return CompactAnswer();
    case 4: return hear_grant(in);
    case 5: return LeaseRevokeAnswer();
    case 6: return LeaseCheckpointAnswer();
    default: return hear_alarms(in);
  }
}

}  // namespace

std::string_view words(Refusal refusal) { return sentences[static_cast<std::size_t>(refusal)]; }

std::string encode(const Answer& answer) {
  std::string out;
  put_signed(out, answer.revision);
  out.push_back(static_cast<char>(answer.refusal));
  if (answer.refusal != Refusal::none) return out;
  out.push_back(static_cast<char>(answer.said.index()));
  std::visit([&](const auto& said) { say(out, said); }, answer.said);
  return out;
}

std::optional<Answer> decode_answer(std::string_view bytes) {
  Cursor in(bytes);
  Answer answer{.revision = take_signed(in), .said = {}};
  answer.refusal = static_cast<Refusal>(in.u8_below(refusals));
  if (answer.refusal == Refusal::none) answer.said = hear_said(in);
  if (!in.good() || !in.at_end()) return std::nullopt;
  return answer;
}

}  // namespace bowline::kv
