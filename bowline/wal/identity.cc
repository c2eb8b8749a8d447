// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/identity.h"

#include <array>

#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/wal/batch.h"

// A batch like those of the segments, of one block and its parity, which is the same once more:
//   version v | cluster u64 | node u64 | disk u64 | shard v | shards v
namespace bowline::wal {
namespace {

constexpr std::uint64_t version = 1;
constexpr Place place{};
constexpr std::uint64_t number = 1;

Result<Identity> unreadable(std::string why) {
  return std::unexpected(Error{Fault::corrupt, std::move(why)});
}

}  // namespace

void encode(const Identity& identity, std::span<char> file) {
  ensure(file.size() == identity_bytes);
  std::string content;
  put_varint(content, version);
  put(content, identity.owner.cluster.value);
  put(content, identity.owner.node.value);
  put(content, identity.disk.value);
  put_varint(content, identity.owner.shard);
  put_varint(content, identity.owner.shards);
  std::ranges::fill(file, '\0');
  std::memcpy(file.data() + spot(0), content.data(), content.size());
  seal(file, place, number, static_cast<std::uint32_t>(content.size()));
}

Result<Identity> decode_identity(std::span<char> file) {
  if (file.size() != identity_bytes) return unreadable("has another size than it should have");
  const std::string_view view(file.data(), file.size());
  std::optional<Head> head = checked(view.substr(0, block_bytes), place);
  if (!head) head = checked(view.substr(block_bytes), place.plus(1));
  if (!head || head->blocks != 2) return unreadable("is damaged, and so is its copy");
  if (const auto bad = bad_blocks(view, place, *head); !bad.empty())
    rebuild(file, place, *head, bad.front());
  const std::string content = gather(view, 0, head->content);
  Cursor in(content);
  if (const std::uint64_t found = in.varint(); found != version)
    return unreadable("is of format " + std::to_string(found) + "; this program reads format " +
                      std::to_string(version));
  Identity identity;
  identity.owner.cluster = {in.u64()};
  identity.owner.node = {in.u64()};
  identity.disk = {in.u64()};
  identity.owner.shard = static_cast<std::uint32_t>(in.varint_at_most(UINT32_MAX));
  identity.owner.shards = static_cast<std::uint32_t>(in.varint_at_most(UINT32_MAX));
  if (!in.good() || !in.at_end()) return unreadable("makes no sense");
  return identity;
}

std::string mismatch(const Owner& found, const Owner& wanted) {
  if (found.node != wanted.node)
    return "it is of node " + std::to_string(found.node.value) + ", and this is node " +
           std::to_string(wanted.node.value);
  if (found.cluster && wanted.cluster && found.cluster != wanted.cluster)
    return "it is of cluster " + std::to_string(found.cluster.value) + ", and this is cluster " +
           std::to_string(wanted.cluster.value);
  if (found.shard != wanted.shard || found.shards != wanted.shards)
    return "it is of shard " + std::to_string(found.shard) + " of " + std::to_string(found.shards) +
           ", and this is shard " + std::to_string(wanted.shard) + " of " +
           std::to_string(wanted.shards);
  return {};
}

}  // namespace bowline::wal
