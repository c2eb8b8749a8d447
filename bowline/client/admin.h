// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/client/call.h"
#include "bowline/client/route.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/wire/answer.h"
#include "bowline/wire/ask.h"

namespace bowline::client {

// What became of something that an operator wanted.
using Outcome = std::variant<wire::Done, wire::Declined, wire::Unsure>;

// Administers the groups of a cluster over the wire: finds whoever leads a group, follows when it
// moves, and never does anything twice. Belongs to one loop; nothing here waits.
class Admin {
 public:
  struct Options {
    std::vector<std::string> peers;              // "host:port" of some nodes; of others they tell
    std::string name;                            // ours, for people
    std::string cluster;                         // whose nodes must be of it; empty: whichever
    Duration within = std::chrono::seconds(10);  // an answer, whatever happens
    Duration look_within = std::chrono::seconds(3);   // at something: then what was seen so far
    Duration try_within = std::chrono::seconds(1);    // one node, before another one is asked
    Duration pause = std::chrono::milliseconds(100);  // between tries

    std::string fault() const;  // what is wrong with them, as a sentence; empty: nothing
  };

  // `options` must have no fault.
  Admin(env::Loop&, const env::Clock&, env::Network&, Options);
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  // As its leader sees it; if there is none, as somebody else does.
  void look(GroupId, env::Done<Result<wire::GroupReport>>);
  // As that node sees it.
  void look_at(std::string address, GroupId, env::Done<Result<wire::GroupReport>>);
  void look_at_node(std::string address, wire::AskNode, env::Done<Result<wire::NodeReport>>);
  // Something that changes the group: at its leader, wherever that is.
  void change(wire::Asked, env::Done<Outcome>);
  // At that node, and nowhere else.
  void change_at(std::string address, wire::Asked, env::Done<Outcome>);

  const Route& route() const { return route_; }

 private:
  struct Errand {
    wire::Asked what;
    GroupId group;
    std::string only;  // where to ask; empty: wherever it leads
    Time until;
    env::Done<wire::Answered> done;
    env::TimerId timer;
    std::string at;                      // asked now; empty: it pauses
    std::uint64_t number = 0;            // of the ask, on that call
    std::uint64_t attempt = 0;           // an answer to another one is none
    std::optional<wire::Answered> last;  // the best that was heard so far
  };

  void send(wire::Asked, GroupId, std::string only, env::Done<wire::Answered>);
  void attempt(std::uint64_t id);
  void rang(std::uint64_t id);
  void heard(std::uint64_t id, std::uint64_t attempt,
             std::expected<wire::Answered, Call::Lost> said);
  void answered(std::uint64_t id, Errand&, wire::Answered);
  void lost(std::uint64_t id, Errand&, const Call::Lost&);
  void again(std::uint64_t id, Errand&, Duration after);
  void finish(std::uint64_t id, wire::Answered);
  Call& call(const std::string& address);
  void hang_up(const std::string& address);

  env::Loop& loop_;
  const env::Clock& clock_;
  env::Network& network_;
  Options options_;
  Route route_;
  std::map<std::string, std::unique_ptr<Call>> calls_;
  std::map<std::uint64_t, Errand> errands_;
  std::uint64_t last_ = 0;
  std::vector<std::unique_ptr<Call>> dead_;  // until nobody can be inside of them
  env::Life life_;
};

}  // namespace bowline::client
