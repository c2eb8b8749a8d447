// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/router.h"

#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/rpc/cors.h"

namespace bowline::rpc {

void Router::unary(std::string path, UnaryHandler handler) {
  auto method = std::make_unique<Method>();
  method->unary = std::move(handler);
  add(std::move(path), std::move(method));
}

void Router::server_streaming(std::string path, StreamHandler handler) {
  auto method = std::make_unique<Method>();
  method->stream = std::move(handler);
  method->server_streams = true;
  add(std::move(path), std::move(method));
}

void Router::client_streaming(std::string path, StreamHandler handler) {
  auto method = std::make_unique<Method>();
  method->stream = std::move(handler);
  method->client_streams = true;
  add(std::move(path), std::move(method));
}

void Router::bidirectional(std::string path, StreamHandler handler) {
  auto method = std::make_unique<Method>();
  method->stream = std::move(handler);
  method->client_streams = true;
  method->server_streams = true;
  add(std::move(path), std::move(method));
}

void Router::add(std::string path, std::unique_ptr<Method> method) {
  method->path = path;
  const auto [at, is_new] = methods_.emplace(std::move(path), std::move(method));
  ensure(is_new);
  by_path_.emplace(at->second->path, at->second.get());
}

void Router::time_calls(const env::Clock& clock) {
  for (const auto& [path, method] : methods_) method->times = std::make_unique<CallTimes>(clock);
}

void Router::tell_of_slow(std::unique_ptr<SlowCalls> slow) {
  slow_ = std::move(slow);
  for (const auto& [path, method] : methods_)
    if (method->unary) method->slow = slow_.get();
}

void Router::http(std::string path, HttpHandler handler) {
  const bool is_new = http_.emplace(std::move(path), std::move(handler)).second;
  ensure(is_new);
}

Method* Router::find(std::string_view path) {
  const auto found = by_path_.find(path);
  return found == by_path_.end() ? nullptr : found->second;
}

// gRPC's own words: clients and their tests look for them.
Status Router::unknown(std::string_view path) const {
  const std::size_t slash = path.rfind('/');
  if (!path.starts_with('/') || slash == 0)
    return {Code::unimplemented, "malformed method name: \"" + std::string(path) + "\""};
  const std::string service(path.substr(1, slash - 1));
  const auto of_service = methods_.lower_bound("/" + service + "/");
  if (of_service == methods_.end() || !of_service->first.starts_with("/" + service + "/"))
    return {Code::unimplemented, "unknown service " + service};
  return {Code::unimplemented,
          "unknown method " + std::string(path.substr(slash + 1)) + " for service " + service};
}

void Router::answer(Exchange exchange, HttpRequest request) {
  if (auto refusal = gate.judge(request)) return exchange.answer(*std::move(refusal));
  if (gate.shares(request)) {
    exchange = shared_with(std::string(request.headers["origin"]), std::move(exchange));
    if (request.method == "OPTIONS") return exchange.answer(may_ask());
  }
  HttpHandler* const handler = find_http(request.path);
  if (handler != nullptr) return (*handler)(std::move(exchange), std::move(request));
  exchange.answer({.status = 404, .body = "404 page not found\n"});
}

HttpHandler* Router::find_http(std::string_view path) {
  if (const auto exact = http_.find(path); exact != http_.end()) return &exact->second;
  for (std::size_t slash = path.rfind('/'); slash != std::string_view::npos;
       slash = slash == 0 ? std::string_view::npos : path.rfind('/', slash - 1)) {
    const auto below = http_.find(path.substr(0, slash + 1));
    if (below != http_.end()) return &below->second;
  }
  return nullptr;
}

}  // namespace bowline::rpc
