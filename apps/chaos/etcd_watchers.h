// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "apps/chaos/etcd_journal.h"
#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/kv/random_requests.h"

namespace bowline::chaos {

// One who watches, with one stream at a time and some watchers on it: he writes down what he says
// and hears, and goes on where he was when a stream ends. On a thread of his own.
class EtcdWatcher {
 public:
  struct Options {
    std::string name;
    std::uint64_t seed = 0;
    bool is_of_all = false;  // one watcher, of every key from the first revision on ...
    std::size_t member = 0;  // ... at this one
  };
  EtcdWatcher(EtcdJournal&, Options);
  ~EtcdWatcher() { stop(); }
  EtcdWatcher(const EtcdWatcher&) = delete;
  EtcdWatcher& operator=(const EtcdWatcher&) = delete;

  // Nothing new from now on, but to hear of all through this revision.
  void finish(std::int64_t through) { through_ = through; }
  bool has_finished() const { return finished_; }
  void stop();  // he hands his story to the journal

 private:
  struct Wanted {
    etcdserverpb::WatchCreateRequest request;
    bool is_created = false;
    bool is_unwanted = false;
    std::int64_t known = 0;
  };
  void run();
  bool open();
  void listen();
  bool act();  // false: the stream is over
  bool hasten();
  void add();
  void create(Wanted&);
  void send(const etcdserverpb::WatchRequest&);
  void heard(std::string message);
  void told(Wanted&, const etcdserverpb::WatchResponse&);
  void ended(std::int64_t id, const etcdserverpb::WatchResponse&);
  void note(WatchStep::Kind, std::string message = {});
  void rest(std::chrono::milliseconds);

  EtcdJournal& journal_;
  Options options_;
  kv::RandomRequests random_;
  WatchStory story_;
  EtcdMember::Line line_;
  std::size_t at_ = 0;
  std::map<std::int64_t, Wanted> wanted_;
  std::int64_t last_ = 0;
  std::atomic<std::int64_t> through_ = 0;
  std::atomic<bool> finished_ = false, stops_ = false;
  std::thread thread_;
};

}  // namespace bowline::chaos
