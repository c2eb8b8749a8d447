// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "apps/bowline/served_process.h"
#include "bowline/base/result.h"

namespace bowline::bench {

// Three members on loopback: of bowline or of an etcd, started alike.
class EtcdCluster {
 public:
  // The words of the command, without names, directories and addresses. What is in the directory
  // goes with this, unless it is kept.
  EtcdCluster(std::vector<std::string> command, std::string directory, bool keeps);
  ~EtcdCluster();
  EtcdCluster(const EtcdCluster&) = delete;
  EtcdCluster& operator=(const EtcdCluster&) = delete;

  Result<void> start();  // with nothing in them
  Result<void> start(std::size_t member);
  void kill(std::size_t member);

  static constexpr std::size_t members = 3;
  std::string endpoint(std::size_t member) const;
  std::vector<std::string> endpoints() const;
  std::size_t leader() const;  // as the members say it; `members`: none does

  double cpu_seconds() const;  // of all that live, since they began
  double cpu_seconds(std::size_t member) const;
  double resident_mib() const;  // of the largest
  double disk_mib(std::size_t member) const;

 private:
  std::vector<std::string> command_;
  std::string directory_;
  bool keeps_;
  std::vector<int> ports_;
  std::vector<std::unique_ptr<apps::ServedProcess>> processes_;
};

// One call, and its answer; an error is what went wrong, or the code.
Result<std::string> ask(const std::string& endpoint, std::string_view path,
                        const std::string& request, int patience_ms = 5000);

}  // namespace bowline::bench
