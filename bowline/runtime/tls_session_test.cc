// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_session.h"

#include <string>
#include <vector>

#include "bowline/runtime/tls_rig.h"

// Two sessions, and somebody between them who can do what he likes with the bytes.
namespace bowline::runtime {
namespace {

class TlsSessionTest : public TlsRig {
 protected:
  std::shared_ptr<const TlsContext> context(std::uint64_t id) {
    const TlsOptions of = options(id);
    const Result<TlsFiles> files = read_tls_files(of);
    auto made = TlsContext::make(of, *files, {.node = NodeId{id}, .cluster = ""});
    EXPECT_TRUE(made) << made.error().what;
    return *made;
  }
  // Both are greeted.
  void greet(TlsSession& caller, TlsSession& called) {
    EXPECT_EQ(caller.greet(), false);
    for (int i = 0; i < 4; ++i) {
      carry(caller, called);
      EXPECT_TRUE(called.greet());
      carry(called, caller);
      EXPECT_TRUE(caller.greet());
    }
    EXPECT_TRUE(caller.identity() && called.identity());
  }
  std::string carry(TlsSession& from, TlsSession& to) {
    on_the_way_ = from.take_out();
    to.show(on_the_way_);
    return on_the_way_;
  }
  // What `to` makes of these.
  std::string read(TlsSession& to, const std::string& bytes) {
    to.show(bytes);
    const Result<std::string_view> found = to.read(memory_);
    return found ? std::string(*found) : "error: " + found.error().what;
  }

  std::vector<char> memory_ = std::vector<char>(TlsSession::most_record_bytes);
  std::string on_the_way_;
};

TEST_F(TlsSessionTest, a_bit_that_changed_is_noticed_and_nothing_of_the_record_is_told) {
  const auto one = context(1);
  const auto two = context(2);
  for (std::size_t bit = 40, bits = 41; bit < bits; bit += 7) {
    TlsSession caller(one, TlsSide::calls);
    TlsSession called(two, TlsSide::answers);
    greet(caller, called);
    ASSERT_TRUE(caller.write("something that matters"));
    std::string bytes = caller.take_out();
    bits = bytes.size() * 8;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    EXPECT_TRUE(read(called, bytes).starts_with("error: TLS with it failed")) << bit;
  }
}

TEST_F(TlsSessionTest, a_record_counts_once_and_in_its_place) {
  const auto one = context(1);
  const auto two = context(2);
  for (const bool again : {true, false}) {
    TlsSession caller(one, TlsSide::calls);
    TlsSession called(two, TlsSide::answers);
    greet(caller, called);
    ASSERT_TRUE(caller.write("first"));
    const std::string first = caller.take_out();
    ASSERT_TRUE(caller.write("second"));
    const std::string second = caller.take_out();
    if (again) {
      EXPECT_EQ(read(called, first), "first");
    }
    EXPECT_TRUE(read(called, again ? first : second).starts_with("error: TLS with it failed"));
  }
}

TEST_F(TlsSessionTest, what_was_said_in_another_session_means_nothing) {
  const auto one = context(1);
  const auto two = context(2);
  TlsSession caller(one, TlsSide::calls);
  TlsSession called(two, TlsSide::answers);
  EXPECT_EQ(caller.greet(), false);
  const std::string hello = carry(caller, called);
  EXPECT_EQ(called.greet(), false);
  carry(called, caller);
  EXPECT_EQ(caller.greet(), true);
  const std::string rest = carry(caller, called);
  EXPECT_EQ(called.greet(), true);
  // The same bytes once more, to a session that draws other dice.
  TlsSession fresh(two, TlsSide::answers);
  fresh.show(hello);
  EXPECT_EQ(fresh.greet(), false);
  fresh.show(rest);
  EXPECT_FALSE(fresh.greet().has_value());
  EXPECT_FALSE(fresh.identity());
}

TEST_F(TlsSessionTest, the_end_is_said) {
  const auto one = context(1);
  const auto two = context(2);
  TlsSession caller(one, TlsSide::calls);
  TlsSession called(two, TlsSide::answers);
  greet(caller, called);
  ASSERT_TRUE(caller.write("last words"));
  caller.say_goodbye();
  const std::string bytes = caller.take_out();
  EXPECT_EQ(read(called, bytes), "last words");
  const Result<std::string_view> end = called.read(memory_);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().what, "it ended the connection");
}

}  // namespace
}  // namespace bowline::runtime
