// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/server.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <sstream>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): not in every C library

namespace bowline::chaos {
namespace {

std::string read_line(int from) {
  std::string line;
  for (char c = 0; ::read(from, &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

// What it prints goes to us, its complaints to a file.
Result<pid_t> spawn(const std::vector<std::string>& words, int out, const std::string& log) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0644);
  pid_t process = 0;
  const int error =
      posix_spawn(&process, pointers.front(), &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return process;
  return std::unexpected(Error{Fault::io, "cannot start " + words.front() + ": " +
                                              std::strerror(error) + "; was it built?"});
}

}  // namespace

Result<void> Server::start() {
  // Its port may be that of a connection just now, which ends.
  Result<void> started;
  for (int tries = 0; tries < 50; ++tries) {
    started = try_to_start();
    if (started || process_ != 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return started;
}

Result<void> Server::try_to_start() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return std::unexpected(Error{Fault::io, "cannot make a pipe: too many open files?"});
  const std::string id = std::to_string(options_.id.value);
  std::vector<std::string> words = {options_.program,
                                    "--id",
                                    id,
                                    "--peers",
                                    options_.peers,
                                    "--listen",
                                    "127.0.0.1:0",
                                    "--clients",
                                    id + "=" + client_address_,
                                    "--directory",
                                    options_.directory,
                                    "--journal"};
  words.insert(words.end(), options_.more.begin(), options_.more.end());
  const Result<pid_t> process = spawn(words, ends[1], options_.directory + "/" + id + ".log");
  ::close(ends[1]);
  std::string line;
  if (process) {
    process_ = *process;
    line = read_line(ends[0]);
  }
  ::close(ends[0]);
  if (!process) return std::unexpected(process.error());
  std::istringstream said(line);
  std::string number, word, other;
  if (said >> number >> word >> peer_address_ >> other >> client_address_) return {};
  kill();
  return std::unexpected(Error{
      Fault::io, "server " + id + " did not start: see " + options_.directory + "/" + id + ".log"});
}

void Server::kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
  process_ = 0;
  is_frozen_ = false;
}

void Server::freeze() {
  if (process_ != 0) ::kill(process_, SIGSTOP);
  is_frozen_ = process_ != 0;
}

void Server::thaw() {
  if (is_frozen_) ::kill(process_, SIGCONT);
  is_frozen_ = false;
}

bool Server::ended() {
  if (process_ == 0 || ::waitpid(process_, nullptr, WNOHANG) != process_) return false;
  process_ = 0;
  return true;
}

std::string Server::journal() const {
  return options_.directory + "/" + std::to_string(options_.id.value) + ".journal";
}

}  // namespace bowline::chaos
