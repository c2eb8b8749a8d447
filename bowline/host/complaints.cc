// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/complaints.h"

#include <chrono>

namespace bowline::host {
namespace {

constexpr std::chrono::minutes again_after{1};

// Without the port, which is another one with each call.
std::string key_of(const std::string& who, std::string why) {
  for (std::size_t at = why.find(who); !who.empty() && at != std::string::npos; at = why.find(who))
    why.erase(at, who.size());
  return who.substr(0, who.rfind(':')) + " " + why;
}

}  // namespace

void Complaints::tell(const std::string& who, const std::string& why) {
  const Time now = clock_.now();
  std::string key = key_of(who, why);
  if (const auto known = last_.find(key); known != last_.end() && known->second + again_after > now)
    return;
  std::erase_if(last_, [now](const auto& told) { return told.second + again_after <= now; });
  if (last_.size() >= most) return;
  last_[std::move(key)] = now;
  told_(who, why);
}

}  // namespace bowline::host
