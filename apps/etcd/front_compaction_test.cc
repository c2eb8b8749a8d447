// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"

namespace bowline::apps {
namespace {

using namespace etcdserverpb;

// The rules are those of auto_compaction_test; this is whether they reach the group.
TEST(FrontCompaction, whoever_leads_compacts_what_is_not_to_be_kept) {
  using Mode = etcd::AutoCompactionOptions::Mode;
  FrontTrio trio(7s, [](std::size_t, etcd::Front::Options& options) {
    options.settings.auto_compaction = {
        .mode = Mode::revision, .period = {}, .revisions = 10, .revision_every = 20ms};
  });
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(trio.is_ready(i));
  PutRequest put;
  put.set_key("a");
  std::int64_t revision = 0;
  for (int i = 0; i < 30; ++i)
    revision = trio.ask<PutResponse>(0, "KV/Put", put)->header().revision();
  const auto compacted = [&](std::size_t i) {
    return trio.ask<HashKVResponse>(i, "Maintenance/HashKV", HashKVRequest())->compact_revision();
  };
  const auto until = std::chrono::steady_clock::now() + 20s;
  for (std::size_t i = 0; i < 3; ++i) {
    while (compacted(i) < revision - 10 && std::chrono::steady_clock::now() < until) {}
    EXPECT_EQ(compacted(i), revision - 10);
  }
}

}  // namespace
}  // namespace bowline::apps
