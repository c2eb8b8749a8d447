// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "apps/chaos/etcd_history.h"
#include "apps/chaos/etcd_past.h"
#include "bowline/kv/answer.h"
#include "bowline/kv/model.h"

namespace bowline::chaos {

// What would become of a put, a deletion, a transaction or a revocation, if it came right after a
// revision: the model says it.
class EtcdTrial {
 public:
  enum class Leases : std::uint8_t { there, gone };  // all that it names
  EtcdTrial(const EtcdCall&, const EtcdPast&, std::int64_t after, Leases = Leases::there);
  ~EtcdTrial();
  EtcdTrial(const EtcdTrial&) = delete;
  EtcdTrial& operator=(const EtcdTrial&) = delete;

  bool writes() const { return !model_.writes().empty(); }
  bool writes_all_of(std::int64_t revision) const;  // and nothing else
  bool answers(const std::string& response) const;
  bool refuses(const std::string& error) const;

 private:
  struct Request;
  std::unique_ptr<Request> request_;
  const EtcdPast& past_;
  kv::model::Model model_;
  kv::Answer answer_;
};

// The leases that it would attach keys to, or ends.
std::set<kv::LeaseId> leases_in(const EtcdCall&);
// Does the answer to it say that something was written?
bool says_written(const EtcdCall&);
// Of the header of its answer; 0: there is none.
std::int64_t revision_in(const EtcdCall&);
std::optional<etcdserverpb::ResponseHeader> header_in(const EtcdCall&);

// All that a message says, but for who said it.
template <class Response>
std::string essence(Response response) {
  const std::int64_t revision = response.header().revision();
  response.clear_header();
  response.mutable_header()->set_revision(revision);
  return response.SerializeAsString();
}

}  // namespace bowline::chaos
