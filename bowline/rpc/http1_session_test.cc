// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/rpc/test_rig.h"

// HTTP/1.1 beside gRPC: what is answered, what is refused, and what a slow client may cost.
namespace bowline::rpc {
namespace {

using namespace std::chrono_literals;

struct Http1 : testing::Test {
  std::string ask(std::string_view bytes) {
    wire.deliver(bytes);
    return wire.take();
  }
  static std::string ok(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }

  EchoService service;
  Wire wire{service.router};
};

TEST_F(Http1, a_get_is_answered_and_the_connection_stays) {
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(ask("GET /health HTTP/1.1\r\nHost: a:1\r\n\r\n"),
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n"
              "{\"health\":\"true\"}");
  EXPECT_FALSE(wire.over());
  EXPECT_EQ(wire.session().calls(), 0U);
}

TEST_F(Http1, a_post_brings_a_body_by_length_or_in_chunks) {
  EXPECT_EQ(ask("POST /v3/kv/put?a=b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"),
            ok("POST /v3/kv/put?a=b hello"));
  EXPECT_EQ(ask("POST /v3/x HTTP/1.1\r\nhost:a\r\nTransfer-Encoding: Chunked\r\n\r\n"
                "3\r\nhel\r\n2;name=value\r\nlo\r\n0\r\nTrailer: x\r\n\r\n"),
            ok("POST /v3/x? hello"));
  EXPECT_EQ(ask("POST /v3/x HTTP/1.1\r\nHost: a\r\n\r\n"), ok("POST /v3/x? "));
}

TEST_F(Http1, head_is_answered_like_get_without_the_body) {
  EXPECT_EQ(ask("HEAD /v3/x HTTP/1.1\r\nHost: a\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: "
            "11\r\n\r\n");
  EXPECT_FALSE(wire.over());
}

TEST_F(Http1, requests_that_come_together_are_answered_in_their_order) {
  const std::string three =
      "GET /v3/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /later HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /v3/3 HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(ask(three), ok("GET /v3/1? "));
  service.exchanges[0].answer({.body = "two"});
  EXPECT_EQ(wire.wakes(), 1);
  EXPECT_EQ(wire.take(), ok("two") + ok("GET /v3/3? "));
}

TEST_F(Http1, an_answer_may_come_in_pieces) {
  EXPECT_EQ(ask("GET /later HTTP/1.1\r\nHost: a\r\n\r\n"), "");
  Exchange& exchange = service.exchanges[0];
  exchange.begin({.content_type = "application/json", .body = "{}\n"});
  EXPECT_EQ(wire.take(),
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: "
            "chunked\r\n\r\n3\r\n{}\n\r\n");
  exchange.body(std::string(26, 'x'));
  EXPECT_EQ(exchange.queued(), 26U);
  EXPECT_EQ(wire.take(), "1a\r\n" + std::string(26, 'x') + "\r\n");
  EXPECT_EQ(service.drained, 2);
  exchange.end();
  EXPECT_EQ(wire.take(), "0\r\n\r\n");
  EXPECT_FALSE(wire.over());
  EXPECT_EQ(ask("GET /v3/x HTTP/1.1\r\nHost: a\r\n\r\n"), ok("GET /v3/x? "));
}

TEST_F(Http1, an_answer_that_is_given_up_is_cut_off) {
  ask("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  service.exchanges[0].begin({.body = "half"});
  wire.take();
  service.exchanges.clear();
  EXPECT_EQ(wire.take(), "");
  EXPECT_TRUE(wire.over());
}

TEST_F(Http1, a_request_that_is_given_up_before_is_answered) {
  ask("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  service.exchanges.clear();
  EXPECT_TRUE(wire.take().starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
}

TEST_F(Http1, a_connection_that_ends_is_told_to_whoever_answers) {
  ask("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  wire.end();
  EXPECT_EQ(service.cancelled, std::vector{Cancelled::with_connection});
  EXPECT_TRUE(service.exchanges[0].over());
  service.exchanges[0].answer({.body = "to nobody"});
}

TEST_F(Http1, the_client_or_its_age_says_whether_the_connection_stays) {
  EXPECT_NE(ask("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").find("keep-alive"),
            std::string::npos);
  EXPECT_FALSE(wire.over());
  EXPECT_NE(ask("GET /health HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n")
                .find("Connection: close\r\n"),
            std::string::npos);
  EXPECT_TRUE(wire.over());
  EXPECT_EQ(wire.session().why(), "");
  Wire old(service.router);
  old.deliver("GET /health HTTP/1.0\r\n\r\n");
  EXPECT_NE(old.take().find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(old.over());
}

TEST_F(Http1, an_old_client_reads_a_stream_until_its_end) {
  ask("GET /later HTTP/1.0\r\n\r\n");
  service.exchanges[0].begin({.body = "one "});
  const std::string head = wire.take();
  EXPECT_EQ(head.find("chunked"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\none "));
  service.exchanges[0].body("two");
  EXPECT_EQ(wire.take(), "two");
  service.exchanges[0].end();
  EXPECT_EQ(wire.take(), "");
  EXPECT_TRUE(wire.over());
}

TEST_F(Http1, a_stream_to_an_old_client_ends_with_the_connection_even_if_that_may_stay) {
  ask("GET /later HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  service.exchanges[0].begin({.body = "one "});
  EXPECT_NE(wire.take().find("Connection: close\r\n"), std::string::npos);
  service.exchanges[0].end();
  EXPECT_EQ(wire.take(), "");
  EXPECT_TRUE(wire.over());
}

TEST_F(Http1, who_waits_for_a_word_before_the_body_gets_it) {
  EXPECT_EQ(ask("POST /v3/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
                "Expect: 100-continue\r\n\r\n"),
            "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(ask("{}"), ok("POST /v3/x? {}"));
  EXPECT_TRUE(ask("POST /v3/x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: x\r\n\r\n")
                  .starts_with("HTTP/1.1 417 "));
}

TEST_F(Http1, paths_that_nobody_serves_are_not_found) {
  EXPECT_TRUE(ask("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n").ends_with("404 page not found\n"));
  EXPECT_EQ(ask("GET http://b/v3/x HTTP/1.1\r\nHost: a\r\n\r\n"), ok("GET /v3/x? "));
}

TEST_F(Http1, a_header_of_an_answer_begins_no_other) {
  service.router.http("/echo", [](Exchange exchange, const HttpRequest&) {
    HttpAnswer answer;
    answer.headers.add("X", "a\r\nEvil: b");
    exchange.answer(std::move(answer));
  });
  EXPECT_NE(ask("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n").find("X: a  Evil: b\r\n"),
            std::string::npos);
}

TEST_F(Http1, SEC_18_pages_of_others_do_not_get_through) {
  const auto status = [&](const std::string& host, const std::string& origin) {
    std::string text = "POST /v3/kv/put HTTP/1.1\r\nHost: " + host + "\r\n";
    if (!origin.empty()) text += "Origin: " + origin + "\r\n";
    return ask(text + "Content-Length: 0\r\n\r\n").substr(9, 3);
  };
  EXPECT_EQ(status("localhost:2379", ""), "200");
  EXPECT_EQ(status("localhost:2379", "http://localhost:2379"), "200");
  EXPECT_EQ(status("localhost:2379", "https://evil.example"), "403");
  EXPECT_EQ(status("localhost:2379", "http://localhost:8080"), "403");
  EXPECT_EQ(status("localhost:2379", "null"), "403");
  service.router.gate.origins = {"http://localhost:8080"};
  EXPECT_EQ(status("localhost:2379", "http://localhost:8080"), "200");
  EXPECT_EQ(status("localhost:2379", "http://localhost:8081"), "403");
  service.router.gate.origins = {"*"};
  EXPECT_EQ(status("localhost:2379", "http://localhost:8081"), "200");
  service.router.gate = {.hosts = {"localhost", "[::1]"}};
  EXPECT_EQ(status("localhost:2379", ""), "200");
  EXPECT_EQ(status("[::1]:2379", ""), "200");
  EXPECT_EQ(status("[::1]", ""), "200");
  EXPECT_EQ(status("LocalHost", ""), "200");
  EXPECT_EQ(status("evil.example:2379", "http://evil.example:2379"), "421");
  EXPECT_EQ(status("evil.example", ""), "421");
  EXPECT_FALSE(wire.over());
}

TEST_F(Http1, SEC_18_an_address_in_numbers_is_nobody_s_name) {
  service.router.gate = {.hosts = {"localhost"}};
  const auto status = [&](const std::string& host) {
    return ask("GET /v3/x HTTP/1.1\r\nHost: " + host + "\r\n\r\n").substr(9, 3);
  };
  for (const char* const good : {"127.0.0.1", "127.0.0.1:2379", "10.20.30.40", "[fe80::1]:1"})
    EXPECT_EQ(status(good), "200") << good;
  for (const char* const bad : {"127.0.0.1.evil.example", "127.0.0", "1.2.3.4.5", "1..2.3",
                                ".1.2.3", "1.2.3.", "1.2.3.x", "[evil", "2130706433", "0x7f.0.0.1"})
    EXPECT_EQ(status(bad), "421") << bad;
}

TEST_F(Http1, a_browser_is_told_which_pages_may_read_an_answer) {
  service.router.gate.origins = {"https://dash.example"};
  const auto answer = [&](const std::string& method, const std::string& origin) {
    return ask(method + " /v3/x HTTP/1.1\r\nHost: a\r\n" +
               (origin.empty() ? "" : "Origin: " + origin + "\r\n") + "Content-Length: 0\r\n\r\n");
  };
  const std::string told = "access-control-allow-origin: https://dash.example\r\n";
  EXPECT_TRUE(answer("POST", "https://dash.example").contains(told));
  EXPECT_TRUE(answer("POST", "https://dash.example").contains("vary: Origin\r\n"));
  EXPECT_TRUE(answer("POST", "https://dash.example").ends_with("POST /v3/x? "));
  EXPECT_FALSE(answer("POST", "").contains("access-control"));
  EXPECT_FALSE(answer("POST", "http://a").contains("access-control")) << "its own page";
  EXPECT_FALSE(answer("POST", "https://evil.example").contains("access-control"));
  const std::string first = answer("OPTIONS", "https://dash.example");
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\n")) << first;
  EXPECT_TRUE(first.contains(told));
  EXPECT_TRUE(first.ends_with("\r\n\r\n")) << "and nothing else";
  EXPECT_TRUE(answer("OPTIONS", "").ends_with("OPTIONS /v3/x? ")) << "as any other";
  service.router.gate.origins = {"*"};
  EXPECT_TRUE(answer("POST", "https://any.example")
                  .contains("access-control-allow-origin: https://any.example\r\n"));
}

struct Refused {
  std::string_view status;
  std::string bytes;
};

// What one reader takes for the end of a request, and another does not; what is too much; and what
// is nothing.
std::vector<Refused> refused_headers() {
  const std::string post = "POST /v3/x HTTP/1.1\r\nHost: a\r\n";
  return {
      {"400", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
      {"400", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
      {"400", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"},
      {"400", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"},
      {"400", post + "Content-Length: 5, 5\r\n\r\n"},
      {"400", post + "Content-Length: +5\r\n\r\n"},
      {"400", post + "Content-Length: -5\r\n\r\n"},
      {"400", post + "Content-Length: 0x5\r\n\r\n"},
      {"400", post + "Content-Length: 5 5\r\n\r\n"},
      {"400", post + "Content-Length:\r\n\r\n"},
      {"400", post + "Content-Length: 99999999999999999999\r\n\r\n"},
      {"413", post + "Content-Length: 4194305\r\n\r\n"},
      {"501", post + "Transfer-Encoding: gzip, chunked\r\n\r\n"},
      {"501", post + "Transfer-Encoding: chunked, identity\r\n\r\n"},
      {"400", post + "Transfer-Encoding: \x0b"
                     "chunked\r\n\r\n"},
      {"400", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"400", post + "Transfer-Encoding : chunked\r\n\r\n"},
      {"400", post + " Transfer-Encoding: chunked\r\n\r\n"},
      {"400", post + "A: b\r\n c\r\n\r\n"},
      {"400", post + "A: b\r\n\tc\r\n\r\n"},
      {"400", post + "A\r\n\r\n"},
      {"400", post + ": b\r\n\r\n"},
      {"400", post + "A(: b\r\n\r\n"},
      {"400", post + "A: b\x01\r\n\r\n"},
      {"400", post + "A: b\nC: d\r\n\r\n"},
      {"400", post + "A: b\rC: d\r\n\r\n"},
      {"400", post + "\n"},
      {"431", post + "A: " + std::string(70'000, 'x')},
  };
}

std::vector<Refused> refused_first_lines() {
  const std::string host = "Host: a\r\n";
  return {
      {"400", "GET /v3/x HTTP/1.1\n" + host + "\r\n"},
      {"400", "GET /v3/x HTTP/1.1\r\n\r\n"},
      {"400", "GET /v3/x HTTP/1.1\r\n" + host + host + "\r\n"},
      {"400", "GET /v3/x HTTP/1.1\r\nHost: a b\r\n\r\n"},
      {"400", "GET /v3/x HTTP/1.1\r\nHost: a/b\r\n\r\n"},
      {"400", "GET  HTTP/1.1\r\n" + host + "\r\n"},
      {"400", "GET /v3/x\r\n" + host + "\r\n"},
      {"400", "/v3/x HTTP/1.1\r\n" + host + "\r\n"},
      {"400", "GET /a b HTTP/1.1\r\n" + host + "\r\n"},
      {"400", "GET\t/a HTTP/1.1\r\n" + host + "\r\n"},
      {"400", "G(T /a HTTP/1.1\r\n" + host + "\r\n"},
      {"400", "GET a HTTP/1.1\r\n" + host + "\r\n"},
      {"400", "CONNECT a:1 HTTP/1.1\r\n" + host + "\r\n"},
      {"400", "GET /\xff HTTP/1.1\r\n" + host + "\r\n"},
      {"400", "GET /a http/1.1\r\n" + host + "\r\n"},
      {"505", "GET /a HTTP/1.2\r\n" + host + "\r\n"},
      {"505", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"},
      {"400", "\r\nGET /a HTTP/1.1\r\n" + host + "\r\n"},
      {"400", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 12)},
      {"400", "POST /v3/x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"431", "GET /" + std::string(70'000, 'x')},
  };
}

std::vector<Refused> refused_bodies() {
  const std::string chunked =
      "POST /v3/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  return {
      {"400", chunked + "x\r\n"},
      {"400", chunked + "\r\n"},
      {"400", chunked + "-1\r\n"},
      {"400", chunked + "0x5\r\nhello\r\n"},
      {"400", chunked + " 5\r\nhello\r\n"},
      {"400", chunked + "5\nhello\r\n"},
      {"400", chunked + "5\r\nhello!\r\n"},
      {"400", chunked + "5\r\nhelloXX0\r\n\r\n"},
      {"400", chunked + "5\r\nhelloX\n"},
      {"400", chunked + "5\r\nhello\n"},
      {"400", chunked + "fffffffffffffffff\r\n"},
      {"413", chunked + "400001\r\n"},
      {"431", chunked + "1;" + std::string(1000, 'x')},
      {"400", chunked + "0\r\n bad\r\n\r\n"},
      {"431", chunked + "0\r\n" + std::string(70'000, 'x')},
  };
}

std::vector<Refused> refused_requests() {
  std::vector<Refused> all = refused_headers();
  for (const auto& more : {refused_first_lines(), refused_bodies()})
    all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST_F(Http1, SEC_02_what_could_be_read_in_two_ways_is_refused_and_the_connection_ends) {
  int index = 0;
  for (const Refused& one : refused_requests()) {
    EchoService its;
    Wire own(its.router);
    own.deliver(one.bytes + "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string answer = own.take();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(one.status)))
        << index << ": " << answer;
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << index;
    EXPECT_TRUE(answer.ends_with(".\n") || answer.ends_with("\n")) << index;
    EXPECT_TRUE(own.over()) << index;
    EXPECT_TRUE(its.exchanges.empty()) << index << ": what follows was taken for a request";
    EXPECT_FALSE(own.session().why().empty()) << index;
    ++index;
  }
}

TEST_F(Http1, whatever_the_pieces_the_answers_are_the_same) {
  std::vector<std::string> inputs;
  for (const Refused& one : refused_requests()) inputs.push_back(one.bytes);
  inputs.emplace_back(
      "GET /v3/1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /v3/2 HTTP/1.1\r\nHost: "
      "a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\nabc\r\n0\r\nA: "
      "b\r\n\r\nPOST /v3/3 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcHEAD /v3/4 "
      "HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.0\r\n\r\n");
  for (const std::string& input : inputs) {
    std::vector<std::string> answers;
    for (const std::size_t piece : {std::string::npos, 1UL, 2UL, 7UL}) {
      EchoService its;
      Wire own(its.router);
      std::string answer;
      for (std::string_view rest = input; !rest.empty();
           rest.remove_prefix(std::min(piece, rest.size()))) {
        own.deliver(rest.substr(0, piece));
        answer += own.take();
      }
      answers.push_back(answer + (own.over() ? "over" : "stays"));
    }
    for (const std::string& answer : answers) EXPECT_EQ(answer, answers[0]);
  }
}

TEST_F(Http1, SEC_03_slow_clients_are_told_so_and_closed) {
  const std::string head = "POST /v3/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n";
  Wire silent(service.router);
  silent.pass(9s);
  EXPECT_FALSE(silent.over());
  silent.pass(1s);
  EXPECT_TRUE(silent.over());
  Wire header(service.router);
  for (const char letter : head.substr(0, 20)) {
    header.deliver({&letter, 1});
    header.pass(1s);
  }
  EXPECT_TRUE(header.over());
  EXPECT_TRUE(header.trickle().starts_with("HTTP/1.1 408 ")) << header.trickle();
  Wire body(service.router);
  body.deliver(head);
  for (int i = 0; i < 70 && !body.over(); ++i) {
    body.deliver("x");
    body.pass(1s);
    EXPECT_EQ(body.over(), i >= 59) << i;
  }
  EXPECT_TRUE(body.trickle().starts_with("HTTP/1.1 408 ")) << body.trickle();
  Wire idle(service.router);
  idle.deliver("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  idle.take();
  idle.pass(119s);
  EXPECT_FALSE(idle.over());
  idle.pass(1s);
  EXPECT_TRUE(idle.over());
  EXPECT_EQ(idle.trickle(), "");
}

TEST_F(Http1, SEC_03_an_answer_that_nobody_takes_is_given_up) {
  ask("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  service.exchanges[0].begin({.body = std::string(1000, 'x')});
  std::string out;
  wire.session().take(out, 500, wire.now());
  for (Time due = wire.session().deadline(); !wire.over(); due = wire.session().deadline()) {
    ASSERT_LE(due, wire.now() + 60s);
    wire.session().tick(due);
  }
  EXPECT_EQ(service.cancelled, std::vector{Cancelled::by_us});
}

TEST_F(Http1, SEC_15_what_comes_while_a_request_is_answered_is_bounded) {
  ask("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i < 64; ++i) wire.deliver(std::string(1024, 'x'));
  EXPECT_FALSE(wire.session().holds());
  wire.deliver("x");
  EXPECT_TRUE(wire.session().holds());
}

TEST_F(Http1, a_large_answer_leaves_in_pieces) {
  service.router.http("/large", [](Exchange exchange, const HttpRequest&) {
    exchange.answer({.body = std::string(1'000'000, 'x')});
  });
  wire.deliver("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  std::size_t all = 0;
  for (std::string out = wire.take(10'000); !out.empty(); out = wire.take(10'000)) {
    EXPECT_LE(out.size(), 10'300U);
    all += out.size();
  }
  EXPECT_GT(all, 1'000'000U);
  EXPECT_FALSE(wire.over());
}

TEST_F(Http1, draining_ends_what_is_idle_and_lets_the_rest_finish) {
  Wire idle(service.router);
  idle.deliver("GET /health HTTP/1.1\r\nHost: a\r\n\r\n");
  idle.take();
  idle.session().drain(idle.now());
  EXPECT_EQ(idle.take(), "");
  EXPECT_TRUE(idle.over());
  ask("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
  wire.session().drain(wire.now());
  wire.take();
  EXPECT_FALSE(wire.over());
  service.exchanges[0].answer({.body = "done"});
  EXPECT_NE(wire.take().find("Connection: close\r\n"), std::string::npos);
  EXPECT_TRUE(wire.over());
}

}  // namespace
}  // namespace bowline::rpc
