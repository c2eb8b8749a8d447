// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// A map that is replicated: an example of what a program does with Bowline.
namespace bowline::examples::kv {

enum class Verb : std::uint8_t { get, put, put_at, append, remove };
inline constexpr std::uint8_t verbs = 5;

struct Command {
  Verb verb = Verb::get;
  std::string key;
  std::string value;          // of put, put_at and append
  std::uint64_t version = 0;  // put_at: that the key must have; 0: there must be no such key
  std::uint64_t mark = 0;     // of whoever asks, for a journal; means nothing to the map
};

struct Answer {
  enum class Kind : std::uint8_t {
    done,
    absent,     // there is no such key; nothing was changed
    mismatch,   // put_at: it has another version; nothing was changed
    malformed,  // this is no command; nothing was changed
  };
  Kind kind = Kind::done;
  std::uint64_t version = 0;  // that the key has now (remove: had); of an absent key 0
  std::string value;          // of a get
  friend bool operator==(const Answer&, const Answer&) = default;
};

std::string encode(const Command&);
std::string encode(const Answer&);
// nullopt: encode() did not make this.
std::optional<Command> decode_command(std::string_view);
std::optional<Answer> decode_answer(std::string_view);

}  // namespace bowline::examples::kv
