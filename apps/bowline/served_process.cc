// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/served_process.h"

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string_view>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bowline::apps {
namespace {

constexpr std::string_view ready_line = "ready to serve client requests";

}  // namespace

// Not of those that the kernel gives to whoever connects: one of these may be gone by the time that
// it is listened on, or while its server is down. Where to begin is a matter of chance, since
// others look for ports at the same time.
std::vector<int> free_ports(std::size_t count) {
  constexpr int lowest = 10'000, highest = 32'000;
  std::random_device device;
  int next = std::uniform_int_distribution(lowest, highest)(device);
  std::vector<int> ports;
  for (int tries = 0; ports.size() < count; ++tries) {
    if (tries > highest - lowest) std::abort();  // a loopback without ports: nothing can be tested
    next = next == highest ? lowest : next + 1;
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(next));
    if (::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0)
      ports.push_back(next);
    ::close(socket);
  }
  return ports;
}

bool is_free(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  const bool is_bound =
      ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return is_bound;
}

ServedProcess::ServedProcess(const std::vector<std::string>& arguments) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  pipe_ = ends[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
  std::vector<char*> words;
  words.reserve(arguments.size() + 1);
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  if (::posix_spawnp(&process_, words[0], &actions, nullptr, words.data(), environ) != 0)
    process_ = -1;
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::array<char, 4096> part{};
  while (said_.find(ready_line) == std::string::npos) {
    const ssize_t n = ::read(pipe_, part.data(), part.size());
    if (n <= 0) return;
    said_.append(part.data(), static_cast<std::size_t>(n));
  }
  ready_ = true;
  reader_ = std::thread([pipe = pipe_] {
    std::array<char, 4096> rest{};
    while (::read(pipe, rest.data(), rest.size()) > 0) {}
  });
}

ServedProcess::~ServedProcess() {
  kill();
  if (reader_.joinable()) reader_.join();
  if (pipe_ >= 0) ::close(pipe_);
}

int ServedProcess::wait() {
  int status = 0;
  if (process_ <= 0) return -1;
  ::waitpid(process_, &status, 0);
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void ServedProcess::kill() {
  if (process_ <= 0) return;
  ::kill(process_, SIGKILL);
  wait();
}

int ServedProcess::end() {
  if (process_ <= 0) return -1;
  ::kill(process_, SIGTERM);
  return wait();
}

std::vector<pid_t> processes_with(const std::string& word) {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    for (std::string one; std::getline(file, one, '\0');)
      if (one == word) found.push_back(std::stoi(name));
  }
  return found;
}

std::string shell(const std::string& command) {
  std::string out;
  std::FILE* const pipe = ::popen(("{ " + command + "\n} 2>&1 </dev/null").c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> part{};
  while (const std::size_t n = std::fread(part.data(), 1, part.size(), pipe))
    out.append(part.data(), n);
  ::pclose(pipe);
  std::istringstream lines(out);
  std::string kept;
  for (std::string line; std::getline(lines, line);)
    if (!line.starts_with("{\"level\":")) kept += line + "\n";
  return kept;
}

}  // namespace bowline::apps
