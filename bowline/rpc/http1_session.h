// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/rpc/http1_reader.h"
#include "bowline/rpc/limits.h"
#include "bowline/rpc/router.h"
#include "bowline/rpc/session.h"

namespace bowline::rpc {

class Http1Session;

// The answer to one request. Shared by the session and whoever answers.
class Http1Answer final : public ExchangeChannel {
 public:
  explicit Http1Answer(Http1Session& session) : session_(&session) {}
  void listen(ExchangeHooks) override;
  void begin(HttpAnswer) override;
  void body(std::string bytes) override;
  void end(bool whole) override;
  std::uint64_t queued() const override { return queued_; }
  bool over() const override { return session_ == nullptr; }
  void keeps(std::uint64_t bytes) override { kept_ = bytes; }

 private:
  friend class Http1Session;

  Http1Session* session_;  // null: nobody waits any more
  std::optional<HttpAnswer> head_;
  std::deque<std::string> pieces_;
  std::size_t sent_of_first_ = 0;
  std::uint64_t queued_ = 0;
  std::uint64_t kept_ = 0;  // by its handler
  bool head_is_sent_ = false;
  bool is_chunked_ = false;
  bool has_ended_ = false;
  bool is_whole_ = true;
  std::unique_ptr<ExchangeHooks> hooks_;
};

class Http1Session final : public Session {
 public:
  Http1Session(Router&, const Limits&, std::string peer, Time now, Wakes);
  ~Http1Session() override;
  Http1Session(const Http1Session&) = delete;
  Http1Session& operator=(const Http1Session&) = delete;

  void received(std::string_view bytes, Time now) override;
  void take(std::string& out, std::uint64_t room, Time now) override;
  void tick(Time now) override;
  Time deadline() const override;
  void drain(Time now) override;
  bool over() const override { return over_; }
  bool holds() const override;
  std::uint64_t queued() const override { return answer_ ? answer_->queued_ : 0; }
  std::uint64_t held() const override { return queued() + reader_.held() + kept(); }
  std::uint64_t calls() const override { return answer_ ? 1 : 0; }
  std::string why() const override { return why_; }

 private:
  friend class Http1Answer;

  void read_on();
  void run();
  void refuse(int status, std::string sentence);
  void wake();
  void send_answer(std::string& out, std::uint64_t end);
  void send_head(std::string& out);
  void send_body(std::string& out, std::uint64_t end);
  void answered();
  void drop_answer(Cancelled);
  void end(std::string why);
  std::uint64_t kept() const { return answer_ ? answer_->kept_ : 0; }
  bool may_stay() const { return reader_.keeps_alive() && !closes_ && drains_since_ == never; }

  Router& router_;
  Limits limits_;
  std::string peer_;
  Wakes wakes_;
  Http1Reader reader_;
  std::shared_ptr<Http1Answer> answer_;  // to the request that was read last
  std::string before_;                   // to be sent before it: 100 Continue
  std::vector<std::unique_ptr<ExchangeHooks>> buried_;
  bool has_woken_ = false;
  bool is_inside_ = false;
  Time now_;
  Time since_;                // what the client owes us (see deadline())
  Time waits_since_ = never;  // it takes nothing of the answer
  Time drains_since_ = never;
  bool is_first_ = true;  // no request came yet
  bool drained_is_owed_ = false;
  bool closes_ = false;  // after this answer
  bool over_ = false;
  std::string why_;
};

}  // namespace bowline::rpc
