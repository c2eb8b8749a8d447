// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/chronicle.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/kv/kv_rig.h"

namespace bowline::etcd {
namespace {

using kv::KvRig;

std::vector<std::int64_t> told_by(Chronicle& chronicle, std::uint64_t slice) {
  std::vector<std::int64_t> told;
  while (chronicle.step(slice, [&](const kv::Version& version) {
    told.push_back(version.main);
    return true;
  })) {}
  return told;
}

TEST(Chronicle, tells_each_write_once_and_in_its_order) {
  for (const std::size_t gathered : {1U, 2U, 3U, 100U}) {
    KvRig rig;
    for (const char* key : {"e", "a", "c", "b", "d", "a", "e", "f"}) rig.put(key, "1");  // 2 to 9
    rig.erase("b");                                                                      // 10
    rig.run(kv::Compact{8});
    rig.put("b", "2");  // 11
    const std::vector<std::int64_t> all{4, 5, 6, 7, 8, 9, 10, 11};
    for (int round = 0; round < 2; ++round) {
      for (const std::uint64_t slice : {1U, 2U, 100U}) {
        Chronicle chronicle(rig.machine.store(), gathered);
        EXPECT_EQ(told_by(chronicle, slice), all) << gathered << ' ' << slice;
        EXPECT_TRUE(chronicle.is_over());
        chronicle.rewind();
        EXPECT_EQ(told_by(chronicle, slice), all) << gathered << ' ' << slice;
        chronicle.rewind();
        chronicle.step(5, [](const kv::Version&) { return true; });
        chronicle.rewind();
        EXPECT_EQ(told_by(chronicle, slice), all) << gathered << ' ' << slice;
      }
      rig.sweep();
    }
  }
}

TEST(Chronicle, a_key_that_was_erased_before_the_compaction_is_not_told) {
  KvRig rig;
  rig.put("a", "1");  // 2
  rig.erase("a");     // 3
  rig.put("b", "1");  // 4
  rig.erase("b");     // 5
  rig.run(kv::Compact{5});
  Chronicle chronicle(rig.machine.store());
  EXPECT_EQ(told_by(chronicle, 100), std::vector<std::int64_t>{5});
}

}  // namespace
}  // namespace bowline::etcd
