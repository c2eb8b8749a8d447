// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/victim.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): not in every C library

namespace bowline::chaos {

Result<void> Victim::spawn(const std::vector<std::string>& words, const std::string& log, int out) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0644);
  posix_spawn_file_actions_adddup2(&actions, out < 0 ? STDERR_FILENO : out, STDOUT_FILENO);
  const int error =
      posix_spawn(&process_, pointers.front(), &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return {};
  process_ = 0;
  return std::unexpected(Error{Fault::io, "cannot start " + words.front() + ": " +
                                              std::strerror(error) + "; was it built?"});
}

void Victim::kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) continue;
  process_ = 0;
  is_frozen_ = false;
}

void Victim::freeze() {
  if (process_ != 0) ::kill(process_, SIGSTOP);
  is_frozen_ = process_ != 0;
}

void Victim::thaw() {
  if (is_frozen_) ::kill(process_, SIGCONT);
  is_frozen_ = false;
}

bool Victim::ended() {
  if (process_ == 0 || ::waitpid(process_, nullptr, WNOHANG) != process_) return false;
  process_ = 0;
  return !may_end_;
}

}  // namespace bowline::chaos
