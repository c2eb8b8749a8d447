// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/etcd_cluster.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/bench/grpc_client.h"
#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::bench {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

std::string url(int port) { return "http://127.0.0.1:" + std::to_string(port); }

// User and system time, in seconds; fields 14 and 15.
double cpu_of(pid_t process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(in, line);
  const std::size_t end = line.rfind(')');
  if (end == std::string::npos) return 0;
  std::istringstream fields(line.substr(end + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double resident_of(pid_t process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/statm");
  double all = 0;
  double resident = 0;
  in >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

}  // namespace

EtcdCluster::EtcdCluster(std::vector<std::string> command, std::string directory, bool keeps)
    : command_(std::move(command)),
      directory_(std::move(directory)),
      keeps_(keeps),
      ports_(apps::free_ports(2 * members)),
      processes_(members) {}

EtcdCluster::~EtcdCluster() {
  processes_.clear();
  std::error_code ignored;
  if (!keeps_) fs::remove_all(directory_, ignored);
}

Result<void> EtcdCluster::start() {
  fs::remove_all(directory_);
  fs::create_directories(directory_);
  std::vector<std::thread> starts;
  starts.reserve(members);
  std::vector<Result<void>> results(members);
  for (std::size_t i = 0; i < members; ++i)
    starts.emplace_back([this, i, &results] { results[i] = start(i); });
  for (std::thread& one : starts) one.join();
  for (const Result<void>& result : results)
    if (!result) return result;
  return {};
}

Result<void> EtcdCluster::start(std::size_t member) {
  std::string cluster;
  for (std::size_t i = 0; i < members; ++i)
    cluster += (i == 0 ? "n" : ",n") + std::to_string(i) + "=" + url(ports_[members + i]);
  std::vector<std::string> words = command_;
  const std::string name = "n" + std::to_string(member);
  for (const std::string& word :
       {"--name=" + name, "--data-dir=" + directory_ + "/" + name, "--initial-cluster=" + cluster,
        "--listen-client-urls=" + url(ports_[member]),
        "--advertise-client-urls=" + url(ports_[member]),
        "--listen-peer-urls=" + url(ports_[members + member]),
        "--initial-advertise-peer-urls=" + url(ports_[members + member])})
    words.push_back(word);
  processes_[member] = std::make_unique<apps::ServedProcess>(words);
  if (processes_[member]->is_ready()) return {};
  return std::unexpected(
      Error{Fault::unreachable, words[0] + " does not start: " + processes_[member]->said()});
}

void EtcdCluster::kill(std::size_t member) { processes_[member].reset(); }

std::string EtcdCluster::endpoint(std::size_t member) const {
  return "127.0.0.1:" + std::to_string(ports_[member]);
}

std::vector<std::string> EtcdCluster::endpoints() const {
  std::vector<std::string> all;
  all.reserve(members);
  for (std::size_t i = 0; i < members; ++i) all.push_back(endpoint(i));
  return all;
}

std::size_t EtcdCluster::leader() const {
  for (std::size_t i = 0; i < members; ++i) {
    if (processes_[i] == nullptr) continue;
    const auto said = ask(endpoint(i), "/etcdserverpb.Maintenance/Status", {});
    etcdserverpb::StatusResponse status;
    if (said && status.ParseFromString(*said) && status.leader() != 0 &&
        status.leader() == status.header().member_id())
      return i;
  }
  return members;
}

double EtcdCluster::cpu_seconds() const {
  double sum = 0;
  for (const auto& process : processes_)
    if (process != nullptr) sum += cpu_of(process->id());
  return sum;
}

double EtcdCluster::cpu_seconds(std::size_t member) const {
  return cpu_of(processes_[member]->id());
}

double EtcdCluster::disk_mib(std::size_t member) const {
  double sum = 0;
  std::error_code error;  // files come and go
  for (fs::recursive_directory_iterator at(directory_ + "/n" + std::to_string(member), error), end;
       at != end; at.increment(error)) {
    struct stat file{};
    if (::stat(at->path().c_str(), &file) == 0 && S_ISREG(file.st_mode))
      sum += static_cast<double>(file.st_blocks) * 512;
  }
  return sum / (1 << 20);
}

double EtcdCluster::resident_mib() const {
  double most = 0;
  for (const auto& process : processes_)
    if (process != nullptr) most = std::max(most, resident_of(process->id()));
  return most;
}

Result<std::string> ask(const std::string& endpoint, std::string_view path,
                        const std::string& request, int patience_ms) {
  std::optional<int> code;
  std::string message;
  auto client =
      GrpcClient::connect(endpoint, {.ended = [&](auto, int how, std::string_view answer) {
                            code = how;
                            message = answer;
                          }});
  if (!client) return std::unexpected(client.error());
  (*client)->call(path, request, 0);
  const auto until = Steady::now() + std::chrono::milliseconds(patience_ms);
  while (!code && Steady::now() < until) {
    if (!(*client)->flush()) break;
    pollfd socket{(*client)->socket(), POLLIN, 0};
    if ((*client)->is_waiting()) socket.events |= POLLOUT;
    if (::poll(&socket, 1, 10) > 0 && !(*client)->receive()) break;
  }
  if (!code) return std::unexpected(Error{Fault::timeout, endpoint + " does not answer"});
  if (*code == 0) return message;
  return std::unexpected(
      Error{Fault::unreachable, endpoint + " answers with code " + std::to_string(*code)});
}

}  // namespace bowline::bench
