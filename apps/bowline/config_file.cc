// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/config_file.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <yaml-cpp/yaml.h>

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
constexpr std::array<std::string_view, 11> durations{
    "--corrupt-check-time",
    "--experimental-corrupt-check-time",
    "--compact-hash-check-time",
    "--experimental-compact-hash-check-time",
    "--watch-progress-notify-interval",
    "--experimental-watch-progress-notify-interval",
    "--grpc-keepalive-min-time",
    "--grpc-keepalive-interval",
    "--grpc-keepalive-timeout",
    "--warning-unary-request-duration",
    "--experimental-warning-unary-request-duration"};

std::unexpected<Error> wrong(const YAML::Mark& at, const std::string& what) {
  const std::string line = at.is_null() ? "" : "line " + std::to_string(at.line + 1) + ": ";
  return std::unexpected(Error{Fault::invalid, line + what});
}

// A list is one value, apart by commas, which is how flags say it. nullopt: it is more than that.
std::optional<std::string> value_of(const YAML::Node& node) {
  if (node.IsNull()) return std::string();
  if (node.IsScalar()) return node.Scalar();
  if (!node.IsSequence()) return std::nullopt;
  std::string all;
  for (const YAML::Node& one : node) {
    if (!one.IsScalar()) return std::nullopt;
    all += (all.empty() ? "" : ",") + one.Scalar();
  }
  return all;
}

class ConfigReader {
 public:
  // The keys of the file, or of a section of it.
  Result<void> add(const YAML::Node& keys, std::string_view prefix) {
    for (const auto& pair : keys) {
      if (!pair.first.IsScalar()) return wrong(pair.first.Mark(), "a key is a word");
      const std::string& key = pair.first.Scalar();
      const auto* const section = std::ranges::find(sections, key, &Section::name);
      const bool is_section = prefix == "--" && section != sections.end();
      Result<void> added = is_section ? add_section(*section, pair.first, pair.second)
                                      : add_key(std::string(prefix) + key, pair.first, pair.second);
      if (!added) return added;
    }
    return {};
  }
  std::vector<ConfigEntry> take() { return std::move(entries_); }

 private:
  Result<void> add_section(const Section& section, const YAML::Node& key, const YAML::Node& keys) {
    if (keys.IsNull()) return {};
    if (keys.IsMap()) return add(keys, section.prefix);
    return wrong(key.Mark(), "'" + key.Scalar() + "' is a section: it has keys of its own");
  }
  Result<void> add_key(std::string flag, const YAML::Node& key, const YAML::Node& node) {
    std::optional<std::string> value = value_of(node);
    if (!value)
      return wrong(key.Mark(), "'" + key.Scalar() + "' is one value, or a list of values");
    const bool is_number =
        !value->empty() && value->find_first_not_of("0123456789") == std::string::npos;
    if (is_number && std::ranges::find(durations, flag) != durations.end()) *value += "ns";
    const auto* const other = std::ranges::find(other_names, flag, &OtherName::key);
    if (other != other_names.end()) flag = other->flag;
    if (!known_.insert(flag).second)
      return wrong(key.Mark(), "'" + key.Scalar() + "' was said before");
    entries_.push_back(
        {std::move(flag), *std::move(value), static_cast<std::size_t>(key.Mark().line) + 1});
    return {};
  }

  std::vector<ConfigEntry> entries_;
  std::set<std::string> known_;
};

}  // namespace

Result<std::vector<ConfigEntry>> config_in(std::string_view text) {
  try {
    const YAML::Node all = YAML::Load(std::string(text));
    if (all.IsNull()) return std::vector<ConfigEntry>();
    if (!all.IsMap()) return wrong(all.Mark(), "options are keys and values, as in 'name: n1'");
    ConfigReader reader;
    const Result<void> added = reader.add(all, "--");
    if (!added) return std::unexpected(added.error());
    return reader.take();
  } catch (const YAML::Exception& error) {
    return wrong(error.mark, "this is no YAML: " + error.msg);
  }
}

}  // namespace bowline::apps
