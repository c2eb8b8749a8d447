// SPDX-License-Identifier: Apache-2.0
#include "fuzz/kv_targets.h"

#include <memory>
#include <string>
#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/kv/kv_machine.h"

namespace bowline::fuzz {
namespace {

using kv::KvMachine;

constexpr std::size_t block_head = 8;

std::string applied(KvMachine& machine, std::string_view command) {
  const machine::Command given{{{3}, {1}}, Bytes::copy(command)};
  std::string answer;
  machine.apply({&given, 1}, {&answer, 1});
  return answer;
}

// Some keys with a past, one of them with a lease.
void fill(KvMachine& machine) {
  applied(machine, encode(kv::Command(kv::LeaseGrant{7, 60})));
  for (const char* const key : {"a", "b", "a", "c"})
    applied(machine, encode(kv::Command(kv::Put{.key = key, .value = "v", .lease = 7})));
  applied(machine, encode(kv::Command(kv::DeleteRange{.keys = {"b", {}}})));
  applied(machine, encode(kv::Command(kv::Compact{3})));
}

std::string snapshot_of(KvMachine& machine) {
  std::string bytes;
  const auto reader = machine.snapshot();
  while (true) {
    const auto part = reader->next(1 << 20);
    ensure(part.has_value());
    if (part->empty()) return bytes;
    bytes += *part;
  }
}

bool load_into(KvMachine& machine, std::string_view bytes) {
  const auto writer = machine.restore();
  return writer->add(bytes).has_value() && writer->commit().has_value();
}

}  // namespace

bool eat_commands(std::string_view input) {
  const auto command = kv::decode_command(input);
  KvMachine machine;
  fill(machine);
  const auto answer = kv::decode_answer(applied(machine, input));
  ensure(answer.has_value());
  if (!command) ensure(answer->refusal == kv::Refusal::malformed);
  machine.store().check();
  while (machine.can_step()) machine.step(2);
  machine.store().check();
  KvMachine other;
  ensure(load_into(other, snapshot_of(machine)));
  if (!command) return false;
  ensure(encode(*command) == input);
  return true;
}

bool eat_answers(std::string_view input) {
  const auto answer = kv::decode_answer(input);
  if (!answer) return false;
  ensure(encode(*answer) == input);
  return true;
}

bool eat_maps(std::string_view input) {
  std::string block;
  put(block, static_cast<std::uint32_t>(input.size()));
  put(block, crc32c(input));
  block += input;
  KvMachine machine;
  if (!load_into(machine, block)) return false;
  machine.store().check();
  const std::string again = snapshot_of(machine);
  KvMachine other;
  ensure(load_into(other, again) && snapshot_of(other) == again);
  // It can be gone on with.
  fill(machine);
  machine.store().check();
  while (machine.can_step()) machine.step(2);
  machine.store().check();
  return true;
}

std::vector<Seed> commands_seeds() {
  using namespace kv;
  const auto of = [](const Command& command) { return encode(command); };
  const Op put{Put{.key = "a", .value = "new", .lease = 7, .prev_kv = true}};
  const Op range{Range{.keys = {"a", "z"}, .limit = 2, .order = Order::descending}};
  const Op erase{DeleteRange{.keys = {"a", "b"}, .prev_kv = true}};
  Txn txn{.compares = {{.keys = {"a", {}}, .number = 2, .value = {}}},
          .success = {put, range},
          .failure = {erase, range}};
  txn.failure.push_back({Txn{txn}});
  return {{"put", of(Put{.key = "a", .value = "new", .lease = 7, .prev_kv = true})},
          {"erase", of(DeleteRange{.keys = {"a", {"\0", 1}}, .prev_kv = true})},
          {"txn", of(txn)},
          {"compact", of(Compact{5})},
          {"grant", of(LeaseGrant{9, 60})},
          {"revoke", of(LeaseRevoke{7, 3})},
          {"checkpoint", of(LeaseCheckpoint{{{7, 20}, {8, 0}}, 3})},
          {"alarm", of(AlarmChange{AlarmChange::Action::raise, {1, Alarm::Kind::no_space}})}};
}

std::vector<Seed> answers_seeds() {
  KvMachine machine;
  fill(machine);
  std::vector<Seed> seeds;
  for (const Seed& command : commands_seeds())
    seeds.push_back({command.name, applied(machine, command.bytes)});
  return seeds;
}

std::vector<Seed> maps_seeds() {
  KvMachine machine;
  std::vector<Seed> seeds{{"empty", snapshot_of(machine).substr(block_head)}};
  fill(machine);
  seeds.push_back({"some", snapshot_of(machine).substr(block_head)});
  return seeds;
}

}  // namespace bowline::fuzz
