// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace bowline::chaos {

struct EtcdRunOptions {
  std::string program;    // bowline
  std::string directory;  // of everything; must be there
  std::uint64_t seed = 1;
  double seconds = 60;
  std::size_t clients = 6;
  double recovery = 60;
  std::string no_mounts;  // why no small disk can be had; empty: it can be tried
};

// Three `bowline serve`, clients of etcd's API, those who watch, and what befalls them; and then
// the verdict. Empty: all is well; else what is not, for people. Says its figures on stdout.
std::string run_etcd(const EtcdRunOptions&);

}  // namespace bowline::chaos
