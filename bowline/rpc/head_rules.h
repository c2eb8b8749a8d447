// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>

namespace bowline::rpc {

// What RFC 9113 asks of the head of a request, field by field. nghttp2 knows these rules, too, but
// together with one that clients of etcd break: their :authority may be a whole URL.
class HeadRules {
 public:
  // The next field. False: the request is malformed.
  bool takes(std::string_view name, std::string_view value);
  bool is_whole() const;  // all that has to be there was

 private:
  bool takes_pseudo(std::string_view name, std::string_view value);

  std::uint8_t pseudo_ = 0;  // which of them were there
  bool is_past_pseudo_ = false;
};

}  // namespace bowline::rpc
