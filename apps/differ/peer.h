// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/bench/grpc_client.h"
#include "apps/bowline/served_process.h"

namespace bowline::differ {

// How a call ended.
struct Said {
  bool is_over = false;
  int code = bench::GrpcClient::no_code;
  std::string text;
  std::string message;
};

// One of the two servers, in a process of its own, and our connection to it.
class Peer {
 public:
  // The words of its command, without directories and addresses: every start is a fresh one.
  Peer(std::vector<std::string> command, std::string directory);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  bool start();  // false: it did not come up
  const std::string& last_words() const { return last_words_; }
  bool is_gone() const { return gone_; }

  std::size_t call(std::string_view path, std::string_view bytes);
  const Said& said(std::size_t call) const { return calls_[call]; }
  void forget_calls() { calls_.clear(); }  // all of which are over

  struct Conversation {
    bench::GrpcClient::Stream place = 0;
    std::vector<std::string> messages;  // that nobody has looked at yet
    Said end;
  };
  std::size_t open(std::string_view path);
  void say(std::size_t stream, std::string_view bytes);
  void hang_up(std::size_t stream);
  Conversation& conversation(std::size_t stream) { return conversations_[stream]; }

  int socket() const { return client_->socket(); }
  void flush() { gone_ = gone_ || !client_->flush(); }
  void receive() { gone_ = gone_ || !client_->receive(); }

 private:
  bench::GrpcClient::Hooks hooks();

  std::vector<std::string> command_;
  std::string directory_;
  std::string last_words_;
  std::unique_ptr<apps::ServedProcess> process_;
  std::unique_ptr<bench::GrpcClient> client_;
  std::deque<Said> calls_;
  std::deque<Conversation> conversations_;
  bool gone_ = true;
};

// Works on both until `done`; false: that took too long, or one of them is gone.
bool wait_for_both(Peer&, Peer&, double seconds, const std::function<bool()>& done);

}  // namespace bowline::differ
