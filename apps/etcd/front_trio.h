// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/served_process.h"
#include "bowline/api/node.h"
#include "bowline/etcd/front.h"
#include "bowline/etcd/served_machine.h"
#include "bowline/runtime/memory_disk.h"

// Three nodes in this process with a front each, and calls that come from nowhere.
namespace bowline::apps {

using namespace std::chrono_literals;

// A call as a service sees it, and what it was answered, for another thread to wait for.
class PlayedCall final : public rpc::CallChannel {
 public:
  explicit PlayedCall(std::string method) { head_.method = std::move(method); }
  rpc::CallHead& head_to_change() { return head_; }

  // ---- for the test
  std::string next() {  // the next message; empty: the call is over, or nothing came in time
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [this] { return taken_ < messages_.size() || finished_; });
    return taken_ < messages_.size() ? messages_[taken_++] : "";
  }
  rpc::Status status() {  // in the end
    std::unique_lock lock(mutex_);
    const bool over = changed_.wait_for(lock, 20s, [this] { return finished_; });
    return over ? status_ : rpc::Status{rpc::Code::aborted, "it is not over"};
  }
  std::uint64_t order() {  // of calls that are over
    const std::scoped_lock lock(mutex_);
    return order_;
  }
  std::size_t messages() {
    const std::scoped_lock lock(mutex_);
    return messages_.size();
  }
  bool is_finished() {
    const std::scoped_lock lock(mutex_);
    return finished_;
  }
  void send(const std::string& bytes) {  // on the thread of the service
    if (hooks_.message) hooks_.message(bytes);
  }
  void leave() {  // likewise: the client is gone
    is_gone = true;
    if (hooks_.cancelled) hooks_.cancelled(rpc::Cancelled::by_client);
  }
  rpc::CallHooks& hooks() { return hooks_; }
  void let_go() { std::exchange(hooks_, {}); }  // they hold the call, which holds this

  // ---- for the service
  const rpc::CallHead& head() const override { return head_; }
  void listen(rpc::CallHooks hooks) override { hooks_ = std::move(hooks); }
  void message(std::string bytes) override {
    if (sent) sent(bytes.size());
    const std::scoped_lock lock(mutex_);
    messages_.push_back(std::move(bytes));
    changed_.notify_all();
  }
  void finish(rpc::Status status) override {
    const std::scoped_lock lock(mutex_);
    status_ = std::move(status);
    finished_ = true;
    order_ = ++all_finished;
    changed_.notify_all();
  }
  void hold(bool) override {}
  std::uint64_t queued() const override { return waits; }
  std::uint64_t queued_beside() const override { return beside ? beside() : waits; }
  bool over() const override { return is_gone; }
  void keeps(std::uint64_t bytes) override { kept = bytes; }
  // On the thread of the service, too:
  bool is_gone = false;  // the client
  std::uint64_t kept = 0;
  std::uint64_t waits = 0;                           // as if the client did not read
  std::function<std::uint64_t()> beside = {};        // what waits on its connection
  std::function<void(std::size_t bytes)> sent = {};  // as a message is

 private:
  rpc::CallHead head_;
  rpc::CallHooks hooks_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> messages_;
  std::size_t taken_ = 0;
  bool finished_ = false;
  std::uint64_t order_ = 0;
  static inline std::atomic<std::uint64_t> all_finished = 0;
  rpc::Status status_;
};

// A plain request, likewise.
class PlayedExchange final : public rpc::ExchangeChannel {
 public:
  void listen(rpc::ExchangeHooks) override {}
  void begin(rpc::HttpAnswer answer) override { answer_ = std::move(answer); }
  void body(std::string bytes) override { answer_.body += bytes; }
  void end(bool) override { told_.set_value(std::move(answer_)); }
  std::uint64_t queued() const override { return 0; }
  bool over() const override { return false; }
  rpc::HttpAnswer answer() { return told_.get_future().get(); }

 private:
  rpc::HttpAnswer answer_;
  std::promise<rpc::HttpAnswer> told_;
};

class FrontLodging final : public Lodger {
 public:
  FrontLodging(const Room& room, etcd::ServedMachine& machine, etcd::Front::Options options)
      : front(room.env, room.network, room.shard, GroupId{1}, machine, std::move(options)) {}
  etcd::Front front;
};

struct FrontMember {
  std::unique_ptr<Node> node;
  etcd::Front* front = nullptr;
  etcd::ServedMachine* machine = nullptr;

  // On the node's thread, and waited for.
  void run(std::function<void(host::Shard&)> work) const {
    std::promise<void> done;
    node->at([&](host::Shard* shard) {
      work(*shard);
      done.set_value();
    });
    done.get_future().wait();
  }
};

class FrontTrio {
 public:
  using Adjust = std::function<void(std::size_t, etcd::Front::Options&)>;
  explicit FrontTrio(Duration within, Adjust adjust = {})
      : within_(within), adjust_(std::move(adjust)), ports_(free_ports(3)) {
    std::vector<std::thread> starts;
    starts.reserve(3);
    for (std::size_t i = 0; i < 3; ++i) starts.emplace_back([this, i] { start(i); });
    for (std::thread& one : starts) one.join();
  }
  // Streams that are under way still: what a session does for those that it has.
  ~FrontTrio() {
    for (FrontMember& member : members_) member.node.reset();
    for (const std::weak_ptr<PlayedCall>& stream : streams_)
      if (const std::shared_ptr<PlayedCall> one = stream.lock()) one->let_go();
  }
  FrontTrio(const FrontTrio&) = delete;
  FrontTrio& operator=(const FrontTrio&) = delete;
  FrontMember& operator[](std::size_t i) { return members_[i]; }
  NodeId id(std::size_t i) const { return {i + 1}; }

  bool is_ready(std::size_t i) {
    auto told = std::make_shared<std::promise<void>>();
    members_[i].node->at(
        [&](host::Shard*) { members_[i].front->ready([told] { told->set_value(); }); });
    return told->get_future().wait_for(10s) == std::future_status::ready;
  }
  std::size_t leader() {
    for (int tries = 0; tries < 1000; ++tries) {
      for (std::size_t i = 0; i < 3; ++i) {
        bool leads = false;
        if (members_[i].node == nullptr) continue;
        members_[i].run([&](host::Shard& shard) {
          leads = shard.find(GroupId{1})->core().role() == raft::Role::leader;
        });
        if (leads) return i;
      }
    }
    return 3;
  }

  std::shared_ptr<PlayedCall> call(std::size_t i, const std::string& method,
                                   const std::string& bytes) {
    auto channel = std::make_shared<PlayedCall>(method);
    members_[i].run([&](host::Shard&) {
      members_[i].front->router().find(method)->unary(rpc::Call(channel), bytes);
    });
    return channel;
  }
  template <class Response, class Request>
  std::expected<Response, rpc::Status> ask(std::size_t i, const std::string& method,
                                           const Request& request) {
    const auto channel = call(i, "/etcdserverpb." + method, request.SerializeAsString());
    if (const rpc::Status status = channel->status(); !status.ok()) return std::unexpected(status);
    Response response;
    EXPECT_TRUE(response.ParseFromString(channel->next()));
    return response;
  }
  std::shared_ptr<PlayedCall> stream(std::size_t i, const std::string& method,
                                     bool wants_leader = false) {
    auto channel = std::make_shared<PlayedCall>("/etcdserverpb." + method);
    if (wants_leader) channel->head_to_change().metadata.add("hasleader", "true");
    streams_.push_back(channel);
    members_[i].run([&](host::Shard&) {
      members_[i].front->router().find(channel->head().method)->stream(rpc::Call(channel));
    });
    return channel;
  }
  template <class Request>
  void send(std::size_t i, const std::shared_ptr<PlayedCall>& stream, const Request& request) {
    members_[i].run([&](host::Shard&) { stream->send(request.SerializeAsString()); });
  }

  rpc::HttpAnswer page(std::size_t i, const std::string& path, const std::string& query = {},
                       const std::string& method = "GET", const std::string& body = {}) {
    const auto channel = std::make_shared<PlayedExchange>();
    members_[i].run([&](host::Shard&) {
      rpc::HttpRequest request;
      request.method = method;
      request.path = path;
      request.query = query;
      request.body = body;
      members_[i].front->pages().answer(rpc::Exchange(channel), std::move(request));
    });
    return channel->answer();
  }

 private:
  void start(std::size_t i) {
    NodeOptions options;
    options.id = id(i);
    options.listen = "127.0.0.1:" + std::to_string(ports_[i]);
    const auto files = std::make_shared<runtime::MemoryFiles>();
    options.storage = [files](env::Loop& loop) { return runtime::memory_disk(loop, files); };
    FrontMember& member = members_[i];
    member.node = *Node::open(options);
    GroupSetup setup;
    for (std::size_t j = 0; j < 3; ++j)
      setup.founders.push_back({.id = id(j),
                                .address = "127.0.0.1:" + std::to_string(ports_[j]),
                                .metadata = etcd::to_metadata({.name = "n" + std::to_string(j)})});
    auto machine = std::make_unique<etcd::ServedMachine>();
    member.machine = machine.get();
    EXPECT_TRUE(member.node->start(GroupId{1}, setup, std::move(machine)));
    EXPECT_TRUE(member.node->lodge([&](const Room& room) {
      etcd::Front::Options front;
      front.names.name = "n" + std::to_string(i);
      front.names.client_urls = {"http://n" + std::to_string(i) + ":2379"};
      front.seed = i + 1;
      front.quorum.within = within_;
      if (adjust_) adjust_(i, front);
      auto lodging = std::make_unique<FrontLodging>(room, *member.machine, std::move(front));
      member.front = &lodging->front;
      return Result<std::unique_ptr<Lodger>>(std::move(lodging));
    }));
  }

  Duration within_;
  Adjust adjust_;
  std::vector<int> ports_;
  std::vector<std::weak_ptr<PlayedCall>> streams_;
  std::array<FrontMember, 3> members_;
};

}  // namespace bowline::apps
