// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bowline/session/envelope.h"
#include "bowline/session/reply.h"

namespace bowline::session {

// What became of one try, by whoever carried it.
struct NeverDone {};  // it is not in the log, and will not be
struct Unknown {};    // it may be in the log, or come there yet
struct Answered {     // applied, and this is what the machine with sessions said
  std::string_view reply;
};
using Word = std::variant<NeverDone, Unknown, Answered>;

// What that means for the call.
struct Verdict {
  enum class What : std::uint8_t {
    open,     // send it again, unless another try is under way: it counts once
    done,     // exactly once
    refused,  // not done, and never will be
    maybe,    // done once, or not at all; nobody can tell any more
    settled,  // there was a verdict before
  };
  What what = What::open;
  std::optional<std::string> answer;  // if done, and if it is still known
  std::string why;                    // if refused or maybe
};

// The client's side of one session: numbers calls, makes their envelopes, and knows when one may
// be sent again. It does no I/O. When the session is over it takes no new calls: make another one.
class Client {
 public:
  struct Options {
    std::size_t most_calls = 16;  // without a verdict; at most as many as the bounds allow
    std::uint64_t first_tag = 0;  // tags go on from here; at best drawn, so that clients differ
  };
  Client() = default;
  explicit Client(const Options& options) : options_(options), tag_(options.first_tag) {}

  // An envelope that opens the session. It may be sent again; the first answer counts, and a
  // session that another try opened is never used and ends by itself.
  std::string open();
  // The answer to what follows from none of the calls: open(), keep_alive(), close().
  void heard(std::string_view reply);
  SessionId session() const { return session_; }  // 0: not open yet
  bool over() const { return over_; }             // closed or expired

  // nullopt: there is no session, or too many calls have no verdict yet.
  std::optional<Serial> call(std::string command);
  // An envelope for one more try of a call that has no verdict.
  std::string attempt(Serial);
  Verdict heard(Serial, const Word&);  // once for each try
  // Nobody waits for it any more. It is not done later, once the machine has heard of that with
  // another call.
  Verdict give_up(Serial);
  // Those that nobody has a try of: to be sent, or sent again.
  std::vector<Serial> waiting() const;
  std::size_t calls() const { return calls_.size(); }

  std::string keep_alive();
  std::string close();

 private:
  struct Pending {
    std::string command;
    std::uint64_t tries = 0;
    std::uint64_t under_way = 0;  // nothing was heard of them
    bool doubtful = false;        // one that is over may have been done
  };
  Serial from() const { return calls_.empty() ? next_ : calls_.begin()->first; }
  std::string envelope(Body);
  Verdict judge(Pending&, const Reply&);
  static Verdict not_by_this(const Pending&, std::string why);

  Options options_;
  std::uint64_t tag_ = 0;
  SessionId session_;
  bool over_ = false;
  Serial next_{1};
  std::map<Serial, Pending> calls_;  // without a verdict
};

}  // namespace bowline::session
