// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/message.h>

// What is sent to two servers, and has to be answered alike.
namespace bowline::differ {

using google::protobuf::Message;

struct Method {
  std::string_view path;
  const Message* request;  // an empty one of its kind; null: there is no such method
  const Message* response;
  bool only_reads;  // whatever is asked: so several may be on their way at once
};
std::span<const Method> methods();
const Method& method_of(std::string_view path);

// Numbers that only a run knows are written as marks: a revision as its distance from the first one
// of the episode, a lease as the number of its slot. The slot knows which id each server gave it.
inline constexpr std::int64_t revision_mark = std::int64_t{1} << 50;
inline constexpr std::int64_t revision_reach = 1 << 20;
inline constexpr std::int64_t lease_mark = std::int64_t{1} << 55;
inline constexpr std::size_t lease_slots = 8;
inline constexpr std::size_t no_slot = lease_slots;
inline constexpr std::int64_t first_lease = 7000;  // the id of slot 0, if it is the client's choice

struct Step {
  enum class Kind : std::uint8_t {
    call,     // one message, and the end of them
    open,     // a stream of watches
    say,      // one message on it
    hang_up,  // the client gives it up, and opens another one in its place
    expire    // a lease of a second ends, with its keys
  };
  Kind kind = Kind::call;
  const Method* method = nullptr;  // of call, open and say
  std::size_t stream = 0;          // of open, say and hang_up
  std::string bytes;               // with marks
  std::uint64_t damage = 0;        // a seed for what is done to the bytes; 0: nothing
  std::size_t slot = no_slot;      // gets the lease that the server chooses
};
using Steps = std::vector<Step>;

// What one server calls what is marked.
struct Names {
  std::int64_t base = 0;
  std::vector<std::int64_t> leases =
      std::vector<std::int64_t>(lease_slots, 0);  // 0: ours to choose

  std::int64_t lease(std::size_t slot) const;
};

// The bytes for one server.
std::string bytes_for(const Step&, const Names&);
// The other way: the ids of leases that this server chose become marks.
void mark_leases(Message&, const Names&);

// What the other server is. A later one than 3.5 is taken for that.
enum class Release : std::uint8_t { v3_4, v3_5 };

// Why these bytes are sent to nobody; empty: they may be sent.
std::string_view why_not(const Method&, const std::string& bytes, Release);

// One line for people; numbers as BASE+1 and LEASE#2.
std::string text(const Step&);
std::string text(const Message&);

}  // namespace bowline::differ
