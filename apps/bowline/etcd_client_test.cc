// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/etcd_client.h"

#include <atomic>
#include <chrono>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/bowline/key_words.h"
#include "apps/bowline/txn_text.h"
#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::apps {
namespace {

using namespace std::chrono_literals;

// A server that takes calls, says these bytes once something came, and then ends or is silent.
class BadServer {
 public:
  enum class Then { close, silence, reset };  // `reset`: before it has read anything
  BadServer(std::string says, Then then)
      : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this, says = std::move(says), then] { serve(says, then); });
  }
  ~BadServer() {
    may_reset_ = true;
    may_reset_.notify_all();
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  BadServer(const BadServer&) = delete;
  BadServer& operator=(const BadServer&) = delete;
  const std::string& address() const { return address_; }
  int calls() const { return calls_; }
  // Whoever is connected to one that resets is cut off now.
  void reset() {
    may_reset_ = true;
    may_reset_.notify_all();
    has_reset_.wait(false);
  }

 private:
  void serve(const std::string& says, Then then) {
    while (true) {
      const int one = ::accept(listener_, nullptr, nullptr);
      if (one < 0) return;
      ++calls_;
      if (then == Then::reset) {
        may_reset_.wait(false);
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        ::setsockopt(one, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        ::close(one);
        has_reset_ = true;
        has_reset_.notify_all();
        continue;
      }
      char bytes[4096];
      static_cast<void>(::recv(one, bytes, sizeof bytes, 0));
      static_cast<void>(::send(one, says.data(), says.size(), MSG_NOSIGNAL));
      // Until the client gives up, or at once.
      while (then == Then::silence && ::recv(one, bytes, sizeof bytes, 0) > 0) {}
      ::close(one);
    }
  }
  int listener_;
  std::string address_;
  std::atomic<int> calls_ = 0;
  std::atomic<bool> may_reset_ = false, has_reset_ = false;
  std::thread thread_;
};

// Frames of HTTP/2.
const std::string settings("\0\0\0\4\0\0\0\0\0", 9);
const std::string goaway_before_all("\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\0", 17);

// A port that nobody listens on.
std::string nowhere() {
  const BadServer server("", BadServer::Then::close);
  return server.address();
}

EtcdClient client_of_all(std::vector<std::string> endpoints) {
  return EtcdClient({.endpoints = std::move(endpoints), .within = 700ms, .dial_within = 500ms});
}

Asked<etcdserverpb::PutResponse> put(EtcdClient& client) {
  return client.ask<etcdserverpb::PutResponse>("/etcdserverpb.KV/Put", etcdserverpb::PutRequest(),
                                               Effect::changes);
}
Asked<etcdserverpb::RangeResponse> get(EtcdClient& client) {
  return client.ask<etcdserverpb::RangeResponse>("/etcdserverpb.KV/Range",
                                                 etcdserverpb::RangeRequest(), Effect::none);
}

TEST(EtcdClient, where_nobody_listens_nothing_was_done_and_all_are_named) {
  const std::string one = nowhere();
  const std::string other = nowhere();
  EtcdClient client = client_of_all({one, other});
  const auto asked = put(client);
  ASSERT_TRUE(std::holds_alternative<NotDone>(asked));
  const std::string why = std::get<NotDone>(asked).why;
  EXPECT_TRUE(why.contains(one) && why.contains(other) && why.contains("refused")) << why;
}

TEST(EtcdClient, a_write_that_was_sent_and_not_answered_is_never_sent_to_another) {
  for (const auto then : {BadServer::Then::close, BadServer::Then::silence}) {
    BadServer first(settings, then);
    BadServer second(settings, then);
    EtcdClient client = client_of_all({first.address(), second.address()});
    const auto asked = put(client);
    EXPECT_TRUE(std::holds_alternative<MaybeDone>(asked));
    EXPECT_EQ(second.calls(), 0);
  }
}

// The connection was gone before a byte of the call could leave.
TEST(EtcdClient, a_write_that_could_not_be_sent_is_untouched) {
  BadServer server("", BadServer::Then::reset);
  const Until soon = std::chrono::steady_clock::now() + 5s;
  const auto channel = GrpcChannel::connect(server.address(), nullptr, soon);
  ASSERT_TRUE(channel) << channel.error().what;
  server.reset();
  const auto heard = (*channel)->call("/etcdserverpb.KV/Put", "", soon);
  ASSERT_TRUE(std::holds_alternative<CallEnd>(heard));
  EXPECT_TRUE(std::get<CallEnd>(heard).untouched);
  EXPECT_FALSE(std::get<CallEnd>(heard).status);
  EXPECT_TRUE((*channel)->is_broken());
}

TEST(EtcdClient, a_read_that_was_not_answered_goes_to_the_next) {
  BadServer first(settings, BadServer::Then::close);
  BadServer second(settings, BadServer::Then::close);
  EtcdClient client = client_of_all({first.address(), second.address()});
  EXPECT_TRUE(std::holds_alternative<NotDone>(get(client)));
  EXPECT_EQ(first.calls(), 1);
  EXPECT_EQ(second.calls(), 1);
}

TEST(EtcdClient, a_write_that_the_server_has_not_looked_at_goes_to_the_next) {
  BadServer leaving(settings + goaway_before_all, BadServer::Then::close);
  BadServer second(settings, BadServer::Then::close);
  EtcdClient client = client_of_all({leaving.address(), nowhere(), second.address()});
  EXPECT_TRUE(std::holds_alternative<MaybeDone>(put(client)));
  EXPECT_EQ(second.calls(), 1);
}

TEST(EtcdClient, what_does_not_speak_http2_is_said_so) {
  BadServer other("HTTP/1.1 400 Bad Request\r\n\r\n", BadServer::Then::close);
  EtcdClient client = client_of_all({other.address()});
  const auto asked = get(client);
  ASSERT_TRUE(std::holds_alternative<NotDone>(asked));
  EXPECT_TRUE(std::get<NotDone>(asked).why.contains("does not speak HTTP/2"))
      << std::get<NotDone>(asked).why;
}

TEST(EtcdClient, answers_are_told_apart_by_what_they_leave_open) {
  const auto verdict = [](rpc::Code code, std::string text) {
    return verdict_of({.status = rpc::Status{code, std::move(text)}});
  };
  using enum rpc::Code;
  EXPECT_EQ(verdict(out_of_range, "etcdserver: mvcc: required revision has been compacted"),
            Verdict::refused);
  EXPECT_EQ(verdict(resource_exhausted, "etcdserver: mvcc: database space exceeded"),
            Verdict::refused);
  EXPECT_EQ(verdict(unimplemented, "unknown service"), Verdict::refused);
  EXPECT_EQ(verdict(unavailable, "etcdserver: unhealthy cluster"), Verdict::refused);
  EXPECT_EQ(verdict(unavailable, "etcdserver: no leader"), Verdict::elsewhere);
  EXPECT_EQ(verdict(unavailable, "etcdserver: rpc not supported for learner"), Verdict::elsewhere);
  EXPECT_EQ(verdict(unknown, "etcdserver: too many requests"), Verdict::elsewhere);
  for (const auto code : {unavailable, unknown, internal, deadline_exceeded, cancelled, aborted,
                          data_loss, static_cast<rpc::Code>(77)})
    EXPECT_EQ(verdict(code, "etcdserver: request timed out"), Verdict::unknown);
  EXPECT_EQ(verdict_of({.untouched = true}), Verdict::elsewhere);
  EXPECT_EQ(verdict_of({.untouched = false}), Verdict::unknown);
}

TEST(EtcdClient, endpoints_are_taken_as_people_write_them) {
  using List = std::vector<std::string>;
  EXPECT_EQ(*endpoints_in("127.0.0.1:2379"), List{"127.0.0.1:2379"});
  EXPECT_EQ(*endpoints_in("http://a:1/,b:2,c"), (List{"a:1", "b:2", "c:2379"}));
  EXPECT_EQ(*endpoints_in("https://a:1/,http://b:2,c"), (List{"https://a:1", "b:2", "c:2379"}));
  EXPECT_EQ(*endpoints_in("https://a:1,http://b:2,c", Unsaid::tls),
            (List{"https://a:1", "b:2", "https://c:2379"}));
  for (const char* bad : {"", ",", "https://", "a:1/path"}) EXPECT_FALSE(endpoints_in(bad)) << bad;
}

TEST(ClientVerbs, a_prefix_ends_where_no_key_can_begin_with_it) {
  EXPECT_EQ(after_prefix("a"), "b");
  EXPECT_EQ(after_prefix("a\xff"), "b");
  EXPECT_EQ(after_prefix("a\xff"
                         "b"),
            "a\xff"
            "c");
  EXPECT_EQ(after_prefix(""), std::string(1, '\0'));
  EXPECT_EQ(after_prefix("\xff\xff"), std::string(1, '\0'));
  EXPECT_EQ(*id_in("8e9e05c52164694d"), 0x8e9e05c52164694dU);
  for (const char* bad : {"", "x", "1g", "11111111111111111"}) EXPECT_FALSE(id_in(bad)) << bad;
}

Result<etcdserverpb::TxnRequest> txn(const std::string& text) {
  std::istringstream in(text);
  return transaction_in(in);
}

TEST(TxnText, three_parts_become_a_transaction) {
  const auto request = txn(
      "version(\"ship\") = \"3\"\nvalue(\"a \\\"b\\\" \\x00\\n\") != \"lost\"\nlease(k) > \"1f\"\n"
      "mod(k) < 7\n\n"
      "put ship \"at sea\" --prev-kv\nget ship\nget a z\nget p --prefix\n\ndel ship\n");
  ASSERT_TRUE(request) << request.error().what;
  ASSERT_EQ(request->compare_size(), 4);
  EXPECT_EQ(request->compare(0).version(), 3);
  EXPECT_EQ(request->compare(1).key(), std::string("a \"b\" \0\n", 8));
  EXPECT_EQ(request->compare(1).result(), etcdserverpb::Compare::NOT_EQUAL);
  EXPECT_EQ(request->compare(2).lease(), 31);
  EXPECT_EQ(request->compare(3).target(), etcdserverpb::Compare::MOD);
  ASSERT_EQ(request->success_size(), 4);
  EXPECT_EQ(request->success(0).request_put().value(), "at sea");
  EXPECT_TRUE(request->success(0).request_put().prev_kv());
  EXPECT_EQ(request->success(2).request_range().range_end(), "z");
  EXPECT_EQ(request->success(3).request_range().range_end(), "q");
  ASSERT_EQ(request->failure_size(), 1);
  EXPECT_EQ(request->failure(0).request_delete_range().key(), "ship");
  const auto brackets = txn("value(\"a)\") = \"(x)\"\nmod( k ) > 1\n");
  ASSERT_TRUE(brackets) << brackets.error().what;
  EXPECT_EQ(brackets->compare(0).key(), "a)");
  EXPECT_EQ(brackets->compare(0).value(), "(x)");
  EXPECT_EQ(brackets->compare(1).key(), "k");
  EXPECT_EQ(txn("\nput a 1\n")->success_size(), 1);
  EXPECT_EQ(txn("")->success_size(), 0);
}

TEST(TxnText, what_is_none_is_told_with_its_line) {
  for (const char* bad :
       {"version(\"a\") = \"x\"", "version(\"a\" = \"1\"", "size(\"a\") = \"1\"", "version(\"a\")",
        "version(\"a) = \"1\"", "version(\"a\") = \"1\" 2", "\nput a", "\nput a 1 2", "\nfly a",
        "\nget", "\nget a b --prefix", "\nput a \"\\x0\"", "\n\n\nget a", "\n\n\n\nput a 1"}) {
    const auto request = txn(bad);
    ASSERT_FALSE(request) << bad;
    EXPECT_TRUE(request.error().what.starts_with("line ")) << request.error().what;
  }
}

}  // namespace
}  // namespace bowline::apps
