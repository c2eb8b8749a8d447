// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/callers.h"

#include <algorithm>
#include <utility>

#include "bowline/base/utf8.h"
#include "bowline/etcd/unary.h"

namespace bowline::etcd {
namespace {

// It goes into quotes on the page of figures.
bool is_plain(std::string_view version) {
  return version.size() <= Callers::most_version_bytes && std::ranges::all_of(version, [](char c) {
           return c >= ' ' && c <= '~' && c != '"' && c != '\\';
         });
}

}  // namespace

void Callers::add_to(rpc::Router& router) {
  for (const auto& [path, method] : router.methods()) {
    if (!path.starts_with("/etcdserverpb.")) continue;
    if (method->unary) {
      method->unary = [this, serves = std::move(method->unary)](rpc::Call call,
                                                                std::string_view bytes) mutable {
        if (note(call, &Count::unary)) serves(std::move(call), bytes);
      };
      continue;
    }
    method->stream = [this, serves = std::move(method->stream)](rpc::Call call) mutable {
      if (note(call, &Count::streams)) serves(std::move(call));
    };
  }
}

bool Callers::note(rpc::Call& call, std::uint64_t Count::* what) {
  const std::string_view version = call.metadata("client-api-version");
  if (!is_utf8(version)) {
    refuse(call, Wrong::invalid_client_version);
    return false;
  }
  ++(of(version).*what);
  return true;
}

Callers::Count& Callers::of(std::string_view version) {
  if (version.empty()) version = "unknown";
  if (const auto known = counts_.find(version); known != counts_.end()) return known->second;
  if (versions_ == most_versions || !is_plain(version)) return counts_["other"];
  ++versions_;
  return counts_[std::string(version)];
}

}  // namespace bowline::etcd
