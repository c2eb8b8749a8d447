// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/env/env.h"
#include "bowline/host/news.h"

namespace bowline::host {

enum class Topic : std::uint8_t { node, group, election, members, snapshot, peer, disk };
inline constexpr std::size_t topic_count = 7;
enum class Level : std::uint8_t { debug, info, warning, error, off };
const char* word(Topic);
const char* word(Level);

// What one line of the journal says. Never a payload, nor what a member keeps as its metadata.
struct Event {
  Topic topic = Topic::node;
  Level level = Level::info;
  GroupId group;     // 0: of the node
  Term term;         // 0: none
  NodeId peer;       // 0: none
  std::string what;  // the same words for the same thing
  std::vector<std::pair<std::string, std::string>> more;
};
Event event_of(GroupId, const News&);

// Writes events as lines for programs and people, one each, to whoever takes them. What repeats
// itself is left out, and counted.
class Journal {
 public:
  enum class Form : std::uint8_t { logfmt, json };
  using Levels = std::array<Level, topic_count>;  // by topic: what is below is left out
  static constexpr Levels all(Level level) {
    Levels levels{};
    levels.fill(level);
    return levels;
  }
  struct Options {
    Form form = Form::logfmt;
    Levels levels = all(Level::info);
    // Of the same topic, group, peer and words, in one second; 0: all of them.
    std::uint32_t most_alike = 20;
  };
  using Sink = std::function<void(std::string_view line)>;  // without an end of line

  Journal(NodeId node, const env::Clock& clock, Options options, Sink sink)
      : node_(node), clock_(clock), options_(options), sink_(std::move(sink)) {}

  bool takes(Topic topic, Level level) const {
    return sink_ && level >= options_.levels[static_cast<std::size_t>(topic)];
  }
  void put(const Event&);

 private:
  using Kind = std::tuple<Topic, GroupId, NodeId, std::string>;
  struct Seen {
    Time since;
    std::uint32_t told = 0;
    std::uint64_t left_out = 0;
  };
  static constexpr std::size_t most_kinds = 1024;

  bool may_tell(const Event&, std::uint64_t& left_out);

  NodeId node_;
  const env::Clock& clock_;
  Options options_;
  Sink sink_;
  std::map<Kind, Seen> seen_;
};

// Milliseconds since 1970 as 2026-11-21T09:05:01.007Z.
std::string moment(std::int64_t wall_ms);

}  // namespace bowline::host
