// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/memory_limit.h"

#include <fstream>

namespace bowline::runtime {
namespace {

std::uint64_t of_machine(const std::string& root) {
  std::ifstream file(root + "/proc/meminfo");
  std::string name;
  std::uint64_t kibibytes = 0;
  std::string unit;
  while (file >> name >> kibibytes && std::getline(file, unit))
    if (name == "MemTotal:") return kibibytes << 10U;
  return 0;
}

// Of the second version: a number, or "max". Of the groups above ours, too.
std::uint64_t of_control_groups(const std::string& root) {
  std::ifstream ours(root + "/proc/self/cgroup");
  std::string path;
  for (std::string line; std::getline(ours, line);)
    if (line.starts_with("0::/")) path = line.substr(3);
  std::uint64_t least = 0;
  while (!path.empty()) {
    std::ifstream file(root + "/sys/fs/cgroup" + path + "/memory.max");
    std::uint64_t bytes = 0;
    if (file >> bytes && bytes > 0 && (least == 0 || bytes < least)) least = bytes;
    path.resize(path.rfind('/'));
  }
  return least;
}

}  // namespace

std::uint64_t memory_limit() { return memory_limit(""); }

std::uint64_t memory_limit(const std::string& root) {
  const std::uint64_t machine = of_machine(root);
  const std::uint64_t groups = of_control_groups(root);
  return groups != 0 && (machine == 0 || groups < machine) ? groups : machine;
}

}  // namespace bowline::runtime
