// SPDX-License-Identifier: Apache-2.0
#include "apps/differ/peer.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <utility>

#include <poll.h>

#include "bowline/rpc/framing.h"

namespace bowline::differ {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

constexpr std::uint64_t first_stream = std::uint64_t{1} << 40U;  // tags below are calls

std::string url(int port) { return "http://127.0.0.1:" + std::to_string(port); }

}  // namespace

Peer::Peer(std::vector<std::string> command, std::string directory)
    : command_(std::move(command)), directory_(std::move(directory)) {}

Peer::~Peer() {
  client_.reset();
  process_.reset();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

// The ids of members and clusters come from the addresses that are advertised: both have etcd's
// defaults, since nobody calls them there.
bool Peer::start() {
  client_.reset();
  process_.reset();
  calls_.clear();
  conversations_.clear();
  fs::remove_all(directory_);
  fs::create_directories(directory_);
  const std::vector<int> ports = apps::free_ports(2);
  std::vector<std::string> words = command_;
  for (const std::string& word :
       {"--data-dir=" + directory_ + "/data", "--listen-client-urls=" + url(ports[0]),
        std::string("--advertise-client-urls=http://localhost:2379"),
        "--listen-peer-urls=" + url(ports[1])})
    words.push_back(word);
  process_ = std::make_unique<apps::ServedProcess>(words);
  last_words_ = process_->said();
  if (!process_->is_ready()) return false;
  auto connected = bench::GrpcClient::connect("127.0.0.1:" + std::to_string(ports[0]), hooks());
  if (!connected) {
    last_words_ = connected.error().what;
    return false;
  }
  client_ = std::move(*connected);
  gone_ = false;
  return true;
}

bench::GrpcClient::Hooks Peer::hooks() {
  return {.ended =
              [this](auto tag, int code, std::string_view answer) {
                Said& said = tag >= first_stream ? conversations_[tag - first_stream].end
                                                 : calls_[static_cast<std::size_t>(tag)];
                said = {true, code, rpc::percent_decode(client_->grpc_message()),
                        std::string(answer)};
              },
          .message =
              [this](auto tag, std::string_view message) {
                conversations_[tag - first_stream].messages.emplace_back(message);
              }};
}

std::size_t Peer::call(std::string_view path, std::string_view bytes) {
  calls_.emplace_back();
  client_->call(path, bytes, calls_.size() - 1);
  return calls_.size() - 1;
}

std::size_t Peer::open(std::string_view path) {
  conversations_.emplace_back();
  const std::size_t stream = conversations_.size() - 1;
  conversations_.back().place = client_->open(path, first_stream + stream);
  return stream;
}

void Peer::say(std::size_t stream, std::string_view bytes) {
  if (!conversations_[stream].end.is_over) client_->send(conversations_[stream].place, bytes);
}

void Peer::hang_up(std::size_t stream) {
  if (!conversations_[stream].end.is_over) client_->cancel(conversations_[stream].place);
}

bool wait_for_both(Peer& one, Peer& other, double seconds, const std::function<bool()>& done) {
  const auto until = Steady::now() + std::chrono::duration<double>(seconds);
  while (true) {
    one.flush();
    other.flush();
    if (one.is_gone() || other.is_gone()) return false;
    if (done()) return true;
    if (Steady::now() > until) return false;
    std::array<pollfd, 2> sockets = {pollfd{one.socket(), POLLIN, 0},
                                     pollfd{other.socket(), POLLIN, 0}};
    if (::poll(sockets.data(), sockets.size(), 100) <= 0) continue;
    if (sockets[0].revents != 0) one.receive();
    if (sockets[1].revents != 0) other.receive();
  }
}

}  // namespace bowline::differ
