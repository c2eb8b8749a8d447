// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/etcd_cases.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>

#include <poll.h>

#include "apps/bench/grpc_client.h"
#include "apps/bench/grpc_load.h"
#include "bowline/base/prng.h"
#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::string_view put_path = "/etcdserverpb.KV/Put";
constexpr std::string_view range_path = "/etcdserverpb.KV/Range";
constexpr std::string_view txn_path = "/etcdserverpb.KV/Txn";

// Eight bytes.
std::string key_of(std::uint64_t number) {
  std::string key = std::to_string(number);
  return "k" + std::string(key.size() < 7 ? 7 - key.size() : 0, '0') + key;
}

std::string put_of(std::uint64_t key, std::size_t bytes) {
  etcdserverpb::PutRequest put;
  put.set_key(key_of(key));
  put.set_value(std::string(bytes, 'v'));
  return put.SerializeAsString();
}

std::string range_of(std::uint64_t key, bool serializable) {
  etcdserverpb::RangeRequest range;
  range.set_key(key_of(key));
  range.set_serializable(serializable);
  return range.SerializeAsString();
}

std::string txn_of(std::uint64_t key, std::size_t bytes) {
  etcdserverpb::TxnRequest txn;
  auto& compare = *txn.add_compare();
  compare.set_key(key_of(key));
  compare.set_target(etcdserverpb::Compare::VERSION);
  compare.set_result(etcdserverpb::Compare::GREATER);
  compare.set_version(0);
  txn.add_success()->mutable_request_put()->ParseFromString(put_of(key, bytes));
  return txn.SerializeAsString();
}

GrpcLoad load_on(const EtcdCluster& cluster, Shape shape, const EtcdSizes& sizes) {
  GrpcLoad load;
  load.endpoints = cluster.endpoints();
  load.clients = shape.clients;
  load.connections = shape.connections;
  load.warm_seconds = sizes.warm_seconds;
  load.seconds = sizes.seconds;
  return load;
}

double seconds_since(Steady::time_point then) {
  return std::chrono::duration<double>(Steady::now() - then).count();
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

Result<void> fill(EtcdCluster& cluster, const EtcdSizes& sizes) {
  GrpcLoad load = load_on(cluster, {.clients = 256, .connections = 15}, sizes);
  std::uint64_t asked = 0;
  load.request = [&](std::uint64_t number, std::string& message) {
    asked = number;
    message = put_of(number % sizes.keys, sizes.value_bytes);
    return put_path;
  };
  load.warm_seconds = 0;
  load.seconds = 1;
  // The numbers go on from run to run; what is open at the end of one is asked in the next again.
  std::uint64_t begin = 0;
  while (begin < sizes.keys) {
    const auto from = begin;
    const auto request = load.request;
    GrpcLoad part = load;
    part.request = [&, from](std::uint64_t number, std::string& message) {
      return request(from + number, message);
    };
    const auto report = run(part);
    if (!report) return std::unexpected(report.error());
    begin = asked > part.clients ? asked - part.clients : 0;
    if (begin <= from)
      return std::unexpected(Error{Fault::timeout, "no key could be put in a second"});
  }
  return {};
}

// ---- watches

Result<Figures> watch_fan_out(EtcdCluster& cluster, std::size_t watchers, const EtcdSizes& sizes) {
  constexpr std::size_t streams = 10;
  std::uint64_t events = 0;
  std::size_t created = 0;
  bool is_put = false;
  std::vector<std::unique_ptr<GrpcClient>> clients;
  const GrpcClient::Hooks hooks = {
      .ended = [&](auto, int, std::string_view) { is_put = true; },
      .message =
          [&](auto, std::string_view message) {
            etcdserverpb::WatchResponse response;
            response.ParseFromArray(message.data(), static_cast<int>(message.size()));
            if (response.created()) ++created;
            events += static_cast<std::uint64_t>(response.events_size());
          }};
  etcdserverpb::WatchRequest request;
  request.mutable_create_request()->set_key(key_of(0));
  for (std::size_t i = 0; i <= streams; ++i) {
    auto client = GrpcClient::connect(cluster.endpoint(i % EtcdCluster::members), hooks);
    if (!client) return std::unexpected(client.error());
    clients.push_back(std::move(*client));
    if (i == streams) break;
    const auto stream = clients.back()->open("/etcdserverpb.Watch/Watch", 0);
    for (std::size_t j = 0; j < watchers / streams; ++j)
      clients.back()->send(stream, request.SerializeAsString());
  }
  const auto until = [&](double seconds, const auto& done) {
    const auto began = Steady::now();
    while (!done() && seconds_since(began) < seconds) {
      std::array<pollfd, streams + 1> sockets{};
      for (std::size_t i = 0; i <= streams; ++i) {
        clients[i]->flush();
        sockets[i] = {clients[i]->socket(), POLLIN, 0};
        if (clients[i]->is_waiting()) sockets[i].events |= POLLOUT;
      }
      ::poll(sockets.data(), sockets.size(), 10);
      for (std::size_t i = 0; i <= streams; ++i)
        if ((sockets[i].revents & POLLIN) != 0) clients[i]->receive();
    }
    return done();
  };
  const std::size_t all = watchers / streams * streams;
  if (!until(10, [&] { return created == all; }))
    return std::unexpected(Error{Fault::timeout, "not all watches are created"});
  // The next put once everybody has heard of the last one.
  const double cpu = cluster.cpu_seconds();
  const auto began = Steady::now();
  std::uint64_t puts = 0;
  while (seconds_since(began) < sizes.seconds) {
    is_put = false;
    clients.back()->call(put_path, put_of(0, sizes.value_bytes), 0);
    ++puts;
    if (!until(10, [&] { return is_put && events == puts * all; }))
      return std::unexpected(Error{Fault::timeout, "an event is missing"});
  }
  const double took = seconds_since(began);
  return Figures{
      {"per_second", static_cast<double>(events) / took},
      {"server_cpu_us", (cluster.cpu_seconds() - cpu) / static_cast<double>(events) * 1e6},
      {"round_ms", took / static_cast<double>(puts) * 1e3},
      {"resident_mib", cluster.resident_mib()}};
}

// ---- starts and ends

Result<Figures> restart(EtcdCluster& cluster) {
  const std::size_t led = cluster.leader();
  const std::size_t member = led == 0 ? 1 : 0;
  cluster.kill(member);
  const auto began = Steady::now();
  if (const auto started = cluster.start(member); !started) return std::unexpected(started.error());
  while (seconds_since(began) < 120) {
    const auto said = ask(cluster.endpoint(member), range_path, range_of(0, false), 500);
    if (said && said->size() > 8) return Figures{{"seconds", seconds_since(began)}};
  }
  return std::unexpected(Error{Fault::timeout, "the member does not come back in two minutes"});
}

Result<Figures> failover(EtcdCluster& cluster) {
  const std::size_t led = cluster.leader();
  if (led == EtcdCluster::members) return std::unexpected(Error{Fault::timeout, "nobody leads"});
  const std::string other = cluster.endpoint((led + 1) % EtcdCluster::members);
  const auto began = Steady::now();
  cluster.kill(led);
  while (seconds_since(began) < 30) {
    // What is proposed while nobody leads may never be answered: so it is asked again soon.
    if (!ask(other, put_path, put_of(0, 10), 100)) continue;
    const double took = seconds_since(began);
    if (const auto started = cluster.start(led); !started) return std::unexpected(started.error());
    return Figures{{"ms", took * 1e3}};
  }
  return std::unexpected(Error{Fault::timeout, "nobody can write half a minute later"});
}

}  // namespace bowline::bench
