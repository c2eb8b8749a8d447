// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "apps/chaos/etcd_history.h"
#include "bowline/etcd/convert.h"
#include "bowline/etcd/errors.h"
#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/kv/model.h"

// For tests of the verdict: histories that are right, made with the model.
namespace bowline::chaos {

using etcdserverpb::WatchRequest;
using etcdserverpb::WatchResponse;
using Kind = EtcdCall::Kind;
using Fate = EtcdCall::Fate;
using Step = WatchStep::Kind;

inline constexpr Moment second = 1'000'000;
inline constexpr std::int64_t lease = 70, other_lease = 71;
inline constexpr std::size_t all = 0, also_all = 1, of_a = 2;  // those who watch

class Scribe {
 public:
  Scribe() {
    open(all, true, 0, "\0", "\0", 2);
    open(also_all, true, 1, "\0", "\0", 2);
    open(of_a, false, 2, "a", "b", 2);
  }

  // Clients, one after the other; each call takes a second.
  EtcdCall& put(const std::string& key, const std::string& value, std::int64_t of = 0) {
    etcdserverpb::PutRequest request;
    request.set_key(key);
    request.set_value(value);
    request.set_lease(of);
    request.set_prev_kv(true);
    return write<etcdserverpb::PutResponse, kv::PutAnswer>(Kind::put, request,
                                                           etcd::to_kv(request));
  }
  EtcdCall& erase(const std::string& key) {
    etcdserverpb::DeleteRangeRequest request;
    request.set_key(key);
    return write<etcdserverpb::DeleteRangeResponse, kv::DeleteAnswer>(Kind::erase, request,
                                                                      etcd::to_kv(request));
  }
  // Two puts if `key` is there, and none else.
  EtcdCall& txn(const std::string& key) {
    etcdserverpb::TxnRequest request;
    auto& compare = *request.add_compare();
    compare.set_key(key);
    compare.set_target(etcdserverpb::Compare::VERSION);
    compare.set_result(etcdserverpb::Compare::GREATER);
    for (const char* one : {"a1", "a2"}) {
      auto& put = *request.add_success()->mutable_request_put();
      put.set_key(one);
      put.set_value("by txn " + std::to_string(clock_));
    }
    return write<etcdserverpb::TxnResponse, kv::TxnAnswer>(Kind::txn, request,
                                                           etcd::to_kv(request));
  }
  EtcdCall& range(std::int64_t revision = 0, bool serializable = false) {
    etcdserverpb::RangeRequest request;
    request.set_key("a");
    request.set_range_end("z");
    request.set_revision(revision);
    request.set_serializable(serializable);
    etcdserverpb::RangeResponse response;
    etcd::fill(response, *model_.range(etcd::to_kv(request)));
    return add(Kind::range, request, response);
  }
  EtcdCall& compact(std::int64_t revision) {
    etcdserverpb::CompactionRequest request;
    request.set_revision(revision);
    return add(Kind::compact, request, etcdserverpb::CompactionResponse());
  }
  EtcdCall& grant(std::int64_t id, std::int64_t ttl) {
    model_.run(kv::LeaseGrant{id, ttl}, 1);
    etcdserverpb::LeaseGrantRequest request;
    request.set_id(id);
    request.set_ttl(ttl);
    etcdserverpb::LeaseGrantResponse response;
    response.set_id(id);
    response.set_ttl(ttl);
    return add(Kind::grant, request, response);
  }
  EtcdCall& keep_alive(std::int64_t id, std::int64_t ttl) {
    etcdserverpb::LeaseKeepAliveRequest request;
    request.set_id(id);
    etcdserverpb::LeaseKeepAliveResponse response;
    response.set_id(id);
    response.set_ttl(ttl);
    return add(Kind::keep_alive, request, response);
  }
  EtcdCall& revoke(std::int64_t id) {
    etcdserverpb::LeaseRevokeRequest request;
    request.set_id(id);
    const Moment called = clock_;
    run(kv::LeaseRevoke{.id = id});
    EtcdCall& call = add(Kind::revoke, request, etcdserverpb::LeaseRevokeResponse());
    call.called = called;
    return call;
  }
  void expire(std::int64_t id) { run(kv::LeaseRevoke{.id = id}); }
  void pass(Moment time) { clock_ += time; }

  // Those who watch.
  void progress(std::size_t who, std::int64_t revision) {
    WatchResponse response = head(revision);
    response.set_watch_id(-1);
    step(who, Step::heard, response.SerializeAsString());
  }
  void go_on_elsewhere(std::size_t who) {
    step(who, Step::broke, {});
    watch(who, 1 - std::min<std::size_t>(who, 1), "a", "b", model_.revision() + 1);
  }

  EtcdHistory done() {
    EtcdHistory history = history_;
    history.through = model_.revision();
    return history;
  }
  std::int64_t revision() const { return model_.revision(); }

 private:
  void open(std::size_t who, bool is_of_all, std::size_t member, const char* key, const char* end,
            std::int64_t start) {
    history_.stories.push_back({"watcher " + std::to_string(who), is_of_all, {}});
    watch(who, member, std::string(key, 1), std::string(end, 1), start);
  }
  void watch(std::size_t who, std::size_t member, const std::string& key, const std::string& end,
             std::int64_t start) {
    members_[who] = member;
    step(who, Step::opened, {});
    WatchRequest request;
    auto& create = *request.mutable_create_request();
    create.set_key(key);
    create.set_range_end(end);
    create.set_start_revision(start);
    create.set_watch_id(1);
    step(who, Step::said, request.SerializeAsString());
    WatchResponse created = head(model_.revision());
    created.set_created(true);
    step(who, Step::heard, created.SerializeAsString());
  }
  WatchResponse head(std::int64_t revision) {
    WatchResponse response;
    response.mutable_header()->set_revision(revision);
    response.set_watch_id(1);
    return response;
  }
  // Each member has an id, and all of them are in the same term.
  void step(std::size_t who, Step kind, std::string message) {
    if (kind == Step::heard) {
      WatchResponse response;
      response.ParseFromString(message);
      response.mutable_header()->set_member_id(members_[who] + 1);
      response.mutable_header()->set_raft_term(2);
      message = response.SerializeAsString();
    }
    history_.stories[who].steps.push_back({kind, clock_, members_[who], 1, std::move(message)});
  }

  kv::Answer run(const kv::Command& command) {
    const std::size_t before = model_.writes().size();
    kv::Answer answer = model_.run(command, 1);
    for (const std::size_t who : {all, also_all, of_a}) {
      WatchResponse response = head(model_.revision());
      for (std::size_t i = before; i < model_.writes().size(); ++i) {
        const kv::model::Write& write = model_.writes()[i];
        if (who == of_a && !write.key.starts_with('a')) continue;
        etcd::fill(*response.add_events(), model_.event(write, false));
      }
      clock_ += second / 10;
      if (!response.events().empty()) step(who, Step::heard, response.SerializeAsString());
    }
    return answer;
  }
  template <class Response, class Said, class Request>
  EtcdCall& write(Kind kind, const Request& request, const kv::Command& command) {
    const Moment called = clock_;
    const kv::Answer answer = run(command);
    Response response;
    if (answer.refusal == kv::Refusal::none) etcd::fill(response, std::get<Said>(answer.said));
    EtcdCall& call = add(kind, request, response);
    call.called = called;
    if (answer.refusal != kv::Refusal::none) {
      call.response.clear();
      call.error = etcd::status_of(answer.refusal).message;
    }
    return call;
  }
  template <class Request, class Response>
  EtcdCall& add(Kind kind, const Request& request, Response response) {
    response.mutable_header()->set_revision(model_.revision());
    response.mutable_header()->set_member_id(1);
    response.mutable_header()->set_raft_term(2);
    EtcdCall call;
    call.kind = kind;
    call.request = request.SerializeAsString();
    call.life = 1;
    call.fate = Fate::done;
    call.response = response.SerializeAsString();
    call.called = clock_;
    call.ended = clock_ += second;
    clock_ += second;
    history_.calls.push_back(std::move(call));
    return history_.calls.back();
  }

  kv::model::Model model_;
  EtcdHistory history_;
  Moment clock_ = second;
  std::array<std::size_t, 3> members_{};
};

template <class Message>
void change(std::string& bytes, const std::function<void(Message&)>& how) {
  Message message;
  ASSERT_TRUE(message.ParseFromString(bytes));
  how(message);
  bytes = message.SerializeAsString();
}

// The word of one who watches that has events of a revision.
inline WatchStep& word_of(EtcdHistory& history, std::size_t who, std::int64_t revision) {
  for (WatchStep& step : history.stories[who].steps) {
    WatchResponse response;
    if (step.kind != Step::heard || !response.ParseFromString(step.message)) continue;
    for (const mvccpb::Event& event : response.events())
      if (event.kv().mod_revision() == revision) return step;
  }
  ADD_FAILURE() << "nobody heard of " << revision;
  return history.stories[who].steps.front();
}
inline void forget(EtcdHistory& history, std::size_t who, std::int64_t revision) {
  const WatchStep* const word = &word_of(history, who, revision);
  std::erase_if(history.stories[who].steps, [&](const WatchStep& step) { return &step == word; });
}

}  // namespace bowline::chaos
