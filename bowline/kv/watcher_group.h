// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/id_map.h"
#include "bowline/base/ids.h"
#include "bowline/kv/interval.h"
#include "bowline/kv/interval_tree.h"

namespace bowline::kv {

struct Watcher;

// Finds those whom a key is of interest to: by its hash those who watch it alone, and in a tree of
// intervals the others. Those who watch the same share one entry. A watcher is in one group at
// most.
class WatcherGroup {
 public:
  void add(Watcher&);
  void remove(Watcher&);
  std::size_t size() const { return size_; }

  // Visit(Watcher&). The group must not be changed meanwhile.
  template <class Visit>
  void match(std::string_view key, Visit visit) const {
    const auto all = [&](const Members& members) {
      for (Watcher* const watcher : members) visit(*watcher);
    };
    if (const auto* const singles = singles_.find(hash_of(key)); singles != nullptr)
      for (const Single& single : *singles)
        if (single.key == key) all(single.members);
    ranges_.match(key, all);
  }

 private:
  using Members = std::vector<Watcher*>;
  struct Single {
    std::string key;
    Members members;
  };
  using KeyHash = Ordinal<struct KeyHashTag>;
  static KeyHash hash_of(std::string_view key);
  static void join(Members&, Watcher&);
  static void leave(Members&, Watcher&);
  void remove_single(Watcher&);

  std::size_t size_ = 0;
  IdMap<KeyHash, std::vector<Single>> singles_;  // keys of one hash share an entry
  IntervalTree<Members> ranges_;
};

}  // namespace bowline::kv
