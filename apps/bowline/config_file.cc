// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/config_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace bowline::apps {
namespace {

struct Section {
  std::string_view name;
  std::string_view prefix;  // of the flags that its keys are
};
constexpr std::array sections{Section{"client-transport-security", "--"},
                              Section{"peer-transport-security", "--peer-"}};

// Flags that are not named as the keys of these sections are.
struct OtherName {
  std::string_view key;  // with the prefix
  std::string_view flag;
};
constexpr std::array other_names{
    OtherName{"--crl-file", "--client-crl-file"},
    OtherName{"--allowed-hostname", "--client-cert-allowed-hostname"},
    OtherName{"--allowed-cn", "--client-cert-allowed-hostname"},  // refused, as that is
    OtherName{"--skip-client-san-verification", "--peer-skip-client-san-verification"},
    OtherName{"--peer-allowed-cn", "--peer-cert-allowed-cn"},
    OtherName{"--peer-allowed-hostname", "--peer-cert-allowed-hostname"},
};

// Go reads a number here as so many nanoseconds.
constexpr std::array<std::string_view, 5> durations{
    "--watch-progress-notify-interval", "--experimental-watch-progress-notify-interval",
    "--grpc-keepalive-min-time", "--grpc-keepalive-interval", "--grpc-keepalive-timeout"};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t from = text.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

std::unexpected<Error> wrong(std::size_t line, const std::string& what) {
  return std::unexpected(Error{Fault::invalid, "line " + std::to_string(line) + ": " + what});
}

// In quotes, or as it is; what follows a '#' is a comment. nullopt: it is more than that.
std::optional<std::string> scalar_in(std::string_view text) {
  text = trimmed(text);
  if (text.starts_with('\'') || text.starts_with('"')) {
    const std::size_t end = text.find(text[0], 1);
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = trimmed(text.substr(end + 1));
    const std::string_view within = text.substr(1, end - 1);
    if (within.contains('\\') || (!rest.empty() && !rest.starts_with('#'))) return std::nullopt;
    return std::string(within);
  }
  const std::size_t comment = text.starts_with('#') ? 0 : text.find(" #");
  text = trimmed(text.substr(0, comment));
  if (!text.empty() && std::string_view("&*!|>{%@`").contains(text[0])) return std::nullopt;
  if (text == "null" || text == "~") return std::string();
  return std::string(text);
}

// "[a, b]" as "a,b", which is how flags say it.
std::optional<std::string> value_in(std::string_view text) {
  text = trimmed(text);
  if (!text.starts_with('[')) return scalar_in(text);
  const std::size_t end = text.find(']');
  if (end == std::string_view::npos) return std::nullopt;
  std::string all;
  std::string_view rest = text.substr(1, end - 1);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::optional<std::string> one = scalar_in(rest.substr(0, comma));
    if (!one) return std::nullopt;
    all += (all.empty() ? "" : ",") + *one;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return all;
}

bool is_key(std::string_view text) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  return !text.empty() && text[0] != '-' &&
         text.find_first_not_of(letters) == std::string_view::npos;
}

class ConfigLines {
 public:
  Result<void> add(std::string_view line, std::size_t number) {
    if (!list_.empty()) return add_to_list(line);
    const std::string_view text = trimmed(line);
    if (text.empty() || text.starts_with('#') || text == "---") return {};
    if (text.contains(": [") && !text.contains(']')) return begin_list(line, number);
    const bool is_indented = line[0] == ' ' || line[0] == '\t';
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || !is_key(text.substr(0, colon)) ||
        (colon + 1 < text.size() && text[colon + 1] != ' '))
      return wrong(number, "'" + std::string(text) + "' is not like 'key: value'");
    const std::string key(text.substr(0, colon));
    const std::optional<std::string> value = value_in(text.substr(colon + 1));
    if (!value)
      return wrong(number, "the value of '" + key +
                               "' is more of YAML than is understood here: write it in one line, "
                               "in simple quotes if need be");
    if (!is_indented) return add_key(key, *value, number);
    if (prefix_.empty()) return wrong(number, "'" + key + "' is in no section that is known");
    put(std::string(prefix_) + key, *value, number);
    return {};
  }
  // The error is of a list that does not end.
  Result<std::vector<ConfigEntry>> take() {
    if (!list_.empty()) return wrong(list_at_, "a list begins here, and does not end");
    return std::move(entries_);
  }

 private:
  // A list may go on over the lines that follow, up to its bracket.
  Result<void> begin_list(std::string_view line, std::size_t number) {
    list_ = line;
    list_at_ = number;
    return {};
  }
  Result<void> add_to_list(std::string_view line) {
    const std::string_view text = trimmed(line.substr(0, line.find('#')));
    list_ += text;
    if (!text.contains(']')) return {};
    return add(std::exchange(list_, {}), list_at_);
  }

  Result<void> add_key(const std::string& key, const std::string& value, std::size_t number) {
    const auto* const section = std::ranges::find(sections, key, &Section::name);
    prefix_ = section == sections.end() ? std::string_view() : section->prefix;
    if (prefix_.empty()) {
      put("--" + key, value, number);
    } else if (!value.empty()) {
      return wrong(number, "'" + key + "' is a section: its keys follow, each on a line");
    }
    return {};
  }

  void put(std::string flag, std::string value, std::size_t number) {
    const bool is_number =
        !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
    if (is_number && std::ranges::find(durations, flag) != durations.end()) value += "ns";
    const auto* const other = std::ranges::find(other_names, flag, &OtherName::key);
    if (other != other_names.end()) flag = other->flag;
    entries_.push_back({std::move(flag), std::move(value), number});
  }

  std::vector<ConfigEntry> entries_;
  std::string_view prefix_;  // of the section that we are in; empty: none
  std::string list_;         // that has begun, and not ended; empty: none has
  std::size_t list_at_ = 0;  // its line
};

}  // namespace

Result<std::vector<ConfigEntry>> config_in(std::string_view text) {
  ConfigLines lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (Result<void> added = lines.add(text.substr(0, end), number); !added)
      return std::unexpected(added.error());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines.take();
}

}  // namespace bowline::apps
