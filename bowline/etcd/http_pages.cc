// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/http_pages.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/etcd/names.h"

namespace bowline::etcd {
namespace {

constexpr const char* json_type = "application/json";
constexpr const char* plain_type = "text/plain; charset=utf-8";

bool only_get(rpc::Exchange& exchange, const rpc::HttpRequest& request) {
  if (request.method == "GET") return true;
  rpc::HttpAnswer answer{.status = 405, .body = "Method Not Allowed\n"};
  answer.headers.add("allow", "GET");
  exchange.answer(std::move(answer));
  return false;
}

template <class Names>
bool has(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

constexpr std::string_view reads_with_others = "linearizable_read";
constexpr std::array<std::string_view, 1> of_livez{"serializable_read"};
constexpr std::array<std::string_view, 4> of_readyz{"data_corruption", "serializable_read",
                                                    "non_learner", reads_with_others};

struct CheckResult {
  std::string_view name;
  std::string why;  // empty: it passed
};

// As etcd and Kubernetes say it: what passed and what did not, a line each.
void answer_checks(rpc::Exchange& exchange, const std::vector<CheckResult>& results, bool verbose) {
  std::string lines;
  bool good = true;
  for (const CheckResult& one : results) {
    good = good && one.why.empty();
    lines += (one.why.empty() ? "[+]" : "[-]") + std::string(one.name) +
             (one.why.empty() ? " ok" : " failed: " + one.why) + "\n";
  }
  exchange.answer({.status = good ? 200 : 503,
                   .content_type = plain_type,
                   .body = good && !verbose ? "ok\n" : lines + (good ? "ok\n" : "\n")});
}

}  // namespace

std::vector<std::string> query_values(std::string_view query, std::string_view name) {
  std::vector<std::string> values;
  for (const std::string& one : split(query, '&')) {
    const std::size_t equals = std::min(one.find('='), one.size());
    if (std::string_view(one).substr(0, equals) == name)
      values.push_back(one.substr(std::min(equals + 1, one.size())));
  }
  return values;
}

void HttpPages::add_to(rpc::Router& router) {
  router.http("/health", [this](rpc::Exchange exchange, const rpc::HttpRequest& request) {
    if (only_get(exchange, request)) health(std::move(exchange), request);
  });
  for (const bool ready : {false, true}) {
    const std::string root = ready ? "/readyz" : "/livez";
    for (const std::string& path : {root, root + "/"})
      router.http(path, [this, ready](rpc::Exchange exchange, const rpc::HttpRequest& request) {
        if (only_get(exchange, request)) probe(std::move(exchange), request, ready);
      });
  }
  router.http("/version", [this](rpc::Exchange exchange, const rpc::HttpRequest& request) {
    if (only_get(exchange, request)) version(std::move(exchange), request);
  });
}

void HttpPages::answer_health(rpc::Exchange& exchange, const std::string& reason) {
  const bool good = reason.empty();
  ++(good ? healthy_ : unhealthy_);
  exchange.answer({.status = good ? 200 : 503,
                   .content_type = json_type,
                   .body = std::string("{\"health\":\"") + (good ? "true" : "false") +
                           "\",\"reason\":\"" + reason + "\"}" + (good ? "" : "\n")});
}

void HttpPages::health(rpc::Exchange exchange, const rpc::HttpRequest& request) {
  const std::vector<std::string> excluded = query_values(request.query, "exclude");
  for (const kv::Alarm& alarm : here_.machine.alarms()) {
    const bool space = alarm.kind == kv::Alarm::Kind::no_space;
    if (!has(excluded, space ? "NOSPACE" : "CORRUPT"))
      return answer_health(exchange, space ? "ALARM NOSPACE" : "ALARM CORRUPT");
  }
  if (has(query_values(request.query, "serializable"), "true")) return answer_health(exchange, "");
  if (!here_.quorum.leader()) return answer_health(exchange, "RAFT NO LEADER");
  here_.quorum.read(
      life_.guard([this, exchange = std::move(exchange)](std::optional<Wrong> wrong) mutable {
        answer_health(exchange, wrong ? "RANGE ERROR:" + std::string(text_of(*wrong)) : "");
      }));
}

// All checks but those that are left out, or the one that the path names.
void HttpPages::probe(rpc::Exchange exchange, const rpc::HttpRequest& request, bool ready) {
  const std::span<const std::string_view> all =
      ready ? std::span<const std::string_view>(of_readyz) : of_livez;
  const std::size_t slash = request.path.find('/', 1);
  const std::string one = slash == std::string::npos ? "" : request.path.substr(slash + 1);
  if (slash != std::string::npos && !has(all, one))
    return exchange.answer({.status = 404, .body = "404 page not found\n"});
  const std::vector<std::string> excluded = query_values(request.query, "exclude");
  const bool verbose = !query_values(request.query, "verbose").empty();
  bool reads = false;
  std::vector<CheckResult> results;
  for (const std::string_view name : all) {
    if (one.empty() ? has(excluded, name) : name != one) continue;
    if (name == reads_with_others)
      reads = true;
    else
      results.push_back({name, why_not(name)});
  }
  if (!reads) return answer_checks(exchange, results, verbose);
  here_.quorum.read(life_.guard([exchange = std::move(exchange), results = std::move(results),
                                 verbose](std::optional<Wrong> wrong) mutable {
    results.push_back({reads_with_others, wrong ? std::string(text_of(*wrong)) : ""});
    answer_checks(exchange, results, verbose);
  }));
}

// What can be told at once; empty: it passes. We are asked, so we can be read from.
std::string HttpPages::why_not(std::string_view check) const {
  const bool corrupt = std::ranges::any_of(here_.machine.alarms(), [](const kv::Alarm& alarm) {
    return alarm.kind == kv::Alarm::Kind::corrupt;
  });
  if (check == "data_corruption" && corrupt) return "alarm activated: CORRUPT";
  if (check == "non_learner" && here_.is_learner())
    return std::string(text_of(Wrong::not_supported_for_learner));
  return {};
}

void HttpPages::version(rpc::Exchange exchange, const rpc::HttpRequest&) {
  exchange.answer({.status = 200,
                   .content_type = json_type,
                   .body = std::string("{\"etcdserver\":\"") + server_version +
                           "\",\"etcdcluster\":\"" + cluster_version + "\"}"});
}

}  // namespace bowline::etcd
