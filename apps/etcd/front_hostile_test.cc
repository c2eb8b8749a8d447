// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"
#include "bowline/base/prng.h"
#include "bowline/etcd/gateway_routes.h"

namespace bowline::apps {
namespace {

using namespace etcdserverpb;

// Requests that some client could make, and bytes that none would.
class HostileClient {
 public:
  explicit HostileClient(std::uint64_t seed) : prng_(seed) {}

  struct Sent {
    std::string method;
    std::string bytes;
  };
  Sent request() {
    Sent sent = sound();
    damage(sent.bytes, 50);
    return sent;
  }
  // What a stream of this method is sent. It ends with the first message that cannot be read.
  std::string piece(bool of_watch) {
    std::string bytes = of_watch ? watch() : keep_alive();
    damage(bytes, 20);
    return bytes;
  }
  Prng& prng() { return prng_; }

 private:
  std::string key() { return std::string(1, static_cast<char>('a' + prng_.below(5))); }
  std::int64_t number() {
    constexpr std::int64_t few[] = {0, 1, 2, 5, -1, INT64_MAX, INT64_MIN};
    return few[prng_.below(std::size(few))];
  }
  PutRequest put() {
    PutRequest request;
    request.set_key(key());
    request.set_value(key());
    if (prng_.chance(30)) request.set_lease(number());
    if (prng_.chance(20)) request.set_ignore_value(true);
    if (prng_.chance(20)) request.set_prev_kv(true);
    return request;
  }
  DeleteRangeRequest erase() {
    DeleteRangeRequest request;
    request.set_key(key());
    if (prng_.chance(50)) request.set_range_end(key());
    return request;
  }
  TxnRequest txn(int depth) {
    TxnRequest request;
    for (std::uint64_t i = prng_.below(3); i > 0; --i) {
      Compare& compare = *request.add_compare();
      compare.set_key(key());
      compare.set_target(static_cast<Compare::CompareTarget>(prng_.below(7)));
      compare.set_result(static_cast<Compare::CompareResult>(prng_.below(6)));
      compare.set_mod_revision(number());
    }
    for (std::uint64_t i = prng_.below(4); i > 0; --i) {
      RequestOp& op = prng_.chance(50) ? *request.add_success() : *request.add_failure();
      if (prng_.chance(40))
        *op.mutable_request_put() = put();
      else if (prng_.chance(40))
        *op.mutable_request_delete_range() = erase();
      else if (depth > 0)
        *op.mutable_request_txn() = txn(depth - 1);
    }
    return request;
  }
  void damage(std::string& bytes, std::uint64_t percent) {
    if (prng_.chance(percent) && !bytes.empty())
      for (std::uint64_t i = prng_.below(3); i < 3; ++i)
        bytes[prng_.below(bytes.size())] = static_cast<char>(prng_.next());
    if (prng_.chance(percent / 5)) bytes.resize(prng_.below(bytes.size() + 1));
  }
  std::string watch() {
    WatchRequest request;
    const std::uint64_t kind = prng_.below(10);
    if (kind < 6) {
      WatchCreateRequest& create = *request.mutable_create_request();
      create.set_key(prng_.chance(20) ? "" : key());
      if (prng_.chance(50)) create.set_range_end(prng_.chance(30) ? std::string(1, '\0') : key());
      if (prng_.chance(50)) create.set_start_revision(number());
      if (prng_.chance(30)) create.set_watch_id(number());
      create.set_prev_kv(prng_.chance(50));
      create.set_fragment(prng_.chance(50));
      create.set_progress_notify(prng_.chance(50));
      for (std::uint64_t i = prng_.below(4); i > 0; --i)
        create.add_filters(static_cast<WatchCreateRequest::FilterType>(prng_.below(4)));
    } else if (kind < 8) {
      request.mutable_cancel_request()->set_watch_id(number());
    } else if (kind < 9) {
      request.mutable_progress_request();
    }
    return request.SerializeAsString();
  }
  std::string keep_alive() {
    LeaseKeepAliveRequest request;
    request.set_id(number());
    return request.SerializeAsString();
  }
  Sent sound() {
    const std::uint64_t kind = prng_.below(10);
    if (kind < 4) return {"KV/Put", put().SerializeAsString()};
    if (kind < 6) return {"KV/Txn", txn(3).SerializeAsString()};
    if (kind < 7) return {"KV/DeleteRange", erase().SerializeAsString()};
    if (kind < 8) {
      LeaseGrantRequest request;
      request.set_id(number());
      request.set_ttl(number());
      return {"Lease/LeaseGrant", request.SerializeAsString()};
    }
    if (kind < 9) {
      LeaseRevokeRequest request;
      request.set_id(number());
      return {"Lease/LeaseRevoke", request.SerializeAsString()};
    }
    CompactionRequest request;
    request.set_revision(prng_.chance(50) ? number() : static_cast<std::int64_t>(prng_.below(500)));
    return {"KV/Compact", request.SerializeAsString()};
  }

  Prng prng_;
};

// Each is answered, none ends a member, and the members agree on what became of all of them.
TEST(FrontHostile, SEC_16_whatever_clients_propose_the_replicas_agree) {
  FrontTrio trio(7s);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(trio.is_ready(i));
  HostileClient client(16);
  std::vector<std::shared_ptr<PlayedCall>> calls;
  std::size_t good = 0;
  for (int i = 0; i < 3000; ++i) {
    const HostileClient::Sent sent = client.request();
    calls.push_back(trio.call(client.prng().below(3), "/etcdserverpb." + sent.method, sent.bytes));
    if (calls.size() < 100) continue;
    for (const auto& call : calls) {
      const rpc::Status status = call->status();
      EXPECT_NE(status.code, rpc::Code::aborted) << status.message;
      good += status.ok() ? 1 : 0;
    }
    calls.clear();
  }
  EXPECT_GT(good, 500U);
  EXPECT_LT(good, 2900U);
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < 3; ++i) {
    RangeRequest range;  // so that it has applied all of it
    range.set_key("a");
    ASSERT_TRUE(trio.ask<RangeResponse>(i, "KV/Range", range));
    const auto sum = trio.ask<HashKVResponse>(i, "Maintenance/HashKV", HashKVRequest());
    ASSERT_TRUE(sum);
    const auto leases = trio.ask<LeaseLeasesResponse>(i, "Lease/LeaseLeases", LeaseLeasesRequest());
    ASSERT_TRUE(leases);
    std::string all = std::to_string(sum->hash()) + " " + std::to_string(sum->compact_revision()) +
                      " " + std::to_string(sum->header().revision());
    for (const LeaseStatus& lease : leases->leases()) all += " " + std::to_string(lease.id());
    seen.push_back(all);
  }
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], seen[2]);
}

// A watch of one member that means no harm, and what it has to be told.
struct SoundWatch {
  SoundWatch(FrontTrio& trio, std::size_t at) : stream(trio.stream(at, "Watch/Watch")) {
    WatchRequest request;
    request.mutable_create_request()->set_key("sound");
    trio.send(at, stream, request);
    EXPECT_TRUE(next().created());
  }
  WatchResponse next() const {
    WatchResponse response;
    EXPECT_TRUE(response.ParseFromString(stream->next()));
    return response;
  }
  // All of the values up to this one, each once.
  void expect(int values) const {
    for (int value = 0; value < values;) {
      const WatchResponse response = next();
      ASSERT_GT(response.events_size(), 0);
      for (const mvccpb::Event& event : response.events())
        EXPECT_EQ(event.kv().value(), std::to_string(value++));
    }
  }
  std::shared_ptr<PlayedCall> stream;
};

// Of a lease that is kept alive now; -1: nobody says.
std::int64_t time_left(FrontTrio& trio, std::size_t at, std::int64_t lease) {
  const auto alive = trio.stream(at, "Lease/LeaseKeepAlive");
  LeaseKeepAliveRequest request;
  request.set_id(lease);
  trio.send(at, alive, request);
  LeaseKeepAliveResponse response;
  return response.ParseFromString(alive->next()) ? response.ttl() : -1;
}

// Streams that are sent anything, by clients that leave when they like. None of them harms the
// streams of others, and whoever is sent what cannot be read is told so.
TEST(FrontHostile, SEC_16_whatever_streams_are_sent_those_of_others_go_on) {
  FrontTrio trio(7s);
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(trio.is_ready(i));
  LeaseGrantRequest grant;
  grant.set_id(5);
  grant.set_ttl(60);
  ASSERT_TRUE(trio.ask<LeaseGrantResponse>(0, "Lease/LeaseGrant", grant));
  std::vector<SoundWatch> watches;
  watches.reserve(3);
  for (std::size_t i = 0; i < 3; ++i) watches.emplace_back(trio, i);
  struct Open {
    std::size_t at;
    bool of_watch;
    std::shared_ptr<PlayedCall> call;
  };
  std::vector<Open> streams;
  HostileClient client(17);
  Prng& prng = client.prng();
  int puts = 0;
  std::size_t refused = 0, told = 0, left = 0;
  const auto count = [&](const Open& one, bool has_left) {
    told += one.call->messages();
    if (has_left) {
      ++left;
      return;
    }
    ++refused;
    EXPECT_EQ(one.call->status().code, rpc::Code::internal) << one.call->status().message;
  };
  for (int i = 0; i < 6000; ++i) {
    if (streams.size() < 20) {
      const std::size_t at = prng.below(3);
      const bool of_watch = prng.chance(60);
      streams.push_back(
          {at, of_watch, trio.stream(at, of_watch ? "Watch/Watch" : "Lease/LeaseKeepAlive")});
    }
    const std::size_t which = prng.below(streams.size());
    const Open& one = streams[which];
    const bool leaves = prng.chance(2);
    trio[one.at].run([&](host::Shard&) {
      if (one.call->is_finished()) return;
      if (leaves) return one.call->leave();
      one.call->send(client.piece(one.of_watch));
    });
    if (leaves || one.call->is_finished()) {
      count(one, leaves);
      streams.erase(streams.begin() + static_cast<std::ptrdiff_t>(which));
    }
    if (i % 100 != 0) continue;
    PutRequest put;
    for (const std::string key : {"sound", "b"}) {
      put.set_key(key);
      put.set_value(std::to_string(puts));
      ASSERT_TRUE(trio.ask<PutResponse>(prng.below(3), "KV/Put", put));
    }
    ++puts;
  }
  EXPECT_GT(refused, 100U);
  EXPECT_GT(told, 1000U);
  EXPECT_GT(left, 50U);
  for (const SoundWatch& watch : watches) watch.expect(puts);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(time_left(trio, i, 5), 60);
}

// Who reads it goes down with each bracket.
TEST(FrontHostile, SEC_16_json_that_nests_deeply_is_refused_and_nobody_falls_over) {
  FrontTrio trio(7s);
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(trio.is_ready(i));
  constexpr int depth = 10'000;
  const auto nested = [](const std::string& open, const std::string& inner,
                         const std::string& close) {
    std::string body;
    for (int i = 0; i < depth; ++i) body += open;
    body += inner;
    for (int i = 0; i < depth; ++i) body += close;
    return body;
  };
  const std::string lists = nested("[", "1", "]");
  const std::string transaction = R"({"success":[{"request_txn":)";
  for (const std::string& body :
       {lists, nested("[", "", ""), nested(R"({"a":)", "1", "}"), R"({"unknown":)" + lists + "}",
        R"({"key":)" + lists + "}", nested(transaction, "{}", "}]}"), nested(transaction, "", "")})
    for (const etcd::GatewayRoute& route : etcd::gateway_routes()) {
      const rpc::HttpAnswer answer = trio.page(0, std::string(route.path), {}, "POST", body);
      const bool streams = route.path == "/v3/watch" || route.path == "/v3/lease/keepalive";
      EXPECT_EQ(answer.status, streams ? 500 : 400) << route.path << " " << body.substr(0, 40);
    }
  RangeRequest range;
  range.set_key("a");
  EXPECT_TRUE(trio.ask<RangeResponse>(0, "KV/Range", range));
}

}  // namespace
}  // namespace bowline::apps
