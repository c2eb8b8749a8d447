// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bowline::apps {

// A value, written. Identities are texts, since many readers round numbers above 2^53.
struct Json {
  std::string text = "null";

  static Json of(bool value) { return {value ? "true" : "false"}; }
  static Json of(std::unsigned_integral auto value) { return {std::to_string(value)}; }
  static Json of(std::string_view value);
  static Json of(const char* value) { return of(std::string_view(value)); }
  static Json of(const std::string& value) { return of(std::string_view(value)); }
  static Json of(const Json& value) { return value; }
  template <class Value>
  static Json of(const std::optional<Value>& value) {
    return value ? of(*value) : Json{};
  }
  template <class Value>
  static Json of(const std::vector<Value>& values) {
    std::string list;
    for (const Value& value : values) list += (list.empty() ? "" : ", ") + of(value).text;
    return {"[" + list + "]"};
  }
};

// {"name": value, ...}, in the order in which they are added.
class JsonObject {
 public:
  template <class Value>
  JsonObject& add(std::string_view name, const Value& value) {
    text_ += (text_.empty() ? "" : ", ") + Json::of(name).text + ": " + Json::of(value).text;
    return *this;
  }
  Json done() const { return {"{" + text_ + "}"}; }

 private:
  std::string text_;
};

}  // namespace bowline::apps
