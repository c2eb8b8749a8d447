// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "bowline/rpc/router.h"

namespace bowline::etcd {

// Which versions of etcd's clients call, as they say themselves in their metadata. Whatever they
// say, there are only so many.
class Callers {
 public:
  static constexpr std::size_t most_versions = 16;
  static constexpr std::size_t most_version_bytes = 32;

  struct Count {
    std::uint64_t unary = 0;
    std::uint64_t streams = 0;
  };

  // Of all methods of etcd's that there are. Outlives the router.
  void add_to(rpc::Router&);
  // By version; "unknown" said nothing, and "other" is whatever is no version, or one too many.
  const std::map<std::string, Count, std::less<>>& counts() const { return counts_; }

 private:
  // False: the call is refused, since what it says is no text.
  bool note(rpc::Call&, std::uint64_t Count::* what);
  Count& of(std::string_view version);

  std::map<std::string, Count, std::less<>> counts_{{"unknown", {}}};
  std::size_t versions_ = 0;
};

}  // namespace bowline::etcd
