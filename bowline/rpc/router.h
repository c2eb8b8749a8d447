// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "bowline/rpc/call.h"
#include "bowline/rpc/call_times.h"
#include "bowline/rpc/gate.h"
#include "bowline/rpc/http.h"
#include "bowline/rpc/slow_calls.h"
#include "bowline/rpc/status.h"

namespace bowline::rpc {

// Handlers are called with a call that they answer now or later. The bytes are there during the
// call only.
using UnaryHandler = std::move_only_function<void(Call, std::string_view request)>;
using StreamHandler = std::move_only_function<void(Call)>;
using HttpHandler = std::move_only_function<void(Exchange, HttpRequest)>;

// One method, and what was counted of it (of all sessions that share the router).
struct Method {
  std::string path;    // "/etcdserverpb.KV/Range"
  UnaryHandler unary;  // one of the two
  StreamHandler stream;
  bool client_streams = false;  // for whoever names the kinds of methods (metrics)
  bool server_streams = false;
  // Its client may leave unread what was sent for as long as it likes, as whoever watches does: the
  // handler bounds what waits. Else it is given up after Limits::taken_within.
  bool is_patient = false;

  std::uint64_t started = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t messages_out = 0;
  std::array<std::uint64_t, codes> finished = {};  // by the code that the client was told
  std::unique_ptr<CallTimes> times;                // null: nobody wants to know
  SlowCalls* slow = nullptr;                       // of a unary one; likewise
};

// Who answers what. Outlives the sessions that use it; complete before the first of them.
class Router {
 public:
  Router() = default;
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // Paths are "/package.Service/Method", each once.
  void unary(std::string path, UnaryHandler);
  void server_streaming(std::string path, StreamHandler);
  void client_streaming(std::string path, StreamHandler);
  void bidirectional(std::string path, StreamHandler);

  // A path; or, if it ends in "/", all paths below it for which there is nothing longer.
  void http(std::string path, HttpHandler);

  // From now on it is counted how long calls take, of all methods that there are.
  void time_calls(const env::Clock&);
  // From now on unary calls that take long are told of, of all methods that there are.
  void tell_of_slow(std::unique_ptr<SlowCalls>);

  Method* find(std::string_view path);  // null: unknown() says what to answer
  Status unknown(std::string_view path) const;
  HttpHandler* find_http(std::string_view path);
  // Answers a plain request, by its handler or instead of it.
  void answer(Exchange, HttpRequest);
  Gate gate;  // that each of these has to pass

  const std::map<std::string, std::unique_ptr<Method>, std::less<>>& methods() const {
    return methods_;
  }

 private:
  void add(std::string path, std::unique_ptr<Method>);

  std::map<std::string, std::unique_ptr<Method>, std::less<>> methods_;
  std::unordered_map<std::string_view, Method*> by_path_;  // the same, found sooner
  std::map<std::string, HttpHandler, std::less<>> http_;
  std::unique_ptr<SlowCalls> slow_;
};

}  // namespace bowline::rpc
