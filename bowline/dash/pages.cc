// SPDX-License-Identifier: Apache-2.0
#include "bowline/dash/pages.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bowline/dash/files.h"

namespace bowline::dash {
namespace {

// Nothing but what this node serves is loaded or asked, nothing in the page itself is run, and
// nobody shows it inside a page of his own.
constexpr const char* policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

rpc::HttpAnswer answer_of(std::string_view type, std::string_view body) {
  rpc::HttpAnswer answer{.content_type = std::string(type), .body = std::string(body)};
  answer.headers.add("content-security-policy", policy);
  answer.headers.add("x-content-type-options", "nosniff");
  answer.headers.add("x-frame-options", "DENY");
  answer.headers.add("referrer-policy", "no-referrer");
  // A node of another version has another page.
  answer.headers.add("cache-control", "no-store");
  return answer;
}

bool only_get(rpc::Exchange& exchange, const rpc::HttpRequest& request) {
  if (request.method == "GET") return true;
  rpc::HttpAnswer answer{.status = 405, .body = "Method Not Allowed\n"};
  answer.headers.add("allow", "GET");
  exchange.answer(std::move(answer));
  return false;
}

void add_file(rpc::Router& router, const std::string& path, std::string_view type,
              std::string_view body) {
  router.http(path, [path, type, body](rpc::Exchange exchange, const rpc::HttpRequest& request) {
    // "/" is asked for whatever has no other path.
    if (request.path != path)
      return exchange.answer({.status = 404, .body = "404 page not found\n"});
    if (only_get(exchange, request)) exchange.answer(answer_of(type, body));
  });
}

}  // namespace

Pages::Pages(Sources sources) : roundup_(std::move(sources)) {}

void Pages::add_to(rpc::Router& router) {
  add_file(router, "/", "text/html; charset=utf-8", page_html);
  add_file(router, "/dash/page.css", "text/css; charset=utf-8", page_css);
  add_file(router, "/dash/page.js", "text/javascript; charset=utf-8", page_js);
  router.http("/v1/status", [this](rpc::Exchange exchange, const rpc::HttpRequest& request) {
    if (only_get(exchange, request)) status(std::move(exchange));
  });
}

void Pages::status(rpc::Exchange exchange) {
  auto waits = std::make_shared<rpc::Exchange>(std::move(exchange));
  const bool taken = roundup_.ask([waits](const std::string& text) {
    if (!waits->over()) waits->answer(answer_of("application/json", text + "\n"));
  });
  if (!taken)
    waits->answer({.status = 503, .body = "too many ask for the status just now: try again\n"});
}

}  // namespace bowline::dash
