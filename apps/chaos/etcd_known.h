// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "apps/chaos/etcd_history.h"

namespace bowline::chaos {

// Which revision somebody knew of, and when: from every answer and every word to a watcher. What is
// known is committed, so nothing that is asked for later may be before it.
class EtcdKnown {
 public:
  explicit EtcdKnown(const EtcdHistory&);
  std::int64_t before(Moment) const;           // the newest that was known then; at least 1
  Moment first(std::int64_t revision) const;   // when one of at least that was known first
  const auto& all() const { return sights_; }  // by their moments
  struct Sight {
    Moment at = 0;
    std::int64_t revision = 0;
    std::int64_t newest = 0;  // of all until here
  };

 private:
  std::vector<Sight> sights_;
};

// What the headers of one process of a member say: never another member, and nothing goes back.
std::string header_fault(const EtcdHistory&);

}  // namespace bowline::chaos
