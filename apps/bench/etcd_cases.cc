// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/etcd_cases.h"

#include "apps/bench/etcd_words.h"
#include "apps/bench/grpc_load.h"
#include "bowline/base/prng.h"

namespace bowline::bench {
namespace {

GrpcLoad load_on(const EtcdCluster& cluster, Shape shape, const EtcdSizes& sizes) {
  GrpcLoad load;
  load.endpoints = cluster.endpoints();
  load.clients = shape.clients;
  load.connections = shape.connections;
  load.warm_seconds = sizes.warm_seconds;
  load.seconds = sizes.seconds;
  return load;
}

}  // namespace

const std::vector<std::string_view>& etcd_cases() {
  static const std::vector<std::string_view> all = {"put", "range", "serializable", "mixed", "txn"};
  return all;
}

Result<Figures> measure(EtcdCluster& cluster, std::string_view what, Shape shape,
                        const EtcdSizes& sizes) {
  GrpcLoad load = load_on(cluster, shape, sizes);
  Prng prng(7);
  load.request = [&](std::uint64_t number, std::string& message) {
    const std::uint64_t key = prng.below(sizes.keys);
    const bool reads =
        what == "range" || what == "serializable" || (what == "mixed" && number % 10 != 0);
    if (reads) {
      message = range_of(key, what == "serializable");
      return range_path;
    }
    message = what == "txn" ? txn_of(key, sizes.value_bytes) : put_of(key, sizes.value_bytes);
    return what == "txn" ? txn_path : put_path;
  };
  // Keys and values of that size: a range that found nothing would be shorter.
  if (what == "range" || what == "serializable")
    load.is_good = [&](std::string_view answer) { return answer.size() > sizes.value_bytes; };
  if (what == "txn") load.is_good = has_succeeded;
  double cpu = 0;
  load.begins = [&] { cpu = cluster.cpu_seconds(); };
  load.ends = [&] { cpu = cluster.cpu_seconds() - cpu; };
  const auto report = run(load);
  if (!report) return std::unexpected(report.error());
  if (report->done == 0)
    return std::unexpected(Error{Fault::timeout, std::string(what) + ": nothing was answered"});
  const auto done = static_cast<double>(report->done);
  const auto ms = [&](std::uint64_t permille) {
    return static_cast<double>(report->latency_ns.at(permille)) / 1e6;
  };
  return Figures{{"per_second", report->per_second()},
                 {"p50_ms", ms(500)},
                 {"p99_ms", ms(990)},
                 {"p999_ms", ms(999)},
                 {"server_cpu_us", cpu / done * 1e6},
                 {"client_cpu_us", report->cpu_seconds / done * 1e6},
                 {"errors", static_cast<double>(report->errors)},
                 {"resident_mib", cluster.resident_mib()}};
}

Result<void> fill(EtcdCluster& cluster, const EtcdSizes& sizes, std::uint64_t puts) {
  GrpcLoad load = load_on(cluster, {.clients = 256, .connections = 15}, sizes);
  load.request = [&](std::uint64_t number, std::string& message) {
    message = put_of(number % sizes.keys, sizes.value_bytes);
    return put_path;
  };
  load.warm_seconds = 0;
  load.seconds = 3600;
  load.most_calls = puts;
  const auto report = run(load);
  if (!report) return std::unexpected(report.error());
  if (report->done >= puts - puts / 100) return {};
  return std::unexpected(Error{Fault::timeout, "only " + std::to_string(report->done) + " of " +
                                                   std::to_string(puts) + " puts were done"});
}

Result<Figures> memory(EtcdCluster& cluster, const EtcdSizes& sizes, std::uint64_t puts) {
  if (const auto filled = fill(cluster, sizes, puts); !filled)
    return std::unexpected(filled.error());
  return Figures{{"resident_mib", cluster.resident_mib()}};
}

}  // namespace bowline::bench
