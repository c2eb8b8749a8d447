// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/manifest.h"

#include <algorithm>
#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/env/buffer.h"
#include "bowline/host/mark.h"

// The content, where v is a varint:
//   version v | group v | term v | index v | membership's index v | known in v | bytes v |
//   membership | bytes of all pieces v | of each but the last v | sums u32*
namespace bowline::host {
namespace {

constexpr std::uint64_t version = 1;

std::unexpected<Error> bad(std::string why) {
  return std::unexpected(Error{Fault::corrupt, "the manifest of a snapshot " + std::move(why)});
}

std::uint64_t pieces_for(std::uint64_t bytes, std::uint64_t piece_bytes) {
  return bytes / piece_bytes + (bytes % piece_bytes == 0 ? 0 : 1);
}

bool sane(const Manifest& manifest) {
  return manifest.base.id.index && manifest.base.membership != nullptr &&
         manifest.base.membership_index <= manifest.base.id.index && manifest.piece_bytes > 0 &&
         manifest.piece_bytes <= most_piece_bytes && manifest.piece_bytes % env::block_bytes == 0 &&
         manifest.pieces() <= most_pieces &&
         pieces_for(manifest.bytes, manifest.piece_bytes) == manifest.pieces();
}

std::string content_of(const Manifest& manifest) {
  ensure(sane(manifest));
  std::string content;
  put_varint(content, version);
  put_varint(content, manifest.group.value);
  put_base(content, manifest.base);
  put_varint(content, manifest.bytes);
  put_varint(content, manifest.piece_bytes);
  for (const std::uint32_t sum : manifest.sums) put(content, sum);
  return content;
}

// FNV-1a: the same on every machine, and wide enough that two snapshots are never taken for one.
std::uint64_t sum_of(std::string_view content) {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char c : content) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return sum;
}

Result<Manifest> decode_content(std::string_view content) {
  Cursor cursor(content);
  if (const std::uint64_t found = cursor.varint(); found != version)
    return bad("is of format " + std::to_string(found) + "; this program reads format " +
               std::to_string(version));
  Manifest manifest;
  manifest.group = {cursor.varint()};
  manifest.base = take_base(cursor);
  manifest.bytes = cursor.varint();
  manifest.piece_bytes = static_cast<std::uint32_t>(cursor.varint_at_most(most_piece_bytes));
  if (!cursor.good() || manifest.piece_bytes == 0) return bad("makes no sense");
  const std::uint64_t pieces = pieces_for(manifest.bytes, manifest.piece_bytes);
  if (cursor.left() / sizeof(std::uint32_t) != pieces) return bad("does not name all pieces");
  manifest.sums.reserve(pieces);
  for (std::uint64_t i = 0; i < pieces; ++i) manifest.sums.push_back(cursor.u32());
  if (!cursor.good() || !cursor.at_end() || !sane(manifest)) return bad("makes no sense");
  manifest.identity = sum_of(content);
  return manifest;
}

}  // namespace

std::uint32_t Manifest::bytes_of(std::uint32_t piece) const {
  ensure(piece < pieces());
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(piece_bytes, bytes - std::uint64_t{piece} * piece_bytes));
}

bool Manifest::is(std::uint32_t piece, std::string_view content) const {
  return content.size() == bytes_of(piece) && crc32c(content) == sums[piece];
}

std::string encode(const Manifest& manifest) {
  const std::string content = content_of(manifest);
  ensure(manifest_head_bytes + content.size() <= most_manifest_bytes);
  std::string bytes;
  put(bytes, manifest_magic);
  put(bytes, static_cast<std::uint32_t>(content.size()));
  put(bytes, crc32c(content));
  return bytes + content;
}

std::uint64_t identity_of(const Manifest& manifest) { return sum_of(content_of(manifest)); }

Result<Manifest> decode_manifest(std::string_view bytes) {
  if (bytes.size() > most_manifest_bytes) return bad("is too long");
  Cursor cursor(bytes);
  const std::uint32_t magic = cursor.u32();
  const std::uint32_t size = cursor.u32();
  const std::uint32_t sum = cursor.u32();
  if (!cursor.good()) return bad("is too short");
  if (magic != manifest_magic) return bad("is something else");
  const std::string_view content = cursor.take(cursor.left());
  if (size != content.size() || sum != crc32c(content)) return bad("is damaged");
  return decode_content(content);
}

Result<Manifest> decode_manifest_file(std::string_view file) {
  Cursor cursor(file);
  cursor.u32();
  const std::uint64_t size = cursor.u32();
  return decode_manifest(file.substr(0, manifest_head_bytes + size));
}

}  // namespace bowline::host
