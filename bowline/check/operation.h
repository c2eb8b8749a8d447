// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Histories of clients who used one map at the same time, and whether the map can have been one.
namespace bowline::check {

enum class Verb : std::uint8_t { get, put, put_at, append, remove };
inline constexpr std::uint8_t verbs = 5;

// Each write of a key makes its version one larger, and a removed key remembers where it was: no
// version comes twice.
struct Answer {
  enum class Kind : std::uint8_t {
    done,
    absent,    // there is no such key; nothing was changed
    mismatch,  // put_at: it has another version; nothing was changed
  };
  Kind kind = Kind::done;
  std::uint64_t version = 0;  // that the key has now (remove: had); of an absent key 0
  std::string value;          // of a get
  friend bool operator==(const Answer&, const Answer&) = default;
};

enum class Fate : std::uint8_t {
  done,     // once, between its call and its end
  refused,  // never
  unknown,  // once at any time after its call, or never
};

// One request of one client.
struct Operation {
  std::uint64_t client = 0;  // for people
  Verb verb = Verb::get;
  std::string key;
  std::string value;          // of put, put_at and append
  std::uint64_t version = 0;  // put_at: that the key must have; 0: there must be no such key

  Fate fate = Fate::done;
  std::optional<Answer> answer;  // none: it was not told
  std::uint64_t called = 0;      // one clock for all clients
  std::uint64_t ended = 0;       // if done

  // The log indices where it was applied; of a read, the last index that it had seen.
  std::vector<std::uint64_t> places;
};

using History = std::vector<Operation>;

}  // namespace bowline::check
