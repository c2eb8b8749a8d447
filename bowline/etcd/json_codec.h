// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace google::protobuf::util {
class TypeResolver;
}

namespace bowline::etcd {

// Bytes of messages as JSON, and the other way. `message` is a name without its package.
class JsonCodec {
 public:
  JsonCodec();
  ~JsonCodec();
  JsonCodec(const JsonCodec&) = delete;
  JsonCodec& operator=(const JsonCodec&) = delete;

  // nullopt: it is no JSON of such a message, has a word that its enum does not have, or nests too
  // deeply. Fields that are not known are left out; nothing at all, and null, is a message without
  // fields.
  std::optional<std::string> to_bytes(std::string_view message, const std::string& text) const;
  std::optional<std::string> to_json(std::string_view message, const std::string& bytes) const;

 private:
  std::unique_ptr<google::protobuf::util::TypeResolver> types_;
};

}  // namespace bowline::etcd
