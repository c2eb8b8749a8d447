// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <malloc.h>

#include "bowline/runtime/tls_rig.h"
#include "bowline/runtime/tls_session.h"

// Those who connect to cost us something.
namespace bowline::runtime {
namespace {

using namespace std::chrono_literals;

std::size_t heap_bytes() {
  const struct mallinfo2 heap = ::mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

class TlsSlow : public TlsRig {
 protected:
  TlsSlow() { allow_many_sockets(); }
  // As a node begins.
  std::string greeting() {
    const TlsOptions of = options(2);
    const Result<TlsFiles> files = read_tls_files(of);
    TlsSession session(*TlsContext::make(of, *files, {.node = NodeId{2}, .cluster = ""}),
                       TlsSide::calls);
    EXPECT_EQ(session.greet(), false);
    return session.take_out();
  }
  // Whatever has come by now was looked at.
  void pass_time() {
    int turns = 0;
    loop_.run_until([&] { return ++turns == 100; }, loop_.clock().now() + 100ms);
  }
  bool can_talk(TlsNode& from, const std::string& address) {
    const std::size_t before = accepted_.size();
    Connected connected = connect(from.network(), address);
    EXPECT_TRUE(connected) << connected.error().what;
    return connected && run_until([&] { return accepted_.size() > before; });
  }
};

TEST_F(TlsSlow, a_thousand_who_never_end_their_greeting_cost_little_and_keep_nobody_out) {
  constexpr std::size_t each = 250;
  constexpr std::size_t most_bytes = 16 << 10;    // of ours, for one of them ...
  constexpr std::size_t most_session = 64 << 10;  // ... unless it is half-way through
  TlsOptions patient = options(1);
  patient.greet_within = 5s;
  patient.most_greetings = 4 * each;
  TlsNode one(loop_, NodeId{1}, patient);
  TlsNode two(loop_, NodeId{2}, options(2));
  ASSERT_EQ(one.wrong + two.wrong, "");
  const std::string hello = greeting();
  const auto listener = listen(one.network());
  // Nothing; half of a greeting; all of it, and what comes then is not read; much of a long one.
  const std::vector<std::string> words = {
      "", hello.substr(0, hello.size() / 2), hello,
      std::string("\x16\x03\x01\x1f\x00", 5) + std::string(7000, 'x')};
  std::vector<RawSocket> sockets;
  for (const std::string& word : words) {
    const std::size_t before = heap_bytes();
    for (std::size_t i = 0; i < each; ++i) {
      sockets.push_back(RawSocket::elsewhere());
      sockets.back().connect(listener->address());
      if (!word.empty()) sockets.back().send(word);
      if (i % 50 == 0) run_until([&] { return one.network().greetings() == sockets.size(); });
    }
    ASSERT_TRUE(run_until([&] { return one.network().greetings() == sockets.size(); }));
    pass_time();
    EXPECT_LT((heap_bytes() - before) / each, word == hello ? most_session : most_bytes)
        << word.size() << " bytes";
  }
  // Who pushes in now takes the place of the one that has been at it for longest.
  EXPECT_TRUE(can_talk(two, listener->address()));
  EXPECT_TRUE(one.has_told("it was slow to greet, and too many others came"));
  // A byte now and then buys nobody time.
  const env::TimerId timer = loop_.timer([&] {
    for (std::size_t i = 0; i < each; ++i) sockets[i].try_to_send("\x16");
  });
  loop_.set(timer, loop_.clock().now() + 1s);
  ASSERT_TRUE(run_until([&] { return one.network().greetings() == 0; }));
  EXPECT_TRUE(run_until([&] { return std::ranges::all_of(sockets, &RawSocket::is_ended); }));
  EXPECT_TRUE(one.has_told("it did not end the TLS greeting in time"));
  loop_.drop(timer);
  EXPECT_TRUE(can_talk(two, listener->address()));
  EXPECT_EQ(accepted_.size(), 2U);
  accepted_.clear();
}

TEST_F(TlsSlow, whoever_floods_takes_the_places_of_his_own) {
  TlsOptions narrow = options(1);
  narrow.most_greetings = 8;
  TlsNode one(loop_, NodeId{1}, narrow);
  TlsNode two(loop_, NodeId{2}, options(2));
  ASSERT_EQ(one.wrong + two.wrong, "");
  const auto listener = listen(one.network());
  std::vector<RawSocket> sockets(400);
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    sockets[i].connect(listener->address());
    EXPECT_TRUE(i % 40 != 0 || can_talk(two, listener->address()));
    EXPECT_LE(one.network().greetings(), 8U);
  }
  accepted_.clear();
}

TEST_F(TlsSlow, a_call_that_is_never_answered_comes_to_nothing_in_time) {
  TlsOptions quick = options(1);
  quick.greet_within = 30ms;
  TlsNode one(loop_, NodeId{1}, quick);
  ASSERT_EQ(one.wrong, "");
  const RawSocket silent;
  silent.listen();
  const Connected connected = connect(one.network(), silent.address());
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().fault, Fault::timeout);
  EXPECT_EQ(connected.error().what,
            "cannot connect to " + silent.address() + ": it did not end the TLS greeting in time");
}

}  // namespace
}  // namespace bowline::runtime
