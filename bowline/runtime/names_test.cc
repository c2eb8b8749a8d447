// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/names.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <pthread.h>

#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"
#include "bowline/runtime/raw_socket.h"

namespace bowline::runtime {
namespace {

using namespace std::chrono_literals;
using Addresses = std::vector<std::string>;

// In place of a server of names. It outlives those who ask, since one that hangs is left behind.
class Oracle {
 public:
  static LookUp of(const std::shared_ptr<Oracle>& oracle) {
    return [oracle](const std::string& host) { return oracle->answer(host); };
  }
  void say(const std::string& host, Names::Found found) {
    const std::scoped_lock lock(mutex_);
    answers_.insert_or_assign(host, std::move(found));
  }
  void hang(const std::string& host, bool hangs) {
    const std::scoped_lock lock(mutex_);
    if (hangs) hanging_.insert(host);
    if (!hangs) hanging_.erase(host);
    changed_.notify_all();
  }
  std::size_t asked(const std::string& host) {
    const std::scoped_lock lock(mutex_);
    return asked_[host];
  }
  std::size_t most_at_once() {
    const std::scoped_lock lock(mutex_);
    return most_;
  }

 private:
  Names::Found answer(const std::string& host) {
    std::unique_lock lock(mutex_);
    ++asked_[host];
    most_ = std::max(most_, ++now_);
    changed_.wait(lock, [&] { return !hanging_.contains(host); });
    --now_;
    const auto found = answers_.find(host);
    if (found == answers_.end()) return std::unexpected(Error{Fault::not_found, "no such host"});
    return found->second;
  }

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::map<std::string, Names::Found> answers_;
  std::set<std::string> hanging_;
  std::map<std::string, std::size_t> asked_;
  std::size_t now_ = 0;
  std::size_t most_ = 0;
};

class NamesTest : public testing::Test {
 protected:
  NamesTest() {
    oracle_->say("a", Addresses{"192.0.2.1"});
    oracle_->say("b", Addresses{"192.0.2.2", "2001:db8::2"});
    oracle_->say("c", Addresses{"192.0.2.3"});
  }
  ~NamesTest() override {  // no thread stays for ever
    for (const std::string host : {"a", "b", "c"}) oracle_->hang(host, false);
  }

  using Answer = std::shared_ptr<std::optional<Names::Found>>;
  Answer ask(const std::string& host) { return ask(host, life_); }
  Answer ask(const std::string& host, std::weak_ptr<const void> asker) {
    auto answer = std::make_shared<std::optional<Names::Found>>();
    names_->find(host, std::move(asker), [answer](Names::Found found) { *answer = found; });
    return answer;
  }
  bool run_until(const std::function<bool()>& holds) {
    return loop_.run_until(holds, loop_.clock().now() + 60s);
  }
  bool comes(const Answer& answer) {
    return run_until([&] { return answer->has_value(); });
  }
  // Who tells nothing does so from another thread: the loop looks again and again.
  bool soon(const std::function<bool()>& holds) {
    const env::TimerId timer = loop_.timer([&] { loop_.stop(); });
    const Time end = loop_.clock().now() + 60s;
    while (!holds() && loop_.clock().now() < end) {
      loop_.set(timer, loop_.clock().now() + 1ms);
      loop_.run();
    }
    loop_.drop(timer);
    return holds();
  }
  Addresses found(const std::string& host) {
    const Answer answer = ask(host);
    return comes(answer) && **answer ? ***answer : Addresses{};
  }
  void open(Names::Options options) {
    names_.reset();
    options.look_up = Oracle::of(oracle_);
    names_ = std::make_unique<Names>(loop_, std::move(options));
  }

  std::shared_ptr<Oracle> oracle_ = std::make_shared<Oracle>();
  std::shared_ptr<int> life_ = std::make_shared<int>();
  Loop loop_;
  std::unique_ptr<Names> names_ = std::make_unique<Names>(
      loop_, Names::Options{.look_up = Oracle::of(oracle_), .patience = 1h});
};

TEST_F(NamesTest, one_name_that_hangs_keeps_no_other_waiting) {
  oracle_->hang("a", true);
  const Answer slow = ask("a");
  EXPECT_EQ(found("b"), (Addresses{"192.0.2.2", "2001:db8::2"}));
  EXPECT_EQ(found("c"), Addresses{"192.0.2.3"});
  EXPECT_FALSE(*slow);
  oracle_->hang("a", false);
  ASSERT_TRUE(comes(slow));
  EXPECT_EQ(***slow, Addresses{"192.0.2.1"});
}

TEST_F(NamesTest, all_who_ask_for_a_name_meanwhile_share_one_look_up) {
  oracle_->hang("a", true);
  const Answer first = ask("a");
  ASSERT_TRUE(soon([&] { return oracle_->asked("a") == 1; }));
  const Answer second = ask("a");
  oracle_->hang("a", false);
  ASSERT_TRUE(comes(first) && comes(second));
  EXPECT_EQ(***second, Addresses{"192.0.2.1"});
  EXPECT_EQ(oracle_->asked("a"), 1U);
  EXPECT_EQ(found("a"), Addresses{"192.0.2.1"});
  EXPECT_EQ(oracle_->asked("a"), 2U) << "a new question, and a new look-up";
}

TEST_F(NamesTest, the_last_good_answer_serves_while_a_look_up_hangs) {
  open({.patience = 1ms});
  ASSERT_EQ(found("a"), Addresses{"192.0.2.1"});
  oracle_->say("a", Addresses{"192.0.2.9"});
  oracle_->hang("a", true);
  EXPECT_EQ(found("a"), Addresses{"192.0.2.1"}) << "after a while";
  EXPECT_EQ(found("a"), Addresses{"192.0.2.1"}) << "and at once";
  EXPECT_TRUE(soon([&] { return oracle_->asked("a") == 2; })) << "one look-up serves both";
  oracle_->hang("a", false);
  EXPECT_TRUE(soon([&] { return found("a") == Addresses{"192.0.2.9"}; }));
}

TEST_F(NamesTest, the_last_good_answer_serves_when_nobody_can_tell_but_not_when_there_is_no_host) {
  ASSERT_EQ(found("a"), Addresses{"192.0.2.1"});
  oracle_->say("a", std::unexpected(Error{Fault::unreachable, "no server answers"}));
  EXPECT_EQ(found("a"), Addresses{"192.0.2.1"});
  oracle_->say("a", std::unexpected(Error{Fault::not_found, "no such host"}));
  Answer answer = ask("a");
  ASSERT_TRUE(comes(answer));
  ASSERT_FALSE(**answer);
  EXPECT_EQ((*answer)->error().what, "no such host");
  oracle_->say("a", std::unexpected(Error{Fault::unreachable, "no server answers"}));
  answer = ask("a");
  ASSERT_TRUE(comes(answer));
  EXPECT_FALSE(**answer) << "it is forgotten";
}

TEST_F(NamesTest, the_end_does_not_wait_for_a_look_up_that_hangs) {
  oracle_->hang("a", true);
  const Answer answer = ask("a");
  ASSERT_TRUE(soon([&] { return oracle_->asked("a") == 1; }));
  names_.reset();
  oracle_->hang("a", false);
  EXPECT_TRUE(soon([&] { return oracle_.use_count() == 1; })) << "its thread has ended";
  EXPECT_FALSE(*answer);
}

TEST_F(NamesTest, so_many_look_ups_are_under_way_at_once_and_the_next_waits_for_one_to_end) {
  open({.at_once = 2});
  for (const std::string host : {"a", "b", "c"}) oracle_->hang(host, true);
  const Answer a = ask("a");
  const Answer b = ask("b");
  const Answer c = ask("c");
  ASSERT_TRUE(soon([&] { return oracle_->asked("a") + oracle_->asked("b") == 2; }));
  oracle_->hang("c", false);
  oracle_->hang("b", false);
  ASSERT_TRUE(comes(b) && comes(c));
  EXPECT_EQ(oracle_->most_at_once(), 2U);
  EXPECT_FALSE(*a);
}

// No thread can have a stack of such a size. Whoever makes one is told by an exception.
class NoThreads {
 public:
  NoThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t huge{};
    pthread_attr_init(&huge);
    pthread_attr_setstacksize(&huge, std::size_t{1} << 50);
    pthread_setattr_default_np(&huge);
    pthread_attr_destroy(&huge);
  }
  ~NoThreads() {
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_{};
};

TEST_F(NamesTest, who_asks_when_no_thread_can_be_made_is_told_so_and_may_ask_again) {
  open({.at_once = 1});
  {
    const NoThreads none;
    EXPECT_THROW(std::thread([] {}), std::system_error);
    const Answer a = ask("a");
    const Answer b = ask("b");
    EXPECT_FALSE(*a) << "not before the call is over";
    ASSERT_TRUE(comes(a) && comes(b));
    ASSERT_FALSE(**a);
    EXPECT_EQ((**a).error().fault, Fault::unreachable);
    EXPECT_NE((**a).error().what.find("no thread"), std::string::npos);
  }
  EXPECT_EQ(found("a"), (Addresses{"192.0.2.1"}));
}

TEST_F(NamesTest, a_look_up_that_nobody_waits_for_any_more_does_not_begin) {
  open({.at_once = 1});
  oracle_->hang("a", true);
  const Answer a = ask("a");
  auto asker = std::make_shared<int>();
  const Answer b = ask("b", asker);
  asker.reset();
  const Answer c = ask("c");
  oracle_->hang("a", false);
  ASSERT_TRUE(comes(a) && comes(c));
  EXPECT_EQ(oracle_->asked("b"), 0U);
  EXPECT_FALSE(*b);
}

TEST_F(NamesTest, those_who_gave_up_leave_nothing_behind_while_it_hangs) {
  oracle_->hang("a", true);
  const Answer last = std::make_shared<std::optional<Names::Found>>();
  for (int i = 0; i < 100; ++i) {
    const auto asker = std::make_shared<int>();
    names_->find("a", asker, [last](Names::Found found) { *last = std::move(found); });
  }
  EXPECT_EQ(last.use_count(), 2) << "the newest, and ourselves";
  oracle_->hang("a", false);
  EXPECT_TRUE(soon([&] { return last.use_count() == 1; }));
  EXPECT_FALSE(*last);
}

TEST_F(NamesTest, so_many_names_are_kept) {
  open({.kept = 1});
  ASSERT_EQ(found("a"), Addresses{"192.0.2.1"});
  ASSERT_EQ(found("b").size(), 2U);
  for (const std::string host : {"a", "b"})
    oracle_->say(host, std::unexpected(Error{Fault::unreachable, "no server answers"}));
  EXPECT_NE(found("a").empty(), found("b").empty()) << "one of them";
}

TEST_F(NamesTest, the_system_knows_the_machine_itself) {
  const Names::Found here = look_up_by_system("localhost");
  ASSERT_TRUE(here) << here.error().what;
  for (const std::string& address : *here)
    EXPECT_TRUE(address == "127.0.0.1" || address == "::1") << address;
  EXPECT_FALSE(look_up_by_system("no-such-host.invalid"));
}

// ---- as a network uses them

struct Networks : NamesTest {
  using Connected = Result<std::unique_ptr<env::Connection>>;
  using Outcome = std::shared_ptr<std::optional<Connected>>;
  Outcome connect(const std::string& address) {
    auto outcome = std::make_shared<std::optional<Connected>>();
    network.connect(address, [outcome](Connected one) { *outcome = std::move(one); });
    return outcome;
  }
  std::unique_ptr<env::Connection> connected(const std::string& address) {
    const Outcome outcome = connect(address);
    EXPECT_TRUE(run_until([&] { return outcome->has_value(); }));
    EXPECT_TRUE(**outcome) << (*outcome)->error().what;
    return **outcome ? *std::move(**outcome) : nullptr;
  }
  static std::string port_of(const std::string& address) {
    return address.substr(address.rfind(':'));
  }

  Network network{loop_, {.connect_timeout = 20s, .look_up = Oracle::of(oracle_)}};
};

TEST_F(Networks, a_peer_is_reached_while_the_name_of_another_hangs) {
  const RawSocket peer;
  peer.listen();
  oracle_->hang("a", true);
  oracle_->say("b", Addresses{"127.0.0.1"});
  std::vector<Outcome> slow;
  slow.reserve(50);
  for (int i = 0; i < 50; ++i) slow.push_back(connect("a:1"));
  const auto connection = connected("b" + port_of(peer.address()));
  ASSERT_NE(connection, nullptr);
  EXPECT_EQ(connection->peer(), "b" + port_of(peer.address()));
  for (const Outcome& one : slow) EXPECT_FALSE(*one);
}

TEST_F(Networks, a_name_of_both_families_leads_to_the_address_that_answers) {
  const RawSocket peer;
  peer.listen();
  oracle_->say("b", Addresses{"::1", "127.0.0.1"});
  EXPECT_NE(connected("b" + port_of(peer.address())), nullptr);
}

TEST_F(Networks, an_answer_that_is_no_address_is_told_in_a_sentence) {
  oracle_->say("b", Addresses{"over there"});
  const Outcome outcome = connect("b:1");
  ASSERT_TRUE(run_until([&] { return outcome->has_value(); }));
  ASSERT_FALSE(**outcome);
  EXPECT_EQ((*outcome)->error().what,
            "the host of b:1 was found at over there, which is no address");
}

}  // namespace
}  // namespace bowline::runtime
