// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/json_codec.h"

#include <cstddef>

#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>

#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::etcd {
namespace {

namespace json = google::protobuf::util;

constexpr const char* prefix = "type.googleapis.com";

// Protobuf counts objects within objects, and refuses more than a hundred; it does not count lists.
// No message of ours comes near this.
constexpr int most_nested = 200;

bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quoted) ++i;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > most_nested) return true;
  }
  return false;
}

std::string url_of(std::string_view message) {
  return std::string(prefix) + "/etcdserverpb." + std::string(message);
}

}  // namespace

JsonCodec::JsonCodec()
    : types_(json::NewTypeResolverForDescriptorPool(
          prefix, etcdserverpb::RangeRequest::descriptor()->file()->pool())) {}

JsonCodec::~JsonCodec() = default;

std::optional<std::string> JsonCodec::to_bytes(std::string_view message,
                                               const std::string& text) const {
  if (is_too_deep(text)) return std::nullopt;
  json::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  std::string bytes;
  const std::string& body = text.find_first_not_of(" \t\r\n") == std::string::npos ? "{}" : text;
  if (!json::JsonToBinaryString(types_.get(), url_of(message), body, &bytes, options).ok())
    return std::nullopt;
  return bytes;
}

std::optional<std::string> JsonCodec::to_json(std::string_view message,
                                              const std::string& bytes) const {
  json::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string text;
  if (!json::BinaryToJsonString(types_.get(), url_of(message), bytes, &text, options).ok())
    return std::nullopt;
  return text;
}

}  // namespace bowline::etcd
