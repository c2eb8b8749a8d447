// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_options.h"

namespace bowline::runtime {

std::string TlsOptions::fault() const {
  const bool has_more = !key.empty() || !authorities.empty() || !revocations.empty();
  if (!is_on() && has_more)
    return "tls.certificate must be given: without it connections are not protected";
  if (!is_on()) return {};
  if (!also_1_2 && !also_1_3) return "tls.also_1_2 must be true without tls.also_1_3";
  if (key.empty()) return "tls.key must be given: the file with the key of tls.certificate";
  if (authorities.empty() && for_clients && revocations.empty()) return times_fault();
  if (authorities.empty())
    return "tls.authorities must be given: the files with the certificates of those who vouch for "
           "the nodes";
  return times_fault();
}

std::string TlsOptions::times_fault() const {
  if (greet_within <= Duration(0)) return "tls.greet_within must be above zero";
  if (look_every < std::chrono::milliseconds(1)) return "tls.look_every must be at least 1 ms";
  if (most_greetings == 0) return "tls.most_greetings must be above zero";
  return {};
}

}  // namespace bowline::runtime
