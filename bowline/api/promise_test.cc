// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/promise.h"

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace bowline {
namespace {

using Reply = std::move_only_function<void(std::string)>;

TEST(Promise, is_kept_by_a_reply) {
  Promise<std::string> promise("dropped");
  std::future<std::string> future = promise.future();
  Reply reply = std::move(promise);
  reply("done");
  EXPECT_EQ(future.get(), "done");
}

TEST(PromiseDeathTest, is_kept_once) {
  Promise<std::string> promise("dropped");
  promise("first");
  EXPECT_DEATH(promise("second"), "ensure failed");
}

TEST(Promise, says_so_if_it_is_dropped_on_whatever_way) {
  Promise<std::string> promise("dropped");
  std::future<std::string> future = promise.future();
  {
    Reply reply = [inner = Reply(std::move(promise))](std::string what) mutable {
      inner(std::move(what));
    };
    EXPECT_EQ(future.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  }
  EXPECT_EQ(future.get(), "dropped");
}

using Told = std::vector<std::string>;

Kept<std::string> kept(Told& told) {
  return {[&told](std::string what) { told.push_back(std::move(what)); }, "dropped"};
}

TEST(Kept, calls_back_with_what_it_is_given) {
  Told told;
  {
    Reply reply = kept(told);
    reply("done");
    EXPECT_EQ(told, Told{"done"});
  }
  EXPECT_EQ(told, Told{"done"});
}

TEST(Kept, calls_back_if_it_is_dropped_on_whatever_way) {
  Told told;
  {
    Reply reply = [inner = Reply(kept(told))](std::string what) mutable { inner(std::move(what)); };
    EXPECT_EQ(told, Told{});
  }
  EXPECT_EQ(told, Told{"dropped"});
}

TEST(KeptDeathTest, calls_back_once) {
  Told told;
  Kept<std::string> reply = kept(told);
  reply("first");
  EXPECT_DEATH(reply("second"), "ensure failed");
}

}  // namespace
}  // namespace bowline
