// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/run_program.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <string_view>

#include <sys/wait.h>

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

}  // namespace bowline::apps
