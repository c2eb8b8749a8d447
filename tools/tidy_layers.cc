// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tools/tidy_rules.h"

namespace bowline::tidy {

namespace {

constexpr std::string_view all = "*";

// docs/ARCHITECTURE.md draws this table. One column each: the folder, what of ours it may include,
// and what of others.
constexpr std::array<Layer, 24> table = {{
    {"base", "", ""},
    {"check", "base", ""},
    {"machine", "base", ""},
    {"env", "base", ""},
    {"raft", "base", ""},
    {"words", "raft base", ""},
    {"wal", "raft env base", "fmt/"},
    {"wire", "raft base", "fmt/"},
    {"kv", "machine env base", "fmt/ rocksdb/"},
    {"host", "wal wire words raft machine env base", "fmt/"},
    {"rpc", "env base", "fmt/ nghttp2/ sys/mman.h"},
    {"runtime", "env base", "*"},
    {"etcd", "rpc host raft kv machine env base", "fmt/ google/ grpc/ openssl/"},
    {"dash", "rpc host raft env base", "fmt/"},
    {"session", "machine base", "fmt/"},
    {"client", "wire raft env base", "fmt/"},
    {"api", "client session host wal wire words raft machine runtime env base", "fmt/"},
    {"sim", "client session host wal wire words raft kv machine env base", "fmt/"},
    {"apps", "*", "*"},
    {"tools", "base", "*"},
    {"fuzz", "*", "*"},
    {"examples", "*", "*"},
    {"docs", "*", ""},
    {"cmake", "", ""},
}};

bool has_word(std::string_view words, std::string_view word) {
  return find_word(words, word) != std::string_view::npos;
}

std::vector<std::string_view> split_words(std::string_view words) {
  std::vector<std::string_view> result;
  while (!(words = trim(words)).empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    result.push_back(words.substr(0, end));
    words.remove_prefix(end);
  }
  return result;
}

// <vector> and <cstdint>, but not <unistd.h> nor <openssl/ssl.h>.
bool is_cpp_library(std::string_view name) {
  return name.find_first_of("/.") == std::string_view::npos;
}

bool may_include_outside(const Layer& layer, std::string_view path, std::string_view name) {
  if (layer.outside == all || is_cpp_library(name)) return true;
  if (is_test(path) && (name.starts_with("gtest/") || name.starts_with("benchmark/"))) return true;
  // One file knows the storage engine, so that it can be replaced.
  if (name.starts_with("rocksdb/") && file_name(path) != "rocks_engine.cc") return false;
  return std::ranges::any_of(split_words(layer.outside),
                             [&](std::string_view begin) { return name.starts_with(begin); });
}

// The simulator is for its own programs: a server must not carry it.
bool may_include_sim(std::string_view path) {
  return path.starts_with("apps/sim") || path.starts_with("apps/bench") ||
         path.starts_with("fuzz/") || layer_of(path) == "sim";
}

void check_quoted(const Source& source, const Layer& layer, const Tree& tree,
                  const Include& include, Findings& findings) {
  const auto find = [&](std::string rule, std::string advice) {
    findings.push_back({source.path, include.line, std::move(rule), std::move(advice)});
  };
  const bool generated = include.name.ends_with(".pb.h");
  if (!generated && !tree.contains(include.name)) {
    return find("include-path", "no file '" + include.name +
                                    "': name it by its full path from the repository's root");
  }
  const std::string folder(layer_of(include.name));
  if (folder == layer.folder) return;
  // Tests below may tell in words what happened.
  if (folder == "words" && is_test(source.path) && has_word("raft wire", layer.folder)) return;
  if (folder == "sim" && !may_include_sim(source.path)) {
    return find("layering", "only apps/sim* and apps/bench* may use the simulator");
  }
  if (layer.inside != all && !has_word(layer.inside, folder)) {
    find("layering", std::string(layer.folder) + " may not include " + folder + ", only: " +
                         (layer.inside.empty() ? "itself" : std::string(layer.inside)) +
                         "; move the code, or turn the dependency round");
  }
}

struct Ban {
  std::string_view what;     // a word, or its beginning with what follows
  std::string_view folders;  // where it is banned; "*" for everywhere
  std::string_view instead;
};

constexpr std::string_view pure =
    "base check machine env raft words wal wire kv host rpc session dash sim";
// ensure() has to know on which thread it failed; nobody above it has.
constexpr std::string_view above_base =
    "check machine env raft words wal wire kv host rpc session dash sim";
constexpr std::string_view repeatable = "raft wal host kv session sim";
constexpr std::string_view from_env = "take the time from the environment that is handed in";
constexpr std::string_view one_thread = "a shard is one thread: pass messages between shards";
constexpr std::string_view seeded = "take a seeded generator as a parameter, so that runs repeat";
constexpr std::string_view order = "its order differs between runs: use a sorted container";

constexpr std::array<Ban, 29> bans = {{
    {"assert(", all, "use ensure(), which is on in every build"},
    {"new", all, "use a value, a container or std::make_unique"},
    {"delete", all, "let a destructor do it"},
    {"malloc(", all, "use a value or a container"},
    {"rand(", all, seeded},
    {"srand(", all, seeded},
    {"random_device", pure, seeded},
    {"mt19937", pure, seeded},
    {"mt19937_64", pure, seeded},
    {"mutex", pure, one_thread},
    {"shared_mutex", pure, one_thread},
    {"condition_variable", pure, one_thread},
    {"std::thread", pure, one_thread},
    {"jthread", pure, one_thread},
    {"std::async", pure, one_thread},
    {"std::atomic", pure, one_thread},
    {"thread_local", above_base, one_thread},
    {"sleep_for", pure, from_env},
    {"system_clock", pure, from_env},
    {"steady_clock", pure, from_env},
    {"high_resolution_clock", pure, from_env},
    {"::now(", pure, from_env},
    {"clock_gettime(", pure, from_env},
    {"gettimeofday(", pure, from_env},
    {"getenv(", pure, "take options as parameters"},
    {"unordered_map", repeatable, order},
    {"unordered_set", repeatable, order},
    {"unordered_multimap", repeatable, order},
    {"unordered_multiset", repeatable, order},
}};

// Headers that the protocol must not see, whatever it would do with them. Its tests may read files
// (the golden ones) and print.
struct HeaderBan {
  std::string_view name;
  bool in_tests = true;
  std::string_view instead;
};

constexpr std::array<HeaderBan, 25> raft_headers = {{
    {"random", true, seeded},
    {"thread", true, one_thread},
    {"mutex", true, one_thread},
    {"shared_mutex", true, one_thread},
    {"atomic", true, one_thread},
    {"future", true, one_thread},
    {"condition_variable", true, one_thread},
    {"semaphore", true, one_thread},
    {"latch", true, one_thread},
    {"barrier", true, one_thread},
    {"ctime", true, from_env},
    {"csignal", true, "signals are for programs"},
    {"iostream", false, "emit an effect: the protocol does no I/O"},
    {"fstream", false, "emit an effect: the protocol does no I/O"},
    {"filesystem", false, "emit an effect: the protocol does no I/O"},
    {"cstdio", false, "emit an effect: the protocol does no I/O"},
    {"print", false, "emit an effect: the protocol does no I/O"},
    {"istream", false, "emit an effect: the protocol does no I/O"},
    {"ostream", false, "emit an effect: the protocol does no I/O"},
    {"sstream", false, "emit an effect: the protocol does no I/O"},
    {"functional", false, "emit an effect: the protocol calls nobody back"},
    {"cstdlib", true, "the protocol ends no process, and asks the system for nothing"},
    {"stop_token", true, one_thread},
    {"unordered_map", true, order},
    {"unordered_set", true, order},
}};

// Not every appearance is a use: `= delete` is none, nor is the definition of a member called now,
// or of an operator (a program that counts allocations).
bool uses(std::string_view line, std::string_view what) {
  for (std::size_t at = find_word(line, what); at != std::string_view::npos;
       at = find_word(line, what, at + 1)) {
    const bool deleted = what == "delete" && trim(line.substr(0, at)).ends_with('=');
    const bool defined = what == "::now(" && line.substr(at + what.size()).starts_with(") const");
    const bool is_operator = line.substr(0, at).ends_with("operator ");
    if (!deleted && !defined && !is_operator) return true;
  }
  return false;
}

}  // namespace

std::span<const Layer> layers() { return table; }

const Layer* layer_named(std::string_view folder) {
  const auto it = std::ranges::find(table, folder, &Layer::folder);
  return it == table.end() ? nullptr : &*it;
}

void check_includes(const Source& source, const Tree& tree, Findings& findings) {
  if (!source.is_cpp()) return;
  const Layer* layer = layer_named(layer_of(source.path));
  if (layer == nullptr) {
    findings.push_back({source.path, 1, "layering",
                        "unknown folder: give it a row in the table of tools/tidy_layers.cc"});
    return;
  }
  for (const Include& include : includes_of(source)) {
    if (include.quoted) {
      check_quoted(source, *layer, tree, include, findings);
    } else if (!may_include_outside(*layer, source.path, include.name)) {
      findings.push_back({source.path, include.line, "layering",
                          std::string(layer->folder) + " may not include <" + include.name + ">"});
    }
    if (layer->folder != "raft" || include.quoted) continue;
    const auto ban = std::ranges::find(raft_headers, include.name, &HeaderBan::name);
    if (ban == raft_headers.end() || (!ban->in_tests && is_test(source.path))) continue;
    findings.push_back({source.path, include.line, "banned",
                        "<" + include.name + "> in raft: " + std::string(ban->instead)});
  }
}

void check_banned(const Source& source, Findings& findings) {
  if (!source.is_cpp()) return;
  const std::string folder(layer_of(source.path));
  for (std::size_t i = 0; i < source.code.size(); ++i) {
    const std::string& line = source.code[i];
    if (trim(line).starts_with('#')) continue;  // an include of <new> is not a use
    for (const Ban& ban : bans) {
      if (ban.folders != all && !has_word(ban.folders, folder)) continue;
      if (!uses(line, ban.what)) continue;
      findings.push_back({source.path, i + 1, "banned",
                          "'" + std::string(ban.what) + "': " + std::string(ban.instead)});
    }
  }
}

}  // namespace bowline::tidy
