// SPDX-License-Identifier: Apache-2.0
#include "fuzz/rpc_targets.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/rpc/connection.h"
#include "bowline/rpc/framing.h"
#include "bowline/rpc/test_client.h"
#include "bowline/rpc/test_rig.h"

namespace bowline::fuzz {
namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Small ones, so that a short input reaches them.
rpc::Limits tight() {
  return {.most_streams = 8,
          .most_message_bytes = 1000,
          .most_unfinished_bytes = 2000,
          .most_header_bytes = 2000,
          .most_headers = 30,
          .stream_window = 70'000,
          .most_queued_bytes = 100'000,
          .resets_at_once = 20,
          .controls_at_once = 50,
          .most_body_bytes = 1000};
}

struct Talked {
  std::string said;
  bool is_over = false;
  std::string why;
};

enum class Takes : bool { at_the_end, always };

// All that a service does, and then time goes by until nobody waits for anything.
Talked talk(std::string_view bytes, std::size_t piece, Takes takes) {
  const rpc::Limits limits = tight();
  rpc::EchoService service;
  rpc::Wire wire(service.router, limits);
  Talked talked;
  while (!bytes.empty() && !wire.over()) {
    wire.deliver(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    if (takes == Takes::always) talked.said += wire.take();
    ensure(wire.session().calls() <= limits.most_streams);
    ensure(wire.session().queued() <= limits.most_queued_bytes + bytes.size() + rpc_target_bytes);
  }
  talked.said += wire.take();
  for (rpc::Call& call : service.kept) {
    call.message("late");
    call.hold(true);
    call.hold(false);
  }
  for (rpc::Exchange& exchange : service.exchanges) exchange.begin({.body = "late"});
  service.kept.clear();
  service.exchanges.clear();
  talked.said += wire.take();
  talked.is_over = wire.over();
  talked.why = wire.session().why();
  wire.pass(std::chrono::seconds(200));
  wire.session().drain(wire.now());
  wire.pass(std::chrono::seconds(20));
  ensure(wire.over());
  return talked;
}

// A client that ends the connection of its own accord.
bool has_goaway(std::string_view frames) {
  constexpr std::size_t head = 9;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(frames[at]); };
  while (frames.size() >= head) {
    if (byte(3) == 7) return true;
    const std::size_t size = (std::size_t{byte(0)} << 16U) + (std::size_t{byte(1)} << 8U) + byte(2);
    frames.remove_prefix(std::min(head + size, frames.size()));
  }
  return false;
}

bool converse(std::string_view input, std::string_view begin) {
  if (input.empty()) return false;
  const std::size_t piece = 1 + static_cast<unsigned char>(input.front());
  const std::string bytes = std::string(begin) + std::string(input.substr(1));
  const Talked at_once = talk(bytes, std::string::npos, Takes::at_the_end);
  const Talked in_pieces = talk(bytes, piece, Takes::at_the_end);
  // Who says goodbye in HTTP/2 and goes on is heard only if that came together.
  const bool left = in_pieces.is_over && in_pieces.why.empty();
  if (begin.empty() || !left || !has_goaway(input.substr(1)))
    ensure(at_once.is_over == in_pieces.is_over && at_once.why == in_pieces.why);
  // What an answered stream hears once more is wrong of HTTP/2 only until the answer has left.
  const Talked in_turns = talk(bytes, piece, Takes::always);
  if (begin.empty()) ensure(at_once.said == in_pieces.said && at_once.said == in_turns.said);
  return !at_once.is_over || at_once.why.empty();
}

std::string client_bytes(auto talk_to) {
  rpc::TestClient client;
  talk_to(client);
  return client.take().substr(preface.size());
}

}  // namespace

bool eat_http1(std::string_view input) {
  return !input.substr(std::min<std::size_t>(1, input.size())).starts_with("PRI") &&
         converse(input, {});
}

bool eat_http2(std::string_view input) { return converse(input, preface); }

std::vector<Seed> http1_seeds() {
  return {{"get", "\x05GET /health HTTP/1.1\r\nHost: a\r\n\r\n"},
          {"post", "\x03POST /v3/kv/put?a=b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"},
          {"chunks",
           "\x07POST /v3/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: "
           "100-continue\r\n\r\n3\r\nabc\r\nA;b=c\r\n0123456789\r\n0\r\nA: b\r\n\r\n"},
          {"many",
           "\x01GET /v3/1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /v3/2 HTTP/1.1\r\nHost: a\r\n\r\nGET "
           "/later HTTP/1.1\r\nHost: a\r\n\r\nGET /v3/3 HTTP/1.1\r\nHost: a\r\n\r\n"},
          {"old", "\xffGET http://a/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"}};
}

std::vector<Seed> http2_seeds() {
  std::vector<Seed> seeds;
  const auto add = [&](std::string name, char piece, auto talk_to) {
    seeds.push_back({std::move(name), piece + client_bytes(talk_to)});
  };
  add("unary", '\3', [](rpc::TestClient& client) { client.call("/test.Echo/Unary", "hello"); });
  add("unknown", '\1', [](rpc::TestClient& client) { client.call("/test.Echo/X", ""); });
  add("metadata", '\7', [](rpc::TestClient& client) {
    client.call("/test.Echo/Metadata", "x-bin",
                {.more = {{"x-bin", "YWI"}, {"grpc-timeout", "1S"}, {"user-agent", "a"}}});
  });
  add("chat", '\11', [](rpc::TestClient& client) {
    const auto id = client.open("/test.Echo/Chat");
    client.message(id, "one");
    client.message(id, "");
    client.half_close(id);
  });
  add("open", '\5', [](rpc::TestClient& client) {
    client.message(client.open("/test.Echo/Open"), "watch");
    client.call("/test.Echo/Later", "x");
    client.ping();
  });
  add("plain", '\4', [](rpc::TestClient& client) {
    client.get("/health");
    client.get("/later");
    client.get("/nothing");
  });
  add("too_long", '\2', [](rpc::TestClient& client) {
    client.raw(client.open("/test.Echo/Sum"), rpc::prefix_of(1001));
  });
  return seeds;
}

}  // namespace bowline::fuzz
