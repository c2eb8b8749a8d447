// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/rpc/client_session.h"
#include "bowline/rpc/connection.h"
#include "bowline/rpc/test_client.h"
#include "bowline/rpc/test_rig.h"

namespace bowline::rpc {

// What the owner of a client session heard of one call.
struct Told {
  std::vector<std::string> messages;
  std::string answer;
  int ends = 0;
  CallEnd end;
  bool ok() const { return ends == 1 && end.status && end.status->ok(); }
};

// A client session with its owner; a test may be the server.
class ClientRig {
 public:
  explicit ClientRig(ClientOptions options = {.authority = "test"})
      : session(std::move(options),
                {.message =
                     [this](std::uint64_t tag, std::string_view bytes) {
                       told[tag].messages.emplace_back(bytes);
                       if (on_message) on_message(tag);
                     },
                 .ended =
                     [this](std::uint64_t tag, const CallEnd& end, std::string_view answer) {
                       Told& one = told[tag];
                       one.answer = answer;
                       one.end = end;
                       ++one.ends;
                       if (on_end) on_end(tag);
                     }},
                now) {}

  std::string take(std::uint64_t room = 1U << 30U) {
    std::string out;
    session.take(out, room, now);
    return out;
  }
  // In pieces of that many bytes.
  void hear(std::string_view bytes, std::size_t piece = std::string::npos) {
    while (!bytes.empty()) {
      session.received(bytes.substr(0, piece), now);
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
  }
  // The owner's part: tick() whenever it is due.
  void pass(Duration duration) {
    const Time end = now + duration;
    for (int i = 0; i < 1000 && session.deadline() <= end; ++i) {
      now = std::max(now, session.deadline());
      session.tick(now);
      said += take();
    }
    now = end;
  }

  Time now{std::chrono::hours(1)};
  std::map<std::uint64_t, Told> told;
  std::function<void(std::uint64_t)> on_message, on_end;
  std::string said;  // as time passed
  ClientSession session;
};

// It, and a real server.
class Pair {
 public:
  explicit Pair(ClientOptions options = {.authority = "test"}, const Limits& limits = {})
      : wire(service.router, limits), client(std::move(options)) {}

  // Until neither side has more to say.
  void pump(std::size_t piece = std::string::npos) {
    for (int i = 0; i < 10'000; ++i) {
      const std::string up = client.take();
      wire.deliver(up, piece);
      const std::string down = wire.take();
      if (up.empty() && down.empty()) return;
      client.hear(down, piece);
    }
  }
  const Told& call(std::string_view path, std::string_view request) {
    const std::uint64_t tag = ++tags;
    client.session.call(path, request, tag);
    pump();
    return client.told[tag];
  }

  EchoService service;
  Wire wire;
  ClientRig client;
  std::uint64_t tags = 1'000'000;
};

}  // namespace bowline::rpc
