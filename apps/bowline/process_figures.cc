// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/process_figures.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace bowline::apps {
namespace {

// The fields of proc_pid_stat(5) from the third on: the second may hold blanks.
std::istringstream fields_of_stat() {
  std::ifstream file("/proc/self/stat");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const std::size_t end_of_name = text.rfind(") ");
  return std::istringstream(end_of_name == std::string::npos ? "" : text.substr(end_of_name + 2));
}

double boot_seconds() {
  std::ifstream file("/proc/stat");
  for (std::string word; file >> word;) {
    double seconds = 0;
    if (word == "btime" && file >> seconds) return seconds;
  }
  return 0;
}

}  // namespace

etcd::ProcessFigures process_figures() {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  etcd::ProcessFigures figures;
  std::istringstream fields = fields_of_stat();
  std::string word;
  for (int field = 3; fields >> word; ++field) {
    const std::uint64_t number = std::strtoull(word.c_str(), nullptr, 10);
    if (field == 14 || field == 15) figures.cpu_seconds += static_cast<double>(number) / ticks;
    if (field == 22) figures.started_at = boot_seconds() + static_cast<double>(number) / ticks;
    if (field == 23) figures.virtual_bytes = number;
    if (field == 24) figures.resident_bytes = number * page;
  }
  std::error_code fault;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd", fault)) {
    static_cast<void>(entry);
    ++figures.open_files;
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.most_open_files = limit.rlim_cur;
  return figures;
}

}  // namespace bowline::apps
