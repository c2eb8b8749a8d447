// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/txn_text.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/bowline/key_words.h"

namespace bowline::apps {
namespace {

using etcdserverpb::Compare;
using etcdserverpb::RequestOp;

constexpr const char* compare_form =
    "a compare is like version(\"key\") = \"3\", with version, create, mod, value or lease, and "
    "=, !=, < or >";
constexpr const char* operation_form =
    "an operation is like `put KEY VALUE`, `get KEY`, `get KEY END`, `get KEY --prefix` or "
    "`del KEY`";

// Reads a text in quotes, with \" \\ \n \t and \xHH, or a word without; nullopt: neither is there.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  void skip() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
      rest_.remove_prefix(1);
  }
  bool at_end() {
    skip();
    return rest_.empty();
  }
  bool take(std::string_view what) {
    skip();
    if (!rest_.starts_with(what)) return false;
    rest_.remove_prefix(what.size());
    return true;
  }
  std::string letters() {
    skip();
    std::size_t size = 0;
    while (size < rest_.size() && rest_[size] >= 'a' && rest_[size] <= 'z') ++size;
    return take_away(size);
  }
  std::optional<std::string> value(std::string_view ends = " \t") {
    skip();
    if (rest_.empty()) return std::nullopt;
    if (rest_.front() == '"') return in_quotes();
    return take_away(std::min(rest_.find_first_of(ends), rest_.size()));
  }

 private:
  std::string take_away(std::size_t size) {
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  std::optional<std::string> in_quotes() {
    std::string text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return text;
      }
      if (rest_[i] != '\\') {
        text += rest_[i];
        continue;
      }
      if (++i == rest_.size()) return std::nullopt;
      if (rest_[i] != 'x') {
        text += rest_[i] == 'n' ? '\n' : rest_[i] == 't' ? '\t' : rest_[i];
        continue;
      }
      unsigned byte = 0;
      const std::string_view digits = rest_.substr(i + 1, 2);
      const auto [end, fault] =
          std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
      if (fault != std::errc() || end != digits.data() + 2) return std::nullopt;
      text += static_cast<char>(byte);
      i += 2;
    }
    return std::nullopt;
  }
  std::string_view rest_;
};

std::optional<std::int64_t> number_in(const std::string& text, int base) {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  const bool whole = fault == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole ? std::optional(number) : std::nullopt;
}

bool set_target(Compare& compare, const std::string& target, const std::string& value) {
  if (target == "value" || target == "val") {
    compare.set_target(Compare::VALUE);
    compare.set_value(value);
    return true;
  }
  const auto number = number_in(value, target == "lease" ? 16 : 10);
  if (!number) return false;
  if (target == "version" || target == "ver") {
    compare.set_target(Compare::VERSION);
    compare.set_version(*number);
  } else if (target == "create" || target == "c") {
    compare.set_target(Compare::CREATE);
    compare.set_create_revision(*number);
  } else if (target == "mod" || target == "m") {
    compare.set_target(Compare::MOD);
    compare.set_mod_revision(*number);
  } else if (target == "lease") {
    compare.set_target(Compare::LEASE);
    compare.set_lease(*number);
  } else {
    return false;
  }
  return true;
}

bool read(Compare& compare, std::string_view line) {
  Reader reader(line);
  const std::string target = reader.letters();
  if (!reader.take("(")) return false;
  const auto key = reader.value(" \t)");
  if (!key || !reader.take(")")) return false;
  compare.set_key(*key);
  if (reader.take("!=")) {
    compare.set_result(Compare::NOT_EQUAL);
  } else if (reader.take("=")) {
    compare.set_result(Compare::EQUAL);
  } else if (reader.take("<")) {
    compare.set_result(Compare::LESS);
  } else if (reader.take(">")) {
    compare.set_result(Compare::GREATER);
  } else {
    return false;
  }
  const auto value = reader.value();
  return value && reader.at_end() && set_target(compare, target, *value);
}

template <class Range>
void set_range(Range& range, const std::vector<std::string>& words, bool prefix) {
  range.set_key(words[1]);
  if (words.size() == 3) range.set_range_end(words[2]);
  if (prefix) {
    range.set_range_end(after_prefix(words[1]));
    if (words[1].empty()) range.set_key(std::string(1, '\0'));
  }
}

bool read(RequestOp& operation, std::string_view line) {
  Reader reader(line);
  std::vector<std::string> words;
  bool prefix = false;
  bool before = false;
  while (!reader.at_end()) {
    if (reader.take("--prefix")) {
      prefix = true;
    } else if (reader.take("--prev-kv")) {
      before = true;
    } else if (auto word = reader.value()) {
      words.push_back(*std::move(word));
    } else {
      return false;
    }
  }
  if (words.size() < 2 || words.size() > 3 || (prefix && words.size() != 2)) return false;
  if (words[0] == "put" && words.size() == 3 && !prefix) {
    operation.mutable_request_put()->set_key(words[1]);
    operation.mutable_request_put()->set_value(words[2]);
    operation.mutable_request_put()->set_prev_kv(before);
  } else if (words[0] == "get" && !before) {
    set_range(*operation.mutable_request_range(), words, prefix);
  } else if (words[0] == "del") {
    set_range(*operation.mutable_request_delete_range(), words, prefix);
    operation.mutable_request_delete_range()->set_prev_kv(before);
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<etcdserverpb::TxnRequest> transaction_in(std::istream& in) {
  etcdserverpb::TxnRequest request;
  int part = 0;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (Reader(line).at_end()) {
      ++part;
      continue;
    }
    const auto wrong = [&](const std::string& form) {
      return std::unexpected(
          Error{Fault::not_found, "line " + std::to_string(number) + ": '" + line + "': " + form});
    };
    if (part == 0) {
      if (!read(*request.add_compare(), line)) return wrong(compare_form);
    } else if (part <= 2) {
      if (!read(part == 1 ? *request.add_success() : *request.add_failure(), line))
        return wrong(operation_form);
    } else {
      return wrong("there are three parts only, apart by one empty line");
    }
  }
  return request;
}

}  // namespace bowline::apps
