// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/link.h"
#include "bowline/wire/answer.h"
#include "bowline/wire/ask.h"

namespace bowline::host {

// Whom a node obeys who is no node.
enum class Admit : std::uint8_t {
  nobody,
  certified,  // whoever shows a certificate of an admin
  anybody,    // whoever reaches the port, if the network proves nothing; else as above
};

// Those who administer this node over the wire, each on a connection of its own.
class Operators {
 public:
  struct Options {
    Admit admit = Admit::nobody;
    std::size_t most = 16;       // connections at once; beyond, one that waits for nothing goes
    std::size_t most_asks = 16;  // of one of them, that were not answered yet
    // They may have groups destroyed. The program on this node has to bear that: the machine of
    // such a group goes, too, and it is told by News.
    bool may_destroy = false;
  };
  struct Hooks {
    // Does it, and answers once.
    std::move_only_function<void(const std::string& who, wire::Asked, env::Done<wire::Answered>)>
        ask;
    // Why somebody was not let in.
    std::move_only_function<void(const std::string& who, const std::string& why)> told;
  };

  Operators(env::Loop&, Options, Hooks);
  Operators(const Operators&) = delete;
  Operators& operator=(const Operators&) = delete;

  void serve(std::unique_ptr<Link>);
  std::size_t count() const { return seats_.size(); }

 private:
  struct Seat {
    std::unique_ptr<Link> link;
    std::string who;
    std::size_t asks = 0;  // not answered yet
  };

  std::string why_not(const Link&) const;
  bool make_room();
  void came(std::uint64_t number, const wire::Frame&);
  void answered(std::uint64_t number, std::uint64_t ask, wire::Answered);
  void refuse(std::unique_ptr<Link>, const std::string& why);
  void gone(std::uint64_t number);
  void bury(std::unique_ptr<Link>);

  env::Loop& loop_;
  Options options_;
  Hooks hooks_;
  std::map<std::uint64_t, Seat> seats_;  // in the order in which they came
  std::uint64_t last_ = 0;
  std::vector<std::unique_ptr<Link>> dead_;  // until nobody can be inside of them
  env::Life life_;
};

}  // namespace bowline::host
