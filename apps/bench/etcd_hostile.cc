// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/etcd_hostile.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/bench/etcd_words.h"
#include "apps/bench/grpc_client.h"
#include "bowline/base/prng.h"
#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::bench {
namespace {

using Steady = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t silent_connections = 2000;
constexpr std::size_t deaf_watchers = 24;
constexpr std::size_t oversized_bytes = 2U << 20U;
constexpr std::size_t noise_bytes = 4096;
// Of each turn. Noise and what makes no sense come in every one, what is too large in each tenth.
constexpr auto turn = 10ms;
constexpr int requests_a_turn = 5;
constexpr int turns_to_oversized = 10;

// A connection of somebody who knows no HTTP.
class Caller {
 public:
  explicit Caller(const std::string& address)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const std::size_t colon = address.rfind(':');
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
    ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &there.sin_addr);
    is_there_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
  }
  ~Caller() { ::close(socket_); }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  void say(std::string_view bytes) const {
    static_cast<void>(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  }
  bool is_there() const { return is_there_; }

 private:
  int socket_;
  bool is_there_;
};

std::string oversized_put() {
  etcdserverpb::PutRequest put;
  put.set_key("oversized");
  put.set_value(std::string(oversized_bytes, 'o'));
  return put.SerializeAsString();
}

std::string watch_all() {
  etcdserverpb::WatchRequest request;
  auto& create = *request.mutable_create_request();
  create.set_key(std::string(1, '\0'));
  create.set_range_end(std::string(1, '\0'));
  create.set_start_revision(1);
  return request.SerializeAsString();
}

// Everyone who behaves badly, on a thread of their own.
class Crowd {
 public:
  explicit Crowd(const EtcdCluster& cluster) : cluster_(cluster) {}
  ~Crowd() { leave(); }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  Result<void> come();
  void leave() {
    ends_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t done() const { return done_; }  // what should have been refused
  std::uint64_t noises() const { return noises_; }

 private:
  std::string endpoint() { return cluster_.endpoint(next_++ % EtcdCluster::members); }
  Result<std::unique_ptr<GrpcClient>> client();
  void run();
  void take_a_turn(int number);
  void ask_nonsense();
  void hear();

  const EtcdCluster& cluster_;
  std::size_t next_ = 0;
  Prng prng_{11};
  std::vector<std::unique_ptr<Caller>> silent_;
  std::vector<std::unique_ptr<GrpcClient>> deaf_;
  std::vector<std::unique_ptr<GrpcClient>> askers_;  // one a member
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<std::uint64_t> noises_ = 0;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

Result<std::unique_ptr<GrpcClient>> Crowd::client() {
  return GrpcClient::connect(endpoint(), {.ended = [this](auto, int code, std::string_view) {
                               ++(code == 0 ? done_ : refused_);
                             }});
}

Result<void> Crowd::come() {
  for (std::size_t i = 0; i < silent_connections; ++i) {
    silent_.push_back(std::make_unique<Caller>(endpoint()));
    if (!silent_.back()->is_there())
      return std::unexpected(Error{Fault::unreachable, "connection " + std::to_string(i) +
                                                           " of many that are silent is refused"});
    if (i % 2 == 0) silent_.back()->say("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0");
  }
  for (std::size_t i = 0; i < deaf_watchers + EtcdCluster::members; ++i) {
    auto one = client();
    if (!one) return std::unexpected(one.error());
    auto& among = i < deaf_watchers ? deaf_ : askers_;
    among.push_back(*std::move(one));
    if (i >= deaf_watchers) continue;
    const auto stream = among.back()->open(watch_path, 0);
    among.back()->send(stream, watch_all());
    among.back()->flush();
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

void Crowd::run() {
  auto next = Steady::now();
  for (int number = 0; !ends_; ++number) {
    next += turn;
    take_a_turn(number);
    while (Steady::now() < next && !ends_) hear();
  }
}

void Crowd::take_a_turn(int number) {
  std::string noise(noise_bytes, '\0');
  for (char& one : noise) one = static_cast<char>(prng_.below(256));
  Caller(endpoint()).say(noise);
  ++noises_;
  for (int i = 0; i < requests_a_turn; ++i) ask_nonsense();
  if (number % turns_to_oversized == 0)
    askers_[prng_.below(askers_.size())]->call(put_path, oversized_put(), 0);
}

void Crowd::ask_nonsense() {
  GrpcClient& asker = *askers_[prng_.below(askers_.size())];
  etcdserverpb::PutRequest no_key;
  no_key.set_value("x");
  etcdserverpb::RangeRequest of_the_future;
  of_the_future.set_key("k");
  of_the_future.set_revision(1LL << 60U);
  switch (prng_.below(4)) {
    case 0: return asker.call(put_path, "\xff\xff\xff", 0);
    case 1: return asker.call("/etcdserverpb.KV/Nothing", "", 0);
    case 2: return asker.call(put_path, no_key.SerializeAsString(), 0);
    default: return asker.call(range_path, of_the_future.SerializeAsString(), 0);
  }
}

// What the askers are told, and what they have to say.
void Crowd::hear() {
  std::array<pollfd, EtcdCluster::members> sockets{};
  for (std::size_t i = 0; i < askers_.size(); ++i) {
    askers_[i]->flush();
    sockets[i] = {askers_[i]->socket(), POLLIN, 0};
    if (askers_[i]->is_waiting()) sockets[i].events |= POLLOUT;
  }
  ::poll(sockets.data(), sockets.size(), 1);
  for (std::size_t i = 0; i < askers_.size(); ++i) {
    if ((sockets[i].revents & (POLLIN | POLLHUP)) == 0 || askers_[i]->receive()) continue;
    // Whoever asks too much nonsense may be hung up on, and calls again.
    if (auto again = client()) askers_[i] = *std::move(again);
  }
}

}  // namespace

Result<Figures> beside_hostile(EtcdCluster& cluster, const EtcdSizes& sizes) {
  const Shape shape{.clients = 64, .connections = 8};
  const auto alone = measure(cluster, "put", shape, sizes);
  if (!alone) return alone;
  Crowd crowd(cluster);
  if (const auto come = crowd.come(); !come) return std::unexpected(come.error());
  const auto beside = measure(cluster, "put", shape, sizes);
  crowd.leave();
  if (!beside) return beside;
  if (crowd.refused() == 0 || crowd.done() > 0)
    return std::unexpected(
        Error{Fault::invalid, "of requests that make no sense " + std::to_string(crowd.refused()) +
                                  " were refused and " + std::to_string(crowd.done()) + " done"});
  return Figures{{"p99_alone_ms", alone->at("p99_ms")},
                 {"p99_ms", beside->at("p99_ms")},
                 {"p99_ratio", beside->at("p99_ms") / alone->at("p99_ms")},
                 {"p50_ratio", beside->at("p50_ms") / alone->at("p50_ms")},
                 {"per_second_ratio", beside->at("per_second") / alone->at("per_second")},
                 {"errors", beside->at("errors")},
                 {"refused", static_cast<double>(crowd.refused())},
                 {"noises", static_cast<double>(crowd.noises())},
                 {"resident_mib", cluster.resident_mib()},
                 {"resident_alone_mib", alone->at("resident_mib")}};
}

}  // namespace bowline::bench
