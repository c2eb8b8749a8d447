// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

namespace bowline::chaos {

// Only this process and its children see what is mounted from now on, and it is gone with them.
// Empty: so it is; else why not. Before any thread begins.
std::string keep_mounts_to_ourselves();

// A disk in memory, so small that it can be filled.
class SmallDisk {
 public:
  // Mounts it there, unless there is a reason not to. fault() says why it is not.
  SmallDisk(std::string directory, std::uint64_t mebibytes, std::string reason);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::string& fault() const { return fault_; }
  void fill();   // to the last block
  void clear();  // of what fill() put there

 private:
  std::string ballast() const { return directory_ + "/ballast"; }
  std::string directory_;
  std::string fault_;
};

}  // namespace bowline::chaos
