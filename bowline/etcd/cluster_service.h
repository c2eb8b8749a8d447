// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/env/life.h"
#include "bowline/etcd/here.h"
#include "bowline/etcd/members.h"
#include "bowline/etcd/names.h"
#include "bowline/rpc/call.h"
#include "bowline/rpc/router.h"

namespace bowline::etcd {

// etcdserverpb.Cluster: who the members are. The members are those of the group; what clients want
// to know of each beside its address is its metadata there. Changes are made by the leader.
class ClusterService {
 public:
  explicit ClusterService(Here&);
  ~ClusterService();
  ClusterService(const ClusterService&) = delete;
  ClusterService& operator=(const ClusterService&) = delete;

  void add_to(rpc::Router&);
  // Writes our names into the membership as soon as it has us and somebody leads. `done` once.
  void publish(MemberNames, env::Done<> done);
  // A membership may have been committed: changes may be done.
  void committed();

  // Learners that were made voters, or not, while this member led.
  struct Promotions {
    std::uint64_t done = 0;
    std::map<std::string_view, std::uint64_t> refused;  // by the reason
  };
  const Promotions& promotions() const { return promotions_; }

 private:
  using Told = env::Done<std::optional<std::string>>;
  struct Changing {
    Index after;  // the members were those of this entry
    std::function<std::string()> answer;
    Told told;  // empty: it was
  };

  void list(rpc::Call, const etcdserverpb::MemberListRequest&);
  template <class Request, class Response>
  void add_change(rpc::Router&, const std::string& method);
  template <class Request, class Response>
  void serve_change(const std::string& method);
  MemberRules rules() const;
  void change(WantedMembers, Told, std::function<std::string()> answer);
  void reconfigure(WantedMembers, Index at, Told, std::function<std::string()> answer);
  void take_back(Told, std::function<std::string()> answer);
  void try_to_publish();

  Here& here_;
  std::vector<std::shared_ptr<Changing>> changing_;
  MemberNames names_;
  Promotions promotions_;
  env::Done<> published_;
  bool publishing_ = false;
  env::TimerId publish_timer_;
  env::Life life_;
};

}  // namespace bowline::etcd
