// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/wire/answer.h"
#include "bowline/wire/ask.h"
#include "bowline/wire/frame.h"
#include "bowline/wire/hello.h"

namespace bowline::client {

// One connection to a node, on which an operator asks. What is asked before both sides have said
// hello waits for that.
class Call {
 public:
  struct Lost {  // there will be no answer
    std::string why;
    bool was_sent = false;  // so it may have been done
  };
  using Said = env::Done<std::expected<wire::Answered, Lost>>;

  // `over`: the connection is of no use any more; all who waited were told. May destroy it.
  Call(env::Loop&, env::Network&, std::string address, wire::Hello here, env::Done<> over);
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // The answer never comes within the call.
  std::uint64_t ask(wire::Asked, Said);
  bool was_sent(std::uint64_t number) const;  // or answered
  void forget(std::uint64_t number);          // nobody waits for that any more
  bool idle() const { return waiting_.empty(); }
  const std::string& address() const { return address_; }

 private:
  struct Waiting {
    std::string frame;        // until it is sent
    wire::Version since = 0;  // which it takes to be understood
    Said said;
  };

  void connected(Result<std::unique_ptr<env::Connection>>);
  void received(std::string_view bytes);
  Result<void> take(const wire::Frame&);
  Result<void> greeted(const wire::Frame&);
  void send_waiting();
  void end(const std::string& why);

  env::Loop& loop_;
  std::string address_;
  wire::Hello here_;
  env::Done<> over_;
  std::unique_ptr<env::Connection> connection_;
  wire::FrameReader reader_{wire::most_hello_bytes};
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t last_ = 0;
  wire::Version agreed_ = 0;  // none yet
  NodeId there_;
  bool ended_ = false;
  env::Life life_;
};

}  // namespace bowline::client
