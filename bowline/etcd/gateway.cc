// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/gateway.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "bowline/etcd/gateway_routes.h"
#include "bowline/rpc/call.h"

namespace bowline::etcd {
namespace {

constexpr const char* content_type = "application/json";

std::string in_quotes(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += '\\';
    if (byte >= ' ') {
      out += c;
    } else {
      out += std::string("\\u00") + digits[byte >> 4U] + digits[byte & 15U];
    }
  }
  return out + '"';
}

rpc::HttpAnswer error_answer(int status, const rpc::Status& error) {
  return {.status = status, .content_type = content_type, .body = json_error(error)};
}

void turn_down(rpc::Exchange& exchange, const rpc::Status& error) {
  exchange.answer(error_answer(http_status_of(error.code), error));
}

// What is behind a call of a method when JSON asked for it.
class GatewayCall final : public rpc::CallChannel,
                          public std::enable_shared_from_this<GatewayCall> {
 public:
  GatewayCall(env::Loop& loop, std::shared_ptr<JsonCodec> codec, const GatewayRoute& route,
              const rpc::Method& method, std::uint64_t asked_bytes, rpc::Exchange exchange,
              rpc::CallHead head)
      : loop_(loop),
        codec_(std::move(codec)),
        route_(route),
        method_(method),
        streams_(method.stream),
        begun_at_(method.slow == nullptr ? never : method.slow->now()),
        asked_bytes_(asked_bytes),
        exchange_(std::move(exchange)),
        head_(std::move(head)) {}

  // The one message that the client sends on a stream.
  void deliver(std::string bytes) {
    loop_.soon([self = shared_from_this(), bytes = std::move(bytes)] {
      if (!self->over() && self->hooks_.message) self->hooks_.message(bytes);
      if (!self->over() && self->hooks_.half_closed) self->hooks_.half_closed();
    });
  }

  const rpc::CallHead& head() const override { return head_; }
  void listen(rpc::CallHooks hooks) override {
    hooks_ = std::move(hooks);
    if (std::exchange(listens_, true) || over_) return;
    // A hook of the exchange must not keep us, which have the exchange.
    const std::weak_ptr<GatewayCall> weak = weak_from_this();
    exchange_.listen({.cancelled =
                          [weak](rpc::Cancelled why) {
                            const auto self = weak.lock();
                            if (self && self->hooks_.cancelled) self->hooks_.cancelled(why);
                          },
                      .drained =
                          [weak] {
                            const auto self = weak.lock();
                            if (self && self->hooks_.drained) self->hooks_.drained();
                          }});
  }
  void message(std::string bytes) override {
    if (over_) return;
    answered_bytes_ += bytes.size();
    std::optional<std::string> text = codec_->to_json(route_.response, bytes);
    if (!text) return;
    if (streams_) return piece("{\"result\":" + *text + "}\n");
    text_ = *std::move(text);
  }
  void finish(rpc::Status status) override {
    if (std::exchange(over_, true)) return;
    if (method_.slow != nullptr)
      method_.slow->ended({.method = method_.path,
                           .begun = begun_at_,
                           .asked_bytes = asked_bytes_,
                           .answered_bytes = answered_bytes_,
                           .code = status.code});
    // Not now: we may be within one of them.
    loop_.soon([self = shared_from_this()] { self->hooks_ = {}; });
    if (!begun_ && !status.ok()) return turn_down(exchange_, status);
    if (!begun_)
      return exchange_.answer(
          {.status = 200, .content_type = content_type, .body = std::move(text_)});
    if (!status.ok()) exchange_.body("{\"error\":" + json_error(status) + "}\n");
    exchange_.end();
  }
  void hold(bool) override {}
  std::uint64_t queued() const override { return over_ ? 0 : exchange_.queued(); }
  bool over() const override { return over_ || exchange_.over(); }
  void keeps(std::uint64_t bytes) override {
    if (!over_) exchange_.keeps(bytes);
  }

 private:
  void piece(std::string text) {
    if (std::exchange(begun_, true)) return exchange_.body(std::move(text));
    exchange_.begin({.status = 200, .content_type = content_type, .body = std::move(text)});
  }

  env::Loop& loop_;
  std::shared_ptr<JsonCodec> codec_;
  const GatewayRoute& route_;
  const rpc::Method& method_;
  bool streams_;
  Time begun_at_;
  std::uint64_t asked_bytes_;
  std::uint64_t answered_bytes_ = 0;
  rpc::Exchange exchange_;
  rpc::CallHead head_;
  rpc::CallHooks hooks_;
  std::string text_;
  bool listens_ = false;
  bool begun_ = false;
  bool over_ = false;
};

}  // namespace

int http_status_of(rpc::Code code) {
  using rpc::Code;
  switch (code) {
    case Code::ok: return 200;
    case Code::cancelled: return 408;
    case Code::invalid_argument:
    case Code::failed_precondition:
    case Code::out_of_range: return 400;
    case Code::deadline_exceeded: return 504;
    case Code::not_found: return 404;
    case Code::already_exists:
    case Code::aborted: return 409;
    case Code::permission_denied: return 403;
    case Code::unauthenticated: return 401;
    case Code::resource_exhausted: return 429;
    case Code::unimplemented: return 501;
    case Code::unavailable: return 503;
    case Code::unknown:
    case Code::internal:
    case Code::data_loss: return 500;
  }
  return 500;
}

// All three fields that one or another release of etcd has.
std::string json_error(const rpc::Status& status) {
  const std::string text = in_quotes(status.message);
  return "{\"error\":" + text + ",\"message\":" + text +
         ",\"code\":" + std::to_string(static_cast<int>(status.code)) + "}";
}

Gateway::Gateway(env::Loop& loop, rpc::Router& router)
    : loop_(loop), router_(router), codec_(std::make_shared<JsonCodec>()) {}

void Gateway::add_to(rpc::Router& router) {
  router.http("/v3/", [this](rpc::Exchange exchange, const rpc::HttpRequest& request) {
    serve(std::move(exchange), request);
  });
}

void Gateway::refuse(std::string_view below, std::string_view sentence) {
  refused_.emplace_back(below, sentence);
}

void Gateway::serve(rpc::Exchange exchange, const rpc::HttpRequest& request) {
  const GatewayRoute* const route = find_gateway_route(request.path);
  for (const auto& [below, sentence] : refused_)
    if (request.path.starts_with(below))
      return turn_down(exchange, {rpc::Code::unimplemented, std::string(sentence)});
  if (route == nullptr) return turn_down(exchange, {rpc::Code::not_found, "Not Found"});
  if (request.method != "POST")
    return turn_down(exchange, {rpc::Code::unimplemented, "Method Not Allowed"});
  rpc::Method* const method = router_.find(route->method);
  if (method == nullptr) return turn_down(exchange, router_.unknown(route->method));
  std::optional<std::string> bytes = codec_->to_bytes(route->request, request.body);
  // As in etcd, where a stream has begun when its first message is read.
  if (!bytes)
    return turn_down(exchange,
                     {method->client_streams ? rpc::Code::unknown : rpc::Code::invalid_argument,
                      "the body is no JSON of a " + std::string(route->request)});
  rpc::CallHead head;
  head.method = route->method;
  head.peer = request.peer;
  head.metadata = request.headers;
  const auto channel = std::make_shared<GatewayCall>(loop_, codec_, *route, *method, bytes->size(),
                                                     std::move(exchange), std::move(head));
  if (method->unary) return method->unary(rpc::Call(channel), *bytes);
  method->stream(rpc::Call(channel));
  channel->deliver(*std::move(bytes));
}

}  // namespace bowline::etcd
