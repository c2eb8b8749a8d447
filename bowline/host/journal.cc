// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/journal.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "bowline/words/describe_words.h"

namespace bowline::host {
namespace {

template <class Thing>
std::string number(Ordinal<Thing> ordinal) {
  return std::to_string(ordinal.value);
}

using Fields = std::vector<std::pair<std::string, std::string>>;

bool is_plain(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return letter || std::string_view("._:/-+@,[]{}").find(c) != std::string_view::npos;
}

// In both forms what is not a printable letter of ASCII does a terminal no harm.
std::string in_quotes(std::string_view text, const char* other) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, other, unsigned{byte});
      out += escaped;
    }
  }
  return out + '"';
}

std::string logfmt(const Fields& fields) {
  std::string line;
  for (const auto& [name, value] : fields) {
    if (!line.empty()) line += ' ';
    const bool plain = !value.empty() && std::ranges::all_of(value, is_plain);
    line += name + '=' + (plain ? value : in_quotes(value, "\\x%02x"));
  }
  return line;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 16 && (text == "0" || text.front() != '0') &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string json(const Fields& fields) {
  std::string line = "{";
  for (const auto& [name, value] : fields) {
    if (line.size() > 1) line += ',';
    line += in_quotes(name, "\\u%04x") + ':';
    line += is_number(value) ? value : in_quotes(value, "\\u%04x");
  }
  return line + '}';
}

std::string in_ms(Duration d) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count());
}

std::string members_of(const raft::Membership& membership) {
  std::string list;
  for (const raft::Member& member : membership.members) {
    if (!list.empty()) list += ',';
    list += number(member.id);
    if (member.now == raft::Standing::learner) list += ":learner";
  }
  return "{" + list + "}";
}

// One function for each kind of news.
struct Teller {
  Event& event;

  void set(Topic topic, Level level, std::string what) const {
    event.topic = topic;
    event.level = level;
    event.what = std::move(what);
  }
  void add(std::string name, std::string value) const {
    event.more.emplace_back(std::move(name), std::move(value));
  }

  void operator()(const raft::RoleChanged& news) const {
    const bool follows = news.role == raft::Role::follower && news.leader;
    set(Topic::election, Level::info,
        news.role == raft::Role::leader      ? "leads"
        : news.role == raft::Role::candidate ? "campaigns"
        : follows                            ? "follows"
                                             : "knows no leader");
    event.term = news.term;
    if (follows) event.peer = news.leader;
  }
  void operator()(const raft::MembershipChanged& news) const {
    set(Topic::members, Level::info, news.committed ? "members committed" : "members appended");
    add("at", number(news.config.at));
    if (news.config.membership != nullptr) add("members", members_of(*news.config.membership));
  }
  void operator()(const raft::StandingBy& news) const {
    set(Topic::election, Level::warning, "does not campaign");
    add("why", std::string(raft::word(news.why)));
  }
  void operator()(const raft::Removed& news) const {
    set(Topic::members, Level::warning, "is no member any more");
    add("at", number(news.at));
  }
  void operator()(const raft::Impossible& news) const {
    set(Topic::group, Level::error, "saw what cannot be, and stopped");
    event.term = news.term;
    event.peer = news.from;
    add("why", std::string(raft::word(news.what)));
    add("evidence", news.evidence);
  }
  void operator()(const MachineThrew& news) const {
    set(Topic::group, Level::error, "its machine threw, and it stopped");
    add("first", number(news.first));
    add("last", number(news.last));
    add("why", news.what);
  }
  void operator()(const GroupStarted& news) const {
    set(Topic::group, news.stateless ? Level::warning : Level::info,
        news.stateless ? "started without its snapshot" : "started");
    add("applied", number(news.applied.index));
    add("last", number(news.last.index));
  }
  void operator()(const GroupEnded&) const { set(Topic::group, Level::info, "ended"); }
  void operator()(const GroupDestroyed&) const { set(Topic::group, Level::info, "destroyed"); }
  void operator()(const PeerUp& news) const {
    set(Topic::peer, Level::info, "connected");
    event.peer = news.peer;
  }
  void operator()(const PeerDown& news) const {
    set(Topic::peer, Level::warning, "gone");
    event.peer = news.peer;
  }
  void operator()(const Opening& news) const {
    set(Topic::node, Level::info, "reads its log");
    add("segments", std::to_string(news.segments));
    add("of_segments", std::to_string(news.of_segments));
  }
  void operator()(const SnapshotProgress& news) const {
    using enum SnapshotProgress::What;
    set(Topic::snapshot, Level::info,
        news.what == taken    ? "takes a snapshot"
        : news.what == loaded ? "loads a snapshot"
                              : "fetches a snapshot");
    add("bytes", std::to_string(news.bytes));
    if (news.of_bytes > 0) add("of_bytes", std::to_string(news.of_bytes));
  }
  void operator()(const SnapshotTaken& news) const {
    set(Topic::snapshot, Level::info, "snapshot taken");
    add("through", number(news.base.id.index));
  }
  void operator()(const SnapshotFailed& news) const {
    set(Topic::snapshot, Level::warning, "no snapshot taken");
    add("why", news.why);
  }
  void operator()(const SnapshotWanted& news) const {
    set(Topic::snapshot, Level::info, "snapshot wanted");
    event.peer = news.from;
    add("through", number(news.through.index));
  }
  void operator()(const SnapshotNotFetched& news) const {
    set(Topic::snapshot, Level::warning, "snapshot not fetched");
    add("through", number(news.through.index));
    add("why", news.why);
  }
  void operator()(const SnapshotInstalled& news) const {
    set(Topic::snapshot, Level::info, news.used ? "snapshot installed" : "snapshot kept");
    add("through", number(news.base.id.index));
  }
  void operator()(const DiskFull& news) const {
    set(Topic::disk, news.full ? Level::error : Level::info,
        news.full ? "disk full" : "disk has room again");
    if (!news.why.empty()) add("why", news.why);
  }
  void operator()(const DiskStalled& news) const {
    set(Topic::disk, news.stalled ? Level::error : Level::info,
        news.stalled ? "disk stalls" : "disk answers again");
    add("busy_ms", in_ms(news.busy));
  }
  void operator()(const HandsOver& news) const {
    set(Topic::election, Level::warning, news.to ? "hands over" : "leads no more");
    event.peer = news.to;
    add("why", "the disk has been busy for " + in_ms(news.busy) + " ms");
  }
  void operator()(const Asked& news) const {
    set(Topic::node, Level::info, "an operator asks");
    add("who", news.who);
    add("for", news.what);
  }
};

}  // namespace

const char* word(Topic topic) {
  switch (topic) {
    case Topic::node: return "node";
    case Topic::group: return "group";
    case Topic::election: return "election";
    case Topic::members: return "members";
    case Topic::snapshot: return "snapshot";
    case Topic::peer: return "peer";
    case Topic::disk: return "disk";
  }
  std::unreachable();
}

const char* word(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
    case Level::off: return "off";
  }
  std::unreachable();
}

Event event_of(GroupId group, const News& news) {
  Event event;
  event.group = group;
  std::visit(Teller{event}, news);
  return event;
}

std::string moment(std::int64_t wall_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds(wall_ms)};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  char text[48];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{date.year()},
                unsigned{date.month()}, unsigned{date.day()},
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()),
                static_cast<int>(time.subseconds().count()));
  return text;
}

bool Journal::may_tell(const Event& event, std::uint64_t& left_out) {
  if (options_.most_alike == 0) return true;
  if (seen_.size() >= most_kinds) seen_.clear();
  const Time now = clock_.now();
  Seen& seen = seen_[{event.topic, event.group, event.peer, event.what}];
  if (seen.told == 0 || now - seen.since >= std::chrono::seconds(1)) {
    left_out = std::exchange(seen.left_out, 0);
    seen.since = now;
    seen.told = 1;
    return true;
  }
  if (seen.told < options_.most_alike) return ++seen.told > 0;
  ++seen.left_out;
  return false;
}

void Journal::put(const Event& event) {
  std::uint64_t left_out = 0;
  if (!takes(event.topic, event.level) || !may_tell(event, left_out)) return;
  Fields fields{{"time", moment(clock_.wall_ms())},
                {"level", word(event.level)},
                {"node", number(node_)},
                {"topic", word(event.topic)}};
  if (event.group) fields.emplace_back("group", number(event.group));
  if (event.term) fields.emplace_back("term", number(event.term));
  if (event.peer) fields.emplace_back("peer", number(event.peer));
  fields.emplace_back("what", event.what);
  fields.insert(fields.end(), event.more.begin(), event.more.end());
  if (left_out > 0) fields.emplace_back("left_out", std::to_string(left_out));
  sink_(options_.form == Form::json ? json(fields) : logfmt(fields));
}

}  // namespace bowline::host
