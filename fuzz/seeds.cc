// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>

#include "bowline/base/encoding.h"
#include "bowline/host/manifest.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/wal/batch.h"
#include "bowline/wal/forge.h"
#include "bowline/wal/identity.h"
#include "fuzz/etcd_targets.h"
#include "fuzz/front_targets.h"
#include "fuzz/kv_targets.h"
#include "fuzz/rpc_targets.h"
#include "fuzz/segment_targets.h"
#include "fuzz/session_targets.h"
#include "fuzz/targets.h"
#include "fuzz/wire_targets.h"

namespace bowline::fuzz {
namespace {

using wal::block_bytes;
using wal::Draft;

struct Made {
  std::string name;
  Draft draft;
};

raft::Persist entries(std::uint64_t first, std::size_t count, std::size_t bytes) {
  raft::Persist write;
  for (std::uint64_t i = 0; i < count; ++i)
    write.entries.push_back(
        {{{3}, {first + i}}, raft::Kind::command, Bytes::own(std::string(bytes, 'p'))});
  return write;
}

// One of each thing that a table may have.
std::vector<Made> drafts() {
  std::vector<Made> made(7);
  made[0].name = "first";
  made[0].draft.follow({});
  made[0].draft.add({1}, 1, {.hard_state = raft::HardState{{3}, {2}, {100}, true}});
  made[0].draft.add({1}, 2, entries(1, 3, 5));
  made[1].name = "follows";
  made[1].draft.follow({1, 9, 6});
  made[1].draft.repeat(made[0].draft.echo(6));
  made[1].draft.add({2}, 3, entries(1, 2, 40), true);
  made[2].name = "base";
  made[2].draft.repeat(made[1].draft.echo(7));
  made[2].draft.add({1}, 4,
                    {.base = raft::Base{{{3}, {7}}, wal::three_members(), {4}, {3}},
                     .discard = true,
                     .entries = entries(8, 1, 9).entries});
  made[3].name = "cut";
  raft::Persist cut = entries(2, 2, 0);
  cut.cut_after = Index{1};
  cut.repaired = entries(1, 1, 3).entries;
  made[3].draft.add({1}, 5, cut);
  made[3].draft.add_forget({2}, 6);
  made[4].name = "mark";
  made[4].draft.repeat(made[3].draft.echo(8));
  made[5].name = "long";
  Prng prng(1);
  made[5].draft.follow({1, 9, 6});
  for (std::uint64_t i = 1; i < 6; ++i) made[5].draft.add({i}, i, wal::random_write(prng));
  made[6].name = "absurd";  // refused: arithmetic with such an index could wrap around
  made[6].draft.add({1}, 1, entries(absurd - 1, 2, 5));
  return made;
}

struct Laid {
  std::string table;
  std::uint16_t payload = 0;
};

Laid laid(const Draft& draft) {
  std::string blocks(wal::blocks_for(draft.bytes()) * block_bytes, '\0');
  draft.lay_out(blocks.data());
  const std::string content = wal::gather(blocks, 0, draft.bytes());
  const auto size = load<std::uint32_t>(content.data());
  return {content.substr(0, size), static_cast<std::uint16_t>(content.size() - size)};
}

std::string u16(std::uint16_t value) {
  std::string bytes(2, '\0');
  store(bytes.data(), value);
  return bytes;
}

std::vector<Seed> tables() {
  std::vector<Seed> seeds;
  for (const Made& made : drafts()) {
    const Laid table = laid(made.draft);
    seeds.push_back({made.name, u16(table.payload) + table.table});
  }
  return seeds;
}

std::vector<Seed> echoes() {
  std::vector<Seed> seeds;
  for (const Made& made : drafts()) {
    const wal::Echo echo = made.draft.echo(1);
    seeds.push_back({made.name, u16(static_cast<std::uint16_t>(echo.content - echo.table)) +
                                    static_cast<char>(echo.rows) + echo.bytes});
  }
  return seeds;
}

std::vector<Seed> identities() {
  std::string file(wal::identity_bytes, '\0');
  encode(wal::Identity{{{77}, {3}, 1, 4}, {12345}}, file);
  const std::string content = file.substr(wal::head_bytes, 27);
  return {{"file", '\0' + file}, {"content", '\1' + content}};
}

std::vector<Seed> memberships() {
  raft::Membership one{.cluster = {7}, .members = {raft::Member{.id = {1}}}};
  raft::Membership joint = *wal::three_members();
  joint.members[0].outgoing = true;
  joint.members[0].now = joint.members[0].goal = raft::Standing::none;
  joint.members[1].address = Text("10.0.0.2:4000");
  joint.members[2].metadata = Text("rack 3");
  return {{"one", std::string(raft::encode(one).view())},
          {"three", std::string(raft::encode(*wal::three_members()).view())},
          {"joint", std::string(raft::encode(joint).view())}};
}

std::vector<Seed> manifests() {
  const auto content = [](std::uint64_t bytes, std::vector<std::uint32_t> sums) {
    const host::Manifest manifest{.group = {7},
                                  .base = {{{3}, {1000}}, wal::three_members(), {900}, {4}},
                                  .piece_bytes = 4096,
                                  .bytes = bytes,
                                  .sums = std::move(sums)};
    return encode(manifest).substr(host::manifest_head_bytes);
  };
  return {{"empty", content(0, {})},
          {"one", content(4096, {5})},
          {"three", content(10'000, {1, 2, 3})}};
}

// Four batches, as the target `batches` wants them. `bad`: blocks of the second one.
std::string four(char flags, unsigned char bad) {
  std::string input(1, flags);
  wal::Echo echo;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    Draft draft;
    if (i == 1) draft.follow({1, 9, 0});
    draft.repeat(echo);
    if (i != 3) draft.add({1}, i, entries(i * 4, 4, i == 2 ? 1500 : 20));
    echo = draft.echo(i);
    const Laid table = laid(draft);
    input += '\0';
    input += static_cast<char>(i | 0x80U);
    input += u16(table.payload) + u16(static_cast<std::uint16_t>(table.table.size()));
    input += static_cast<char>(i == 2 ? bad : 0);
    input += table.table;
  }
  return input;
}

std::vector<Seed> batches() {
  return {{"whole", four(0, 0)},
          {"mended", four(0, 2)},
          {"damaged", four(0, 6)},
          {"gone", four(0, 7)},
          {"followed", four(2, 3)}};
}

std::vector<Seed> segments() {
  std::vector<Seed> seeds;
  wal::Echo echo;
  std::string blocks;
  for (unsigned i = 1; i <= 3; ++i) {
    Draft draft;
    if (i == 1) draft.follow({1, 9, 0});
    draft.repeat(echo);
    draft.add({1}, i, entries(i, 1, i == 2 ? 4500 : 20));
    echo = draft.echo(i);
    const std::uint64_t first = blocks.size() / block_bytes;
    std::string batch(wal::blocks_for(draft.bytes()) * block_bytes, '\0');
    draft.lay_out(batch.data());
    seal(batch, segment_place.plus(first), i, static_cast<std::uint32_t>(draft.bytes()));
    blocks += batch;
  }
  seeds.push_back({"three", '\1' + blocks});
  seeds.push_back({"followed", '\3' + blocks.substr(0, 5 * block_bytes)});
  seeds.push_back({"cut", '\1' + blocks.substr(0, 6 * block_bytes)});
  std::string shifted = '\1' + blocks;  // as if its batch began before the segment
  shifted[1 + 4] = 1;
  seeds.push_back({"shifted", shifted});
  blocks[3 * block_bytes + 99] ^= 4;
  seeds.push_back({"flipped", '\0' + blocks});
  return seeds;
}

}  // namespace

std::vector<Seed> seeds_of(std::string_view target) {
  if (target == "table") return tables();
  if (target == "echo") return echoes();
  if (target == "identity") return identities();
  if (target == "membership") return memberships();
  if (target == "segment") return segments();
  if (target == "letters") return letters_seeds();
  if (target == "frames") return frames_seeds();
  if (target == "hello") return hello_seeds();
  if (target == "parcels") return parcels_seeds();
  if (target == "asks") return asks_seeds();
  if (target == "manifest") return manifests();
  if (target == "envelopes") return envelopes_seeds();
  if (target == "replies") return replies_seeds();
  if (target == "sessions") return sessions_seeds();
  if (target == "commands") return commands_seeds();
  if (target == "answers") return answers_seeds();
  if (target == "maps") return maps_seeds();
  if (target == "http1") return http1_seeds();
  if (target == "http2") return http2_seeds();
  if (target == "requests") return requests_seeds();
  if (target == "errands") return errands_seeds();
  if (target == "databases") return databases_seeds();
  if (target == "gateway") return gateway_seeds();
  if (target == "config") return config_seeds();
  if (target == "watches") return watches_seeds();
  return batches();
}

}  // namespace bowline::fuzz
