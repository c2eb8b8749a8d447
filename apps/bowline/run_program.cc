// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/run_program.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bowline::apps {

std::string Ran::last_line() const {
  const std::string_view text = std::string_view(out).substr(0, out.size() - 1);
  return std::string(text.substr(text.rfind('\n') + 1));
}

Ran run_program(const std::string& arguments) {
  Ran ran;
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bowline";
  std::FILE* pipe = popen((program.string() + " " + arguments + " 2>&1 </dev/null").c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> part{};
  while (const std::size_t n = std::fread(part.data(), 1, part.size(), pipe))
    ran.out.append(part.data(), n);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) ran.status = WEXITSTATUS(status);
  return ran;
}

Ran run_on_terminal(const std::string& arguments) {
  Ran ran;
  const auto program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bowline";
  const std::string command = "exec " + program.string() + " " + arguments;
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
  if (child < 0) return ran;
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  std::array<char, 4096> part{};
  for (ssize_t n = 0; (n = ::read(terminal, part.data(), part.size())) > 0;)  // ends with EIO
    ran.out.append(part.data(), static_cast<std::size_t>(n));
  ::close(terminal);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status)) ran.status = WEXITSTATUS(status);
  return ran;
}

}  // namespace bowline::apps
