// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/grpc_load.h"

#include <array>
#include <chrono>
#include <memory>
#include <utility>

#include <sys/epoll.h>
#include <unistd.h>

#include "apps/bench/child.h"
#include "apps/bench/grpc_client.h"

namespace bowline::bench {
namespace {

using Steady = std::chrono::steady_clock;
constexpr int bad_answer = -2;

std::chrono::nanoseconds length(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

class Pressure {
 public:
  explicit Pressure(const GrpcLoad& load) : load_(load), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}
  ~Pressure() { ::close(epoll_); }
  Pressure(const Pressure&) = delete;
  Pressure& operator=(const Pressure&) = delete;

  Result<void> connect();
  Result<GrpcLoadReport> run();

 private:
  struct Client {
    Steady::time_point since;
    std::size_t connection = 0;
  };
  void ask(std::size_t client);
  void ended(std::size_t client, int code, std::string_view answer);
  void change_phase();
  bool turn(int wait_ms);
  bool has_enough() const { return load_.most_calls > 0 && answered_ >= load_.most_calls; }

  const GrpcLoad& load_;
  int epoll_;
  std::vector<std::unique_ptr<GrpcClient>> connections_;
  std::vector<bool> listens_to_send_;
  std::vector<Client> clients_;
  std::string message_;
  std::uint64_t number_ = 0;
  std::uint64_t answered_ = 0;
  bool counts_ = false;
  bool is_over_ = false;
  Steady::time_point began_;
  double cpu_before_ = 0;
  Steady::time_point now_;
  GrpcLoadReport report_;
};

Result<void> Pressure::connect() {
  for (std::size_t i = 0; i < load_.connections; ++i) {
    const std::string& endpoint = load_.endpoints[i % load_.endpoints.size()];
    auto made = GrpcClient::connect(
        endpoint, {.ended = [this](auto tag, int code, auto answer) { ended(tag, code, answer); }});
    if (!made) return std::unexpected(made.error());
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, (*made)->socket(), &event);
    connections_.push_back(std::move(*made));
    listens_to_send_.push_back(false);
  }
  return {};
}

void Pressure::ask(std::size_t client) {
  message_.clear();
  const std::string_view path = load_.request(number_++, message_);
  clients_[client].since = now_;
  connections_[clients_[client].connection]->call(path, message_, client);
}

void Pressure::ended(std::size_t client, int code, std::string_view answer) {
  if (code == 0 && load_.is_good && !load_.is_good(answer)) code = bad_answer;
  if (counts_ && code == 0) {
    ++report_.done;
    report_.latency_ns.add(static_cast<std::uint64_t>((now_ - clients_[client].since).count()));
  } else if (counts_) {
    ++report_.errors;
    ++report_.codes[code];
  }
  ++answered_;
  if (!is_over_ && (load_.most_calls == 0 || number_ < load_.most_calls)) ask(client);
}

bool Pressure::turn(int wait_ms) {
  std::array<epoll_event, 256> events{};
  const int count = ::epoll_wait(epoll_, events.data(), events.size(), wait_ms);
  now_ = Steady::now();
  for (int i = 0; i < count; ++i) {
    const std::size_t at = events[static_cast<std::size_t>(i)].data.u64;
    GrpcClient& connection = *connections_[at];
    if (!connection.receive() || !connection.flush()) return false;
    if (connection.is_waiting() == listens_to_send_[at]) continue;
    listens_to_send_[at] = connection.is_waiting();
    epoll_event event{};
    event.events = EPOLLIN | (listens_to_send_[at] ? EPOLLOUT : 0U);
    event.data.u64 = at;
    ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.socket(), &event);
  }
  return true;
}

Result<GrpcLoadReport> Pressure::run() {
  const auto broke = [] {
    return std::unexpected(Error{Fault::unreachable, "a connection broke; look at the server"});
  };
  now_ = Steady::now();
  for (std::size_t i = 0; i < load_.clients; ++i) {
    clients_.push_back({now_, i % load_.connections});
    if (load_.most_calls == 0 || number_ < load_.most_calls) ask(i);
  }
  for (const auto& connection : connections_)
    if (!connection->flush()) return broke();
  const auto counts_from = now_ + length(load_.warm_seconds);
  while (now_ < counts_from)
    if (!turn(10)) return broke();
  counts_ = true;
  if (load_.begins) load_.begins();
  cpu_before_ = cpu_of_this_process();
  began_ = now_ = Steady::now();
  while (now_ < began_ + length(load_.seconds) && !has_enough())
    if (!turn(10)) return broke();
  report_.seconds = std::chrono::duration<double>(now_ - began_).count();
  report_.cpu_seconds = cpu_of_this_process() - cpu_before_;
  if (load_.ends) load_.ends();
  is_over_ = true;
  return std::move(report_);
}

}  // namespace

Result<GrpcLoadReport> run(const GrpcLoad& load) {
  Pressure pressure(load);
  if (const auto connected = pressure.connect(); !connected)
    return std::unexpected(connected.error());
  return pressure.run();
}

}  // namespace bowline::bench
