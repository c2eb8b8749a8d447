// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/rpc/connection.h"
#include "bowline/rpc/test_client.h"

namespace bowline::rpc {

// A service with one method of each kind, and what its handlers saw.
struct EchoService {
  EchoService() {
    router.unary("/test.Echo/Unary",
                 [](Call call, std::string_view request) { call.answer(std::string(request)); });
    router.unary("/test.Echo/Fails", [](Call call, std::string_view request) {
      call.finish({Code::failed_precondition, std::string(request)});
    });
    router.unary("/test.Echo/Later",
                 [this](Call call, std::string_view) { kept.push_back(std::move(call)); });
    router.unary("/test.Echo/Drops", [](Call, std::string_view) {});
    router.unary("/test.Echo/Metadata", [](Call call, std::string_view name) {
      call.answer(std::string(call.metadata(name)));
    });
    router.server_streaming("/test.Echo/Open", [this](Call call) { keep(std::move(call)); });
    router.bidirectional("/test.Echo/Chat", [this](Call call) { chat(std::move(call)); });
    router.client_streaming("/test.Echo/Sum", [this](Call call) { sum(std::move(call)); });
    router.http("/health", [](Exchange exchange, const HttpRequest&) {
      exchange.answer({.content_type = "application/json", .body = "{\"health\":\"true\"}"});
    });
    router.http("/v3/", [](Exchange exchange, const HttpRequest& request) {
      exchange.answer(
          {.body = request.method + " " + request.path + "?" + request.query + " " + request.body});
    });
    router.http("/later", [this](Exchange exchange, const HttpRequest&) {
      exchange.listen({.cancelled = [this](Cancelled why) { cancelled.push_back(why); },
                       .drained = [this] { ++drained; }});
      exchanges.push_back(std::move(exchange));
    });
  }

  // Keeps the call, and what is told of it.
  void keep(Call call) {
    call.listen({.message = [this](std::string_view bytes) { messages.emplace_back(bytes); },
                 .half_closed = [this] { ++half_closed; },
                 .cancelled = [this](Cancelled why) { cancelled.push_back(why); },
                 .drained = [this] { ++drained; }});
    kept.push_back(std::move(call));
  }

  void chat(Call call) {
    const auto shared = std::make_shared<Call>(std::move(call));
    shared->listen(
        {.message = [shared](std::string_view bytes) { shared->message(std::string(bytes)); },
         .half_closed = [shared] { shared->finish({}); },
         .cancelled = [this](Cancelled why) { cancelled.push_back(why); }});
  }

  void sum(Call call) {
    const auto shared = std::make_shared<Call>(std::move(call));
    const auto count = std::make_shared<std::size_t>(0);
    shared->listen({.message = [count](std::string_view bytes) { *count += bytes.size(); },
                    .half_closed = [shared, count] { shared->answer(std::to_string(*count)); }});
  }

  Router router;
  std::vector<Call> kept;
  std::vector<Exchange> exchanges;
  std::vector<std::string> messages;
  std::vector<Cancelled> cancelled;
  int half_closed = 0;
  int drained = 0;
};

// A session, and the bytes between it and a client. Time passes when the test says so.
class Wire {
 public:
  explicit Wire(Router& router, const Limits& limits = {})
      : session_(make_connection(router, limits, "10.0.0.1:99", now_, [this] { ++wakes_; })) {}

  Session& session() { return *session_; }
  Time now() const { return now_; }
  int wakes() const { return wakes_; }
  void end() { session_.reset(); }  // the connection is gone
  bool over() const { return session_->over(); }

  // To the session, in pieces of that many bytes.
  void deliver(std::string_view bytes, std::size_t piece = std::string::npos) {
    while (!bytes.empty() && !session_->over()) {
      session_->received(bytes.substr(0, piece), now_);
      bytes.remove_prefix(std::min(piece, bytes.size()));
    }
  }
  std::string take(std::uint64_t room = 1U << 30U) {
    std::string out;
    session_->take(out, room, now_);
    return out;
  }
  // Until neither side has more to say.
  void pump(TestClient& client, std::size_t piece = std::string::npos) {
    for (int i = 0; i < 10'000; ++i) {
      const std::string up = client.take();
      deliver(up, piece);
      const std::string down = take();
      if (up.empty() && down.empty()) return;
      for (std::string_view rest = down; !rest.empty();
           rest.remove_prefix(std::min(piece, rest.size())))
        client.received(rest.substr(0, piece));
    }
  }
  // The owner's part: tick() whenever it is due.
  void pass(Duration duration) {
    const Time end = now_ + duration;
    for (Time due = session_->deadline(); due <= end && !session_->over();
         due = session_->deadline()) {
      now_ = std::max(now_, due);
      session_->tick(now_);
      trickle_ += take();
    }
    now_ = end;
  }
  void pass(Duration duration, TestClient& client) {
    pass(duration);
    client.received(std::exchange(trickle_, {}));
    pump(client);
  }
  const std::string& trickle() const { return trickle_; }

 private:
  Time now_{std::chrono::hours(1)};
  int wakes_ = 0;
  std::string trickle_;  // what was sent as time passed
  std::unique_ptr<Session> session_;
};

}  // namespace bowline::rpc
