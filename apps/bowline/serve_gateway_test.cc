// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/serve_rig.h"
#include "bowline/etcd/gateway_routes.h"

// The methods as JSON, beside Debian's etcd.
namespace bowline::apps {
namespace {

// What is compared. Differences have their reasons in docs/ETCD.md.
enum class Like : std::uint8_t {
  all,      // the status, and the body
  no_ids,   // without ids of members and leases that each server makes of its own
  status,   // only that: the body is of the server, or 3.4 has other fields
  reason,   // the body but for the reason in its words, which is of the library that reads JSON
  nothing,  // 3.4 does otherwise than 3.5, which is what is expected here
};

struct Asked {
  std::string_view path;
  std::string body;
  Like like = Like::all;
  int status = 200;  // of ours
  const char* flags = "";
};

const std::string transaction = R"({
 "compare":[{"key":"YQ==","target":"VALUE","value":"MQ=="}],
 "success":[{"request_put":{"key":"Yg==","value":"Mg=="}},{"requestRange":{"key":"Yg=="}}]})";

// Each route at least once, in an order that makes sense.
std::vector<Asked> each_route() {
  using enum Like;
  return {
      {"/v3/kv/put", R"({"key":"YQ==","value":"MQ=="})"},
      {"/v3/kv/put", R"({"key":"YQ==","value":"Mg==","prev_kv":true,"nobody knows":[1,{}]})"},
      {"/v3/kv/put", "{}", all, 400},
      {"/v3/kv/range", R"({"key":"YQ=="})"},
      {"/v3/kv/range", R"({"key":"AA==","range_end":"AA==","limit":"1","sort_order":"DESCEND"})"},
      {"/v3/kv/range", R"({"key":"YQ==","sortTarget":2,"serializable":true})"},
      {"/v3/kv/range", "{}", all, 400},
      {"/v3/kv/txn", transaction},
      {"/v3/kv/deleterange", R"({"key":"Yg==","prev_kv":true})"},
      {"/v3/watch", R"({"create_request":{"key":"YQ==","start_revision":"2","prev_kv":true}})"},
      {"/v3/lease/grant", R"({"ID":"7","TTL":"60"})"},
      {"/v3/lease/grant", R"({"ID":"7","TTL":"60"})", nothing, 400},
      {"/v3/lease/timetolive", R"({"ID":"7","keys":true})"},
      {"/v3/kv/lease/timetolive", R"({"ID":"7"})"},
      {"/v3/lease/keepalive", R"({"ID":"7"})"},
      {"/v3/lease/keepalive", R"({"ID":"8"})"},
      {"/v3/lease/leases", "{}"},
      {"/v3/kv/lease/leases", "{}"},
      {"/v3/lease/grant", R"({"TTL":"60"})", no_ids},
      {"/v3/lease/revoke", R"({"ID":"7"})"},
      {"/v3/kv/lease/revoke", R"({"ID":"7"})", all, 404},
      {"/v3/cluster/member/list", "{}"},
      {"/v3/cluster/member/update", R"({"ID":"77","peerURLs":["http://127.0.0.1:7"]})", all, 404},
      {"/v3/cluster/member/promote", R"({"ID":"77"})", all, 404},
      {"/v3/cluster/member/remove", R"({"ID":"77"})", all, 404},
      {"/v3/cluster/member/add", R"({"peerURLs":["http://127.0.0.1:7"],"isLearner":true})", no_ids},
      {"/v3/cluster/member/add", R"({"peerURLs":["x y"]})", all, 400},
      {"/v3/maintenance/alarm", "{}", status},
      {"/v3/maintenance/status", "{}", status},
      {"/v3/maintenance/defragment", "{}", status},
      {"/v3/maintenance/hash", "{}", status},
      {"/v3/maintenance/hashkv", "{}", nothing},
      {"/v3/maintenance/snapshot", "{}", status},
      {"/v3/maintenance/transfer-leadership", R"({"targetID":"77"})", nothing, 400},
      {"/v3/maintenance/downgrade", "{}", nothing, 400},
      {"/v3/kv/compaction", R"({"revision":"99"})", all, 400},
      {"/v3/kv/compaction", R"({"revision":"3"})"},
      {"/v3/kv/range", R"({"key":"YQ==","revision":"2"})", all, 400},
  };
}

std::vector<Asked> what_is_wrong() {
  using enum Like;
  return {
      {"/v3/kv/put", R"({"key":)", reason, 400},
      {"/v3/kv/put", R"({"key":"*"})", reason, 400},
      {"/v3/kv/put", R"({"key":7})", reason, 400},
      {"/v3/kv/put", R"({"lease":"x"})", reason, 400},
      {"/v3/kv/put", "[]", reason, 400},
      {"/v3/kv/put", "null", all, 400},
      {"/v3/kv/put", "", all, 400},
      {"/v3/watch", R"({"create_request":7})", reason, 500},
      // Words that no list of words has, whatever else is not known.
      {"/v3/kv/range", R"({"key":"YQ==","sort_order":"SIDEWAYS"})", reason, 400},
      {"/v3/kv/range", R"({"key":"YQ==","sortTarget":"NONE","x":1})", reason, 400},
      {"/v3/kv/txn", R"({"x":1,"compare":[{"key":"YQ==","target":"X"}]})", reason, 400},
      {"/v3/watch", R"({"x":1,"create_request":{"key":"YQ==","filters":["NOPUT","X"]}})", reason,
       500},
      {"/v3/lease/keepalive", "{", reason, 500},
      {"/v3/maintenance/snapshot", "{", reason, 400},
      {"/v3/maintenance/alarm", R"({"x":1,"alarm":"FIRE"})", reason, 400},
      {"/v3/kv/put", "{}", nothing, 501, "-X GET"},
      {"/v3/kv/put", "{}", nothing, 501, "-X DELETE"},
      {"/v3/kv/put/", "{}", status, 404},
      {"/v3/nothing", "{}", status, 404},
      {"/v3/", "{}", status, 404},
  };
}

class GatewayTest : public ComparedTest {
 protected:
  static bool goes_on(const Asked& asked) {
    return asked.path == "/v3/watch" && asked.status == 200;
  }
  // The body and the status. Of a stream that goes on its first two lines.
  static std::string said(int port, const Asked& asked) {
    const std::string ask = "curl -sN -m 20 -w ' %{http_code}' " + std::string(asked.flags) + " " +
                            url(port) + std::string(asked.path) + " -d '" + asked.body +
                            "' 2>/dev/null";
    return shell(goes_on(asked) ? "bash -c 'head -n 2 <(" +
                                      std::regex_replace(ask, std::regex("'"), "'\"'\"'") + ")'"
                                : ask);
  }
  static std::string shown(std::string text, Like like) {
    const auto without = [&text](const char* what, const char* with) {
      text = std::regex_replace(text, std::regex(what), with);
    };
    without(R"re("raft_term":"\d+")re", "TERM");
    without(R"re("TTL":"(5[5-9]|60)")re", "TTL");
    if (like == Like::no_ids) without(R"re("ID":"\d{5,}")re", "ID");
    if (like == Like::reason)
      without(R"re(\{"error":"(([^"\\]|\\.)+)","message":"\1")re", "{REASON");
    if (like == Like::status) text.erase(0, text.rfind(' '));
    // Members are listed by their ids.
    without(R"re((\{ID,"peerURLs"[^}]*\}),(\{ID,"name"[^}]*\}))re", "$2,$1");
    return text;
  }
  void compare(const std::vector<Asked>& all) const {
    for (const Asked& asked : all) {
      const std::string ours = said(ports_[0], asked), theirs = said(ports_[2], asked);
      const std::string what = std::string(asked.path) + " " + asked.body + asked.flags;
      // Of a stream that goes on there is no status yet.
      const std::string end = goes_on(asked) ? "}}\n" : " " + std::to_string(asked.status) + "\n";
      EXPECT_TRUE(ours.ends_with(end)) << what << ": " << ours;
      if (asked.like == Like::nothing) {
        EXPECT_NE(ours, theirs) << what << ": is it the same by now?";
      } else {
        EXPECT_EQ(shown(ours, asked.like), shown(theirs, asked.like)) << what;
      }
    }
  }
};

TEST_F(GatewayTest, json_over_http_is_that_of_etcd_at_each_route) {
  const std::vector<Asked> all = each_route();
  for (const etcd::GatewayRoute& route : etcd::gateway_routes())
    EXPECT_NE(std::ranges::find(all, route.path, &Asked::path), all.end())
        << "nobody asks for " << route.path;
  compare(all);
}

TEST_F(GatewayTest, json_that_is_wrong_is_refused_as_by_etcd) { compare(what_is_wrong()); }

}  // namespace
}  // namespace bowline::apps
