// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/env/life.h"
#include "bowline/etcd/here.h"
#include "bowline/rpc/http.h"
#include "bowline/rpc/router.h"

namespace bowline::etcd {

// What probes and people ask over plain HTTP: /health, /livez, /readyz (and single checks below
// these two), /version.
class HttpPages {
 public:
  explicit HttpPages(Here& here) : here_(here) {}
  HttpPages(const HttpPages&) = delete;
  HttpPages& operator=(const HttpPages&) = delete;

  void add_to(rpc::Router&);
  std::uint64_t healthy() const { return healthy_; }  // answers of /health that said so
  std::uint64_t unhealthy() const { return unhealthy_; }

 private:
  void health(rpc::Exchange, const rpc::HttpRequest&);
  void answer_health(rpc::Exchange&, const std::string& reason);
  void probe(rpc::Exchange, const rpc::HttpRequest&, bool ready);
  std::string why_not(std::string_view check) const;
  void version(rpc::Exchange, const rpc::HttpRequest&);

  Here& here_;
  std::uint64_t healthy_ = 0;
  std::uint64_t unhealthy_ = 0;
  env::Life life_;
};

// Of "a=1&b=2&a=3": all values of `name`, as they stand.
std::vector<std::string> query_values(std::string_view query, std::string_view name);

}  // namespace bowline::etcd
