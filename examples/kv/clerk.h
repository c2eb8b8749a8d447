// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"
#include "bowline/session/client.h"
#include "examples/kv/command.h"
#include "examples/kv/wire.h"

namespace bowline::examples::kv {

// What became of a command.
struct Reply {
  enum class Fate : std::uint8_t {
    done,     // once
    refused,  // never
    maybe,    // once, or never: we had no patience to find out
  };
  Fate fate = Fate::done;
  std::optional<Answer> answer;  // if done, and nobody lost it
  Index place;                   // of a read: the last entry that it saw
};

// A client of the map. It finds the leader by itself, and asks again until it knows: writes are
// calls of a session, so that each of them is done once however often it was sent. It blocks, and
// is for one thread at a time; any number of them may be used at once.
class Clerk {
 public:
  struct Options {
    std::map<NodeId, std::string> servers;         // where each takes clients
    Duration patience = std::chrono::seconds(30);  // for one call
    Duration attempt = std::chrono::seconds(2);    // without an answer, until another is asked
    std::uint64_t seed = 0;                        // differs from clerk to clerk
  };
  explicit Clerk(Options);
  ~Clerk();
  Clerk(const Clerk&) = delete;
  Clerk& operator=(const Clerk&) = delete;

  Reply call(const Command&);
  // All under way at once. They take effect in any order.
  std::vector<Reply> call(std::span<const Command>);

  Reply get(std::string key);
  Reply put(std::string key, std::string value);
  Reply put_at(std::string key, std::uint64_t version, std::string value);
  Reply append(std::string key, std::string value);
  Reply remove(std::string key);

  void ask(NodeId);       // this server first, from the next call on; any of them may serve a read
  void rest(Duration);    // for whoever has to ask again
  void forget_session();  // the next call opens another one
  std::uint64_t tries() const { return tries_; }  // requests that were sent, since it began

 private:
  struct Errand;
  bool connect();
  void disconnect();
  void ask_next(NodeId hint);
  void send_what_waits(std::span<Errand>);
  void send_open();
  std::uint64_t send(Request::Kind, std::string body);
  void wait();
  bool received(std::string_view body);
  void hear(Errand&, const Response&);
  void hear_write(Errand&, const Response&);
  void settle(Errand&, const session::Verdict&);
  void give_up(Errand&);

  Options options_;
  runtime::Loop loop_;
  runtime::Network network_;
  std::unique_ptr<env::Connection> connection_;
  Frames frames_;
  NodeId at_;  // whom we ask

  session::Client session_;
  std::uint64_t sessions_ = 0;
  std::uint64_t opening_ = 0;               // the request that opens one; 0: none
  std::map<std::uint64_t, Errand*> asked_;  // under way, by request
  std::uint64_t tries_ = 0;                 // and so the number of the last request
  Time deadline_;
  Duration pause_{};
  bool broken_ = false;  // the connection; nothing comes any more
  // Since the last wait began:
  bool heard_ = false;
  bool refused_ = false;
  NodeId hint_;
};

}  // namespace bowline::examples::kv
