// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/json_codec.h"

#include <algorithm>
#include <cstddef>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>

#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::etcd {
namespace {

namespace json = google::protobuf::util;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Struct;
using google::protobuf::Value;

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

// ---- Who lets unknown fields pass lets unknown words of enums pass, too: as if they were not
// there.

bool knows_words(const Descriptor& type, const Struct& object);

bool knows_words(const FieldDescriptor& field, const Value& value) {
  if (value.has_list_value())
    return std::ranges::all_of(value.list_value().values(),
                               [&](const Value& one) { return knows_words(field, one); });
  if (value.has_struct_value() && field.message_type() != nullptr)
    return knows_words(*field.message_type(), value.struct_value());
  return field.enum_type() == nullptr || value.kind_case() != Value::kStringValue ||
         field.enum_type()->FindValueByName(value.string_value()) != nullptr;
}

bool knows_words(const Descriptor& type, const Struct& object) {
  return std::ranges::all_of(object.fields(), [&](const auto& pair) {
    const FieldDescriptor* const by_name = type.FindFieldByName(pair.first);
    const FieldDescriptor* const field =
        by_name != nullptr ? by_name : type.FindFieldByCamelcaseName(pair.first);
    return field == nullptr || knows_words(*field, pair.second);
  });
}

bool has_unknown_words(std::string_view message, const std::string& text) {
  const Descriptor* const type =
      etcdserverpb::RangeRequest::descriptor()->file()->pool()->FindMessageTypeByName(
          "etcdserverpb." + std::string(message));
  Struct object;
  return type == nullptr || !json::JsonStringToMessage(text, &object).ok() ||
         !knows_words(*type, object);
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
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t first = text.find_first_not_of(blanks);
  const bool is_nothing =
      first == std::string::npos ||
      std::string_view(text).substr(first, text.find_last_not_of(blanks) + 1 - first) == "null";
  const std::string& body = is_nothing ? "{}" : text;
  json::JsonParseOptions options;
  std::string bytes;
  if (json::JsonToBinaryString(types_.get(), url_of(message), body, &bytes, options).ok())
    return bytes;
  options.ignore_unknown_fields = true;
  bytes.clear();
  if (!json::JsonToBinaryString(types_.get(), url_of(message), body, &bytes, options).ok() ||
      has_unknown_words(message, body))
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
