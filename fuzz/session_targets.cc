// SPDX-License-Identifier: Apache-2.0
#include "fuzz/session_targets.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/session/reply.h"
#include "bowline/session/snapshot.h"

namespace bowline::fuzz {
namespace {

using session::Serial;
using session::Table;

void check_rest(std::string_view whole, std::string_view rest) {
  ensure(rest.size() <= whole.size() && whole.ends_with(rest));
}

}  // namespace

bool eat_envelopes(std::string_view input) {
  const auto envelope = session::decode_envelope(input);
  if (!envelope) return false;
  ensure(encode(*envelope) == input);
  if (const auto* call = std::get_if<session::Call>(&envelope->body)) {
    ensure(call->session && call->from && call->from <= call->serial);
    check_rest(input, call->command);
  }
  if (const auto* set = std::get_if<session::SetBounds>(&envelope->body))
    ensure(set->bounds.fault().empty());
  return true;
}

bool eat_replies(std::string_view input) {
  const auto reply = session::decode_reply(input);
  if (!reply) return false;
  ensure(encode(*reply) == input);
  return true;
}

bool eat_sessions(std::string_view input) {
  if (input.empty()) return false;
  const std::size_t piece = 1 + static_cast<unsigned char>(input.front());
  const std::string_view table = input.substr(1);
  std::string whole;
  put(whole, session::snapshot_magic);
  put(whole, session::snapshot_version);
  put(whole, std::uint64_t{table.size()});
  put(whole, crc32c(table));
  whole += table;
  whole += "within";
  session::SnapshotHead head;
  std::string within;
  for (std::string_view rest = whole; !rest.empty();
       rest.remove_prefix(std::min(piece, rest.size()))) {
    const auto taken = head.add(rest.substr(0, piece));
    ensure(taken.has_value());
    within += *taken;
  }
  ensure(within == "within");
  const auto decoded = head.table();
  if (!decoded) return false;
  Table& read = **decoded;
  ensure(read.encode() == table && read.size() <= read.bounds().most_sessions);
  ensure(read.bytes() <= read.bounds().most_bytes);
  // It can be gone on with.
  read.tick(read.time_ms() + read.bounds().most_step_ms);
  read.open({absurd});
  read.keep(*read.find({absurd}), Serial{1}, "answer");
  ensure(read.size() <= read.bounds().most_sessions && read.bytes() <= read.bounds().most_bytes);
  ensure(Table::decode(read.encode()).has_value());
  return true;
}

std::vector<Seed> envelopes_seeds() {
  using namespace session;
  const auto of = [](Body body) { return encode({.tag = 300, .body = body}); };
  return {{"plain", of(Plain{"put"})},
          {"open", of(Open{})},
          {"call", of(Call{{200}, {9}, {7}, "put"})},
          {"alive", of(KeepAlive{{200}, {9}})},
          {"close", of(Close{{200}})},
          {"tick", of(Tick{123'456})},
          {"bounds", of(SetBounds{{}})}};
}

std::vector<Seed> replies_seeds() {
  return {{"done", encode(session::Done{"yes"})},
          {"opened", encode(session::Opened{{200}})},
          {"expired", encode(session::Expired{})}};
}

std::vector<Seed> sessions_seeds() {
  Table table;
  std::vector<Seed> seeds{{"empty", '\0' + table.encode()}};
  for (std::uint64_t id = 1; id <= 4; ++id) {
    table.tick(id * 700);
    table.open({id * 100});
    table.use(*table.find({id * 100}), {id});
    for (std::uint64_t i = 0; i < id; ++i)
      table.keep(*table.find({id * 100}), {id + 2 * i}, std::string(3 * i, 'a'));
  }
  seeds.push_back({"four", '\4' + table.encode()});
  table.set({.most_sessions = 4, .most_bytes = 20});
  seeds.push_back({"forgotten", '\xff' + table.encode()});
  return seeds;
}

}  // namespace bowline::fuzz
