// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/etcd_watch.h"

#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include <poll.h>

#include "apps/bench/etcd_words.h"
#include "apps/bench/grpc_client.h"
#include "bowline/base/histogram.h"
#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t streams = 10;
constexpr double event_seconds = 10;

double seconds_since(Steady::time_point then) {
  return std::chrono::duration<double>(Steady::now() - then).count();
}

std::unexpected<Error> missing(const char* what) {
  return std::unexpected(Error{Fault::timeout, what});
}

// The connections of the watchers, and one more for the writer.
class FanOut {
 public:
  // The key must be nobody else's: what other cases asked last may still be done.
  explicit FanOut(std::uint64_t key) : key_(key) {}
  Result<void> begin(const EtcdCluster& cluster, std::size_t watchers);
  Result<Figures> run(const EtcdCluster& cluster, const EtcdSizes& sizes);

 private:
  void heard(std::string_view message);
  template <class Done>
  bool until(const Done& done);

  std::uint64_t key_;
  std::vector<std::unique_ptr<GrpcClient>> clients_;
  std::size_t watchers_ = 0;
  std::size_t created_ = 0;
  std::uint64_t events_ = 0;
  bool is_put_ = false;
};

void FanOut::heard(std::string_view message) {
  etcdserverpb::WatchResponse response;
  response.ParseFromArray(message.data(), static_cast<int>(message.size()));
  if (response.created()) ++created_;
  events_ += static_cast<std::uint64_t>(response.events_size());
}

template <class Done>
bool FanOut::until(const Done& done) {
  const auto began = Steady::now();
  while (!done() && seconds_since(began) < event_seconds) {
    std::array<pollfd, streams + 1> sockets{};
    for (std::size_t i = 0; i <= streams; ++i) {
      if (!clients_[i]->flush()) return false;
      sockets[i] = {clients_[i]->socket(), POLLIN, 0};
      if (clients_[i]->is_waiting()) sockets[i].events |= POLLOUT;
    }
    ::poll(sockets.data(), sockets.size(), 10);
    for (std::size_t i = 0; i <= streams; ++i)
      if ((sockets[i].revents & (POLLIN | POLLHUP)) != 0 && !clients_[i]->receive()) return false;
  }
  return done();
}

Result<void> FanOut::begin(const EtcdCluster& cluster, std::size_t watchers) {
  const GrpcClient::Hooks hooks = {
      .ended = [this](auto, int code, std::string_view) { is_put_ = code == 0; },
      .message = [this](auto, std::string_view message) { heard(message); }};
  for (std::size_t i = 0; i <= streams; ++i) {
    auto client = GrpcClient::connect(cluster.endpoint(i % EtcdCluster::members), hooks);
    if (!client) return std::unexpected(client.error());
    clients_.push_back(std::move(*client));
    if (i == streams) break;
    const auto stream = clients_.back()->open(watch_path, 0);
    for (std::size_t j = i; j < watchers; j += streams)
      clients_.back()->send(stream, watch_of(key_));
  }
  watchers_ = watchers;
  if (!until([this] { return created_ == watchers_; })) return missing("not all watches are there");
  return {};
}

Result<Figures> FanOut::run(const EtcdCluster& cluster, const EtcdSizes& sizes) {
  Histogram last_ns;
  double cpu = 0;
  std::uint64_t puts = 0;
  std::uint64_t counted = 0;
  bool counts = false;
  auto began = Steady::now();
  while (!counts || seconds_since(began) < sizes.seconds) {
    if (!counts && seconds_since(began) >= sizes.warm_seconds) {
      counts = true;
      counted = events_;
      cpu = cluster.cpu_seconds();
      began = Steady::now();
    }
    is_put_ = false;
    const auto since = Steady::now();
    clients_.back()->call(put_path, put_of(key_, sizes.value_bytes), 0);
    ++puts;
    if (!until([&] { return is_put_ && events_ >= puts * watchers_; }))
      return missing("an event is missing, or a put was refused");
    const auto took = (Steady::now() - since).count();
    if (counts) last_ns.add(static_cast<std::uint64_t>(took));
  }
  if (events_ != puts * watchers_) return missing("there are more events than puts for them");
  const double took = seconds_since(began);
  cpu = cluster.cpu_seconds() - cpu;
  const auto events = static_cast<double>(events_ - counted);
  const auto ms = [&](std::uint64_t permille) {
    return static_cast<double>(last_ns.at(permille)) / 1e6;
  };
  return Figures{{"per_second", events / took},
                 {"per_cpu_second", cpu > 0 ? events / cpu : 0},
                 {"last_p50_ms", ms(500)},
                 {"last_p99_ms", ms(990)},
                 {"resident_mib", cluster.resident_mib()}};
}

}  // namespace

Result<Figures> watch_fan_out(EtcdCluster& cluster, std::size_t watchers, const EtcdSizes& sizes) {
  FanOut fan(sizes.keys);  // those of the others are below it
  if (const auto begun = fan.begin(cluster, watchers); !begun)
    return std::unexpected(begun.error());
  return fan.run(cluster, sizes);
}

}  // namespace bowline::bench
