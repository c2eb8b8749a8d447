// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/http_pages.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/etcd/names.h"

namespace bowline::etcd {
namespace {

constexpr const char* json_type = "application/json";
constexpr const char* plain_type = "text/plain; charset=utf-8";

void answer_health(rpc::Exchange& exchange, const std::string& reason) {
  const bool good = reason.empty();
  exchange.answer({.status = good ? 200 : 503,
                   .content_type = json_type,
                   .body = std::string("{\"health\":\"") + (good ? "true" : "false") +
                           "\",\"reason\":\"" + reason + "\"}"});
}

bool only_get(rpc::Exchange& exchange, const rpc::HttpRequest& request) {
  if (request.method == "GET") return true;
  rpc::HttpAnswer answer{.status = 405, .body = "Method Not Allowed\n"};
  answer.headers.add("allow", "GET");
  exchange.answer(std::move(answer));
  return false;
}

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

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
                   .body = good && !verbose ? "ok\n" : lines + (good ? "ok\n" : "")});
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
  router.http("/livez", [this](rpc::Exchange exchange, const rpc::HttpRequest& request) {
    if (only_get(exchange, request)) probe(std::move(exchange), request, false);
  });
  router.http("/readyz", [this](rpc::Exchange exchange, const rpc::HttpRequest& request) {
    if (only_get(exchange, request)) probe(std::move(exchange), request, true);
  });
  router.http("/version", [this](rpc::Exchange exchange, const rpc::HttpRequest& request) {
    if (only_get(exchange, request)) version(std::move(exchange), request);
  });
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
      life_.guard([exchange = std::move(exchange)](std::optional<Wrong> wrong) mutable {
        answer_health(exchange, wrong ? "RANGE ERROR:" + std::string(text_of(*wrong)) : "");
      }));
}

void HttpPages::probe(rpc::Exchange exchange, const rpc::HttpRequest& request, bool ready) {
  const std::vector<std::string> excluded = query_values(request.query, "exclude");
  const bool verbose = std::string_view(request.query).starts_with("verbose") ||
                       std::string_view(request.query).contains("&verbose");
  std::vector<CheckResult> results;
  const auto add = [&](std::string_view name, std::string why) {
    if (!has(excluded, name)) results.push_back({name, std::move(why)});
  };
  if (ready) {
    const bool corrupt = std::ranges::any_of(here_.machine.alarms(), [](const kv::Alarm& alarm) {
      return alarm.kind == kv::Alarm::Kind::corrupt;
    });
    add("data_corruption", corrupt ? "alarm activated: CORRUPT" : "");
  }
  add("serializable_read", "");
  if (ready)
    add("non_learner",
        here_.is_learner() ? std::string(text_of(Wrong::not_supported_for_learner)) : "");
  if (!ready || has(excluded, "linearizable_read"))
    return answer_checks(exchange, results, verbose);
  here_.quorum.read(life_.guard([exchange = std::move(exchange), results = std::move(results),
                                 verbose](std::optional<Wrong> wrong) mutable {
    results.push_back({"linearizable_read", wrong ? std::string(text_of(*wrong)) : ""});
    answer_checks(exchange, results, verbose);
  }));
}

void HttpPages::version(rpc::Exchange exchange, const rpc::HttpRequest&) {
  exchange.answer({.status = 200,
                   .content_type = json_type,
                   .body = std::string("{\"etcdserver\":\"") + server_version +
                           "\",\"etcdcluster\":\"" + cluster_version + "\"}"});
}

}  // namespace bowline::etcd
