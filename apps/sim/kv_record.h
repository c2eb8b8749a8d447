// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/bytes.h"
#include "bowline/base/ids.h"
#include "bowline/base/time.h"
#include "bowline/kv/model.h"

namespace bowline::apps {

// The commands that a group has committed, replayed by the model: what the machine of each node has
// to answer, and the state that it has to be in, at each index. Each answers with what is wrong;
// empty: nothing.
class KvRecord {
 public:
  struct Entry {
    LogId id;
    Bytes command;
    std::string answer;
    std::int64_t revision = 1;  // after it
    std::int64_t compacted = -1;
  };
  // One time that a lease was there.
  struct Tenure {
    Index from;
    Index to;              // 0: it is there
    bool expired = false;  // and no client wanted that
    Time proposed;         // then
    std::int64_t ttl = 0;
  };

  // A machine is about to carry this out; perhaps it is the first to do so.
  std::string feed(LogId, std::string_view command);
  // A leader was asked to append this.
  void proposed(std::string_view command, Time now);
  // Another log became the truth: what is not in it never happened.
  void keep(const std::function<bool(LogId)>& holds);

  Index last() const { return entries_.back().id.index; }
  const Entry* at(Index) const;       // null: there is no command
  const Entry& through(Index) const;  // the newest command up to there
  const kv::model::Model& model() const { return *model_; }
  kv::model::Model& model() { return *model_; }
  std::span<const Index> find(std::string_view command) const;
  const std::vector<Tenure>* tenures(kv::LeaseId) const;  // null: it never was
  bool has_lease(kv::LeaseId, Index) const;
  const auto& leases() const { return leases_; }

  // A client sends it, and nobody else ever does.
  void expect_once(std::string command) { once_.insert(std::move(command)); }
  // A client was told that it is not done, and never will be.
  std::string refused(const std::string& command);

 private:
  void run(Entry);
  void note_leases(const Entry&, const kv::Command&);

  std::vector<Entry> entries_{Entry{}};  // by index; the first is before all
  std::unique_ptr<kv::model::Model> model_ = std::make_unique<kv::model::Model>();
  std::map<std::string, std::vector<Index>, std::less<>> found_;
  std::map<kv::LeaseId, std::vector<Tenure>> leases_;
  std::map<std::string, Time, std::less<>> revokes_;  // when they were proposed last
  std::set<std::string, std::less<>> once_;
  std::set<std::string, std::less<>> refused_;
};

}  // namespace bowline::apps
