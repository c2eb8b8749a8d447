// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/backup_format.h"

#include "bowline/base/encoding.h"

namespace bowline::etcd::backup {
namespace {

// Fields of messages, as protobuf writes them: those that are zero are left out. It is done by hand
// so that a value of many megabytes is not copied on its way.
constexpr std::uint8_t number_field = 0;
constexpr std::uint8_t bytes_field = 2;

std::size_t number_bytes(std::int64_t number) {
  return number == 0 ? 0 : 1 + varint_bytes(static_cast<std::uint64_t>(number));
}
std::size_t field_bytes(std::string_view bytes) {
  return bytes.empty() ? 0 : 1 + varint_bytes(bytes.size()) + bytes.size();
}
void put_number(std::string& out, std::uint8_t field, std::int64_t number) {
  if (number == 0) return;
  out.push_back(static_cast<char>(field << 3U | number_field));
  put_varint(out, static_cast<std::uint64_t>(number));
}
void put_field(std::string& out, std::uint8_t field, std::string_view bytes) {
  if (bytes.empty()) return;
  out.push_back(static_cast<char>(field << 3U | bytes_field));
  put_varint(out, bytes.size());
  out += bytes;
}

constexpr std::size_t number_size = 8;
constexpr std::size_t key_size = 2 * number_size + 1;

}  // namespace

std::string big_endian(std::int64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8)
    bytes.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> shift));
  return bytes;
}

std::int64_t number_in(std::string_view eight_bytes) {
  std::uint64_t number = 0;
  for (const char c : eight_bytes) number = number << 8U | static_cast<std::uint8_t>(c);
  return static_cast<std::int64_t>(number);
}

std::string key_of(kv::Revision at, bool is_live) {
  return big_endian(at.main) + "_" + big_endian(at.sub) + (is_live ? "" : "t");
}

std::optional<WriteKey> write_key_in(std::string_view bytes) {
  const bool is_live = bytes.size() == key_size;
  if (!is_live && (bytes.size() != key_size + 1 || bytes.back() != 't')) return std::nullopt;
  if (bytes[number_size] != '_') return std::nullopt;
  return WriteKey{{number_in(bytes.substr(0, number_size)),
                   number_in(bytes.substr(number_size + 1, number_size))},
                  is_live};
}

std::size_t bytes_of(const kv::Item& item, bool is_live) {
  if (!is_live) return field_bytes(item.key);
  return field_bytes(item.key) + number_bytes(item.create_revision) +
         number_bytes(item.mod_revision) + number_bytes(item.version) + field_bytes(item.value) +
         number_bytes(item.lease);
}

void append(std::string& out, const kv::Item& item, bool is_live) {
  put_field(out, 1, item.key);
  if (!is_live) return;
  put_number(out, 2, item.create_revision);
  put_number(out, 3, item.mod_revision);
  put_number(out, 4, item.version);
  put_field(out, 5, item.value);
  put_number(out, 6, item.lease);
}

std::string encode(const kv::Alarm& alarm) {
  std::string bytes;
  put_number(bytes, 1, static_cast<std::int64_t>(alarm.member));
  put_number(bytes, 2, static_cast<std::int64_t>(alarm.kind));
  return bytes;
}

std::string encode_lease(kv::LeaseId id, std::int64_t ttl, std::int64_t left) {
  std::string bytes;
  put_number(bytes, 1, id);
  put_number(bytes, 2, ttl);
  put_number(bytes, 3, left);
  return bytes;
}

}  // namespace bowline::etcd::backup
