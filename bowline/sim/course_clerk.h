// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/base/prng.h"
#include "bowline/session/client.h"
#include "bowline/sim/course_mail.h"

namespace bowline::sim {

// A client of whole nodes that wants one thing after the other, and asks again until it has it:
// writes are calls of a session, and reads go to anybody. It waits for nothing by itself, but calls
// back.
class CourseClerk {
 public:
  struct Options {
    std::vector<NodeId> servers;
    std::uint64_t number = 1;                           // no two have the same
    Duration attempt = std::chrono::milliseconds(400);  // without an answer, until another is asked
    bool sessions = true;                               // without, what is sent again is done again
  };
  struct Said {
    bool known = false;  // else it was done once or never, and nobody can tell
    std::string answer;
    Index place;  // of a read
  };
  using Done = std::function<void(const Said&)>;

  CourseClerk(CourseMail&, Options);
  CourseClerk(const CourseClerk&) = delete;
  CourseClerk& operator=(const CourseClerk&) = delete;

  // The one before must be done.
  void write(std::string command, Done);
  void read(CourseMail::Look, Done);
  void use(std::vector<NodeId> servers) { options_.servers = std::move(servers); }
  bool busy() const { return errand_.has_value(); }
  std::uint64_t tries() const { return tries_; }

 private:
  struct Errand {
    CourseMail::Look look;  // of a read
    std::string command;
    Done done;
    std::optional<session::Serial> serial;
  };
  void begin(Errand);
  void attempt();
  void heard(const Heard&);
  void heard_of_write(const Heard&);
  void again(NodeId hint);
  void finish(const Said&);
  void renew_session();

  CourseMail& mail_;
  Options options_;
  Prng prng_;
  NodeId at_;
  std::optional<Errand> errand_;
  session::Client session_;
  std::uint64_t sessions_ = 0;
  std::uint64_t tries_ = 0;
  std::uint64_t step_ = 0;  // what belongs to an older one comes too late
  bool opening_ = false;
  Duration pause_{0};
};

}  // namespace bowline::sim
