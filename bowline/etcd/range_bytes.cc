// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/range_bytes.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <google/protobuf/io/coded_stream.h>

namespace bowline::etcd {
namespace {

using etcdserverpb::RangeResponse;
using google::protobuf::io::CodedOutputStream;
using mvccpb::KeyValue;

// Fields are below 16, so that number and kind are one byte.
constexpr std::uint8_t number_kind = 0;
constexpr std::uint8_t bytes_kind = 2;
constexpr std::uint8_t tag(int field, std::uint8_t kind) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(field) << 3U | kind);
}

// What is 0 or empty is left out, as protobuf does.
std::size_t size_of(std::int64_t number) {
  return number == 0 ? 0 : 1 + CodedOutputStream::VarintSize64(static_cast<std::uint64_t>(number));
}
std::size_t size_of_message(std::size_t bytes) {
  return 1 + CodedOutputStream::VarintSize64(bytes) + bytes;
}
std::size_t size_of(std::string_view text) {
  return text.empty() ? 0 : size_of_message(text.size());
}
std::size_t size_of(const kv::Item& item) {
  return size_of(item.key) + size_of(item.create_revision) + size_of(item.mod_revision) +
         size_of(item.version) + size_of(item.value) + size_of(item.lease);
}

std::uint8_t* write(std::uint8_t* at, int field, std::int64_t number) {
  if (number == 0) return at;
  *at++ = tag(field, number_kind);
  return CodedOutputStream::WriteVarint64ToArray(static_cast<std::uint64_t>(number), at);
}
std::uint8_t* write_size(std::uint8_t* at, int field, std::size_t bytes) {
  *at++ = tag(field, bytes_kind);
  return CodedOutputStream::WriteVarint64ToArray(bytes, at);
}
std::uint8_t* write(std::uint8_t* at, int field, std::string_view text) {
  if (text.empty()) return at;
  at = write_size(at, field, text.size());
  return CodedOutputStream::WriteRawToArray(text.data(), static_cast<int>(text.size()), at);
}
std::uint8_t* write(std::uint8_t* at, const kv::Item& item) {
  at = write_size(at, RangeResponse::kKvsFieldNumber, size_of(item));
  at = write(at, KeyValue::kKeyFieldNumber, item.key);
  at = write(at, KeyValue::kCreateRevisionFieldNumber, item.create_revision);
  at = write(at, KeyValue::kModRevisionFieldNumber, item.mod_revision);
  at = write(at, KeyValue::kVersionFieldNumber, item.version);
  at = write(at, KeyValue::kValueFieldNumber, item.value);
  return write(at, KeyValue::kLeaseFieldNumber, item.lease);
}

}  // namespace

std::string bytes_of(const etcdserverpb::ResponseHeader& header, const kv::RangeAnswer& answer) {
  const std::size_t header_bytes = header.ByteSizeLong();
  std::size_t size =
      size_of_message(header_bytes) + size_of(std::int64_t{answer.more}) + size_of(answer.count);
  for (const kv::Item& item : answer.items) size += size_of_message(size_of(item));
  std::string bytes(size, '\0');
  auto* at = reinterpret_cast<std::uint8_t*>(bytes.data());
  at = write_size(at, RangeResponse::kHeaderFieldNumber, header_bytes);
  at = header.SerializeWithCachedSizesToArray(at);
  for (const kv::Item& item : answer.items) at = write(at, item);
  at = write(at, RangeResponse::kMoreFieldNumber, std::int64_t{answer.more});
  write(at, RangeResponse::kCountFieldNumber, answer.count);
  return bytes;
}

}  // namespace bowline::etcd
