// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_doors.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

#include "apps/bowline/serve_options.h"
#include "bowline/etcd/names.h"

namespace bowline::apps {
namespace {

std::unexpected<Error> no_limit(std::string what) {
  return std::unexpected(Error{Fault::invalid, std::move(what)});
}

// None: it is switched off.
Result<Duration> time_of(const std::string& flag, const std::string& text, Duration none) {
  const Result<std::int64_t> said = milliseconds_in(text);
  if (!said) return no_limit(flag + ": " + said.error().what);
  if (*said <= 0) return none;
  constexpr std::int64_t most = 365LL * 24 * 3'600'000;
  return std::chrono::milliseconds(std::min(*said, most));
}

std::string name_in(const std::string& url) {
  const std::string address = etcd::address_of(url).value_or(std::string());
  return address.substr(0, address.rfind(':'));
}

}  // namespace

Result<rpc::Limits> limits_of(const ServeFlags& flags) {
  if (flags.max_request_bytes > most_request_bytes)
    return no_limit("--max-request-bytes: at most " + std::to_string(most_request_bytes) +
                    ", since a request is one entry of the log; keep what is larger in pieces");
  const Duration forever = never.since_start;
  const auto least = time_of("--grpc-keepalive-min-time", flags.keepalive_min_time, Duration(0));
  const auto after = time_of("--grpc-keepalive-interval", flags.keepalive_interval, forever);
  const auto within = time_of("--grpc-keepalive-timeout", flags.keepalive_timeout, forever);
  for (const auto* const one : {&least, &after, &within})
    if (!*one) return std::unexpected(one->error());
  rpc::Limits limits;
  limits.ping_at_most_every = *least;
  limits.ping_after = *within == forever ? forever : *after;
  limits.ping_within = *within;
  limits.most_streams = flags.max_concurrent_streams == 0 ? std::numeric_limits<std::int32_t>::max()
                                                          : flags.max_concurrent_streams;
  limits.most_message_bytes = flags.max_request_bytes + (512UL << 10U);
  limits.most_unfinished_bytes =
      std::max(limits.most_unfinished_bytes, 4 * limits.most_message_bytes);
  limits.most_body_bytes = std::max(limits.most_body_bytes, 2 * limits.most_message_bytes);
  return limits;
}

rpc::Gate gate_of(const ServeFlags& flags, const std::vector<std::string>& ours, bool is_plain) {
  rpc::Gate gate;
  gate.origins = etcd::split(flags.cors, ',');
  const std::vector<std::string> more = etcd::split(flags.host_whitelist, ',');
  if (!is_plain || std::ranges::find(more, "*") != more.end()) return gate;
  gate.hosts = more;
  gate.hosts.emplace_back("localhost");
  for (const std::string& url : ours)
    if (const std::string name = name_in(url); !name.empty()) gate.hosts.push_back(name);
  return gate;
}

}  // namespace bowline::apps
