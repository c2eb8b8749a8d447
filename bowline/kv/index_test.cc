// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/index.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"
#include "bowline/kv/interval_tree.h"
#include "bowline/kv/slabs.h"

namespace bowline::kv {
namespace {

// Keys with a version each, beside a set that says what has to be there.
class IndexRig {
 public:
  void toggle(const std::string& key) {
    const Index::Spot spot = index.find(key);
    ASSERT_EQ(spot.key() != nullptr, known.contains(key));
    ASSERT_EQ(index.get(key), spot.key());
    if (spot.key() == nullptr) {
      Key& made = make(key);
      index.insert(spot, made, true);
      known[key] = true;
    } else if (known[key]) {
      spot.key()->newest = &dead_;
      index.set_live(spot, false);
      known[key] = false;
    } else {
      index.erase(spot);
      known.erase(key);
    }
  }
  std::int64_t live_in(const Interval& keys) const {
    std::int64_t count = 0;
    for (const auto& [key, live] : known) count += live && keys.contains(key) ? 1 : 0;
    return count;
  }
  void compare(const Interval& keys) const {
    ASSERT_EQ(index.live_in(keys), live_in(keys));
    std::vector<std::string> all;
    std::vector<std::string> live;
    index.each(keys, [&](const Key& key) {
      all.emplace_back(key.view());
      return true;
    });
    index.each_live(keys, [&](const Key& key) {
      live.emplace_back(key.view());
      return live.size() < 5;
    });
    std::vector<std::string> wanted;
    std::vector<std::string> wanted_live;
    for (const auto& [key, lives] : known) {
      if (!keys.contains(key)) continue;
      wanted.push_back(key);
      if (lives && wanted_live.size() < 5) wanted_live.push_back(key);
    }
    ASSERT_EQ(all, wanted);
    ASSERT_EQ(live, wanted_live);
  }

  Index index;
  std::map<std::string, bool> known;

 private:
  Key& make(const std::string& key) {
    char* const block = slabs_.allocate(sizeof(Key) + key.size());
    Key& made = *std::construct_at(reinterpret_cast<Key*>(block));
    made.newest = &live_;
    made.bytes = static_cast<std::uint32_t>(key.size());
    std::ranges::copy(key, block + sizeof(Key));
    return made;
  }

  Version live_{.version = 1};
  Version dead_;
  Slabs slabs_;
};

using KeyOf = std::string (*)(Prng&);

std::string short_key(Prng& prng) {
  std::string key;
  for (std::uint64_t i = prng.below(4); i > 0; --i) key.push_back("\0a\xff"[prng.below(3)]);
  return key;
}
std::string long_key(Prng& prng) {
  return "/registry/pods/" + std::to_string(prng.below(40)) + '/' + std::to_string(prng.below(60));
}
std::string spread_key(Prng& prng) {
  std::string key(8, '\0');
  const std::uint64_t number = prng.below(2000) * 0x9e3779b97f4a7c15;
  std::memcpy(key.data(), &number, key.size());
  return key;
}

void roam(KeyOf key_of, std::uint64_t steps) {
  Prng prng(3);
  IndexRig rig;
  for (std::uint64_t i = 0; i < steps; ++i) {
    rig.toggle(key_of(prng));
    if (::testing::Test::HasFatalFailure()) return;
    if (i % 97 != 0) continue;
    rig.index.check();
    const std::string from = key_of(prng);
    const std::string to = prng.chance(30) ? std::string(1, '\0') : key_of(prng);
    rig.compare({from, to});
  }
  while (!rig.known.empty()) {
    rig.toggle(prng.chance(50) ? rig.known.begin()->first : rig.known.rbegin()->first);
    if (::testing::Test::HasFatalFailure()) return;
    if (rig.known.size() % 31 == 0) rig.index.check();
  }
  rig.index.check();
  EXPECT_EQ(rig.index.bytes(), sizeof(LeafNode)) << "nothing of the tree stays";
}

TEST(Index, is_as_a_sorted_list_for_short_keys) { roam(short_key, 3000); }
TEST(Index, is_as_a_sorted_list_for_long_keys) { roam(long_key, 20'000); }
TEST(Index, is_as_a_sorted_list_for_spread_keys) { roam(spread_key, 20'000); }

// Large enough for three levels, and stretches of it are emptied and filled again.
TEST(Index, nodes_of_each_level_join_and_part) {
  Prng prng(11);
  IndexRig rig;
  const auto key_of = [](std::uint64_t number) {
    char key[16];
    std::snprintf(key, sizeof key, "%08llu", static_cast<unsigned long long>(number));
    return std::string(key);
  };
  for (std::uint64_t i = 0; i < 12'000; ++i) rig.toggle(key_of(prng.below(1'000'000)));
  for (int round = 0; round < 300; ++round) {
    const std::uint64_t from = prng.below(1'000'000);
    const std::uint64_t to = from + prng.below(90'000);
    std::vector<std::string> inside;
    for (auto at = rig.known.lower_bound(key_of(from));
         at != rig.known.end() && at->first < key_of(to); ++at)
      if (!prng.chance(3)) inside.push_back(at->first);
    for (const std::string& key : inside)
      while (rig.known.contains(key)) rig.toggle(key);
    if (::testing::Test::HasFatalFailure()) return;
    rig.index.check();
    for (std::uint64_t i = prng.below(1200); i > 0; --i)
      rig.toggle(key_of(from + prng.below(to - from + 1)));
    if (::testing::Test::HasFatalFailure()) return;
    rig.index.check();
  }
}

TEST(Index, keys_in_their_order_fill_the_leaves) {
  IndexRig rig;
  char key[16];
  for (int i = 0; i < 64 * 200; ++i) {
    std::snprintf(key, sizeof key, "%08d", i);
    rig.toggle(key);
  }
  rig.index.check();
  EXPECT_LT(rig.index.bytes(), 204 * sizeof(LeafNode) + 6 * sizeof(InnerNode));
}

TEST(IntervalTree, finds_each_interval_that_holds_a_key) {
  Prng prng(5);
  IntervalTree<int> tree;
  std::map<std::pair<std::string, std::string>, int> known;
  for (int i = 1; i < 20'000; ++i) {
    const std::string from = short_key(prng);
    const std::string to = prng.chance(10) ? std::string(1, '\0') : short_key(prng) + 'a';
    if (prng.chance(60)) {
      int& value = tree.get({from, to});
      ASSERT_EQ(value, (known[{from, to}]));
      value = known[{from, to}] = i;
    } else {
      tree.erase({from, to});
      known.erase({from, to});
    }
    const std::string key = short_key(prng);
    std::multiset<int> found;
    tree.match(key, [&](int value) { found.insert(value); });
    std::multiset<int> wanted;
    for (const auto& [keys, value] : known)
      if (Interval{keys.first, keys.second}.contains(key)) wanted.insert(value);
    ASSERT_EQ(found, wanted);
    const int* const one = tree.find({from, to});
    ASSERT_EQ(one != nullptr, (known.contains({from, to})));
  }
  while (!known.empty()) {
    const auto keys = known.begin()->first;
    tree.erase({keys.first, keys.second});
    known.erase(known.begin());
  }
  EXPECT_TRUE(tree.empty());
}

TEST(Slabs, gives_each_block_to_one_only_and_takes_all_back) {
  Prng prng(9);
  Slabs slabs;
  struct Block {
    char* at;
    std::size_t bytes;
    char fill;
  };
  std::vector<Block> blocks;
  for (int i = 0; i < 40'000; ++i) {
    if (prng.chance(55) || blocks.empty()) {
      const std::size_t most = prng.chance(90) ? 600 : 20'000;
      const std::size_t bytes = 1 + prng.below(most);
      char* const at = slabs.allocate(bytes);
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(at) % alignof(std::uint64_t), 0U);
      const char fill = static_cast<char>(prng.next());
      std::memset(at, fill, bytes);
      blocks.push_back({at, bytes, fill});
    } else {
      std::swap(blocks[prng.below(blocks.size())], blocks.back());
      const Block block = blocks.back();
      blocks.pop_back();
      ASSERT_EQ(std::string_view(block.at, block.bytes), std::string(block.bytes, block.fill));
      slabs.release(block.at, block.bytes);
    }
  }
  std::uint64_t asked = 0;
  for (const Block& block : blocks) asked += block.bytes;
  EXPECT_GE(slabs.bytes_in_use(), asked);
  EXPECT_LT(slabs.bytes_in_use(), asked + asked / 4);
  for (const Block& block : blocks) slabs.release(block.at, block.bytes);
  EXPECT_EQ(slabs.bytes_in_use(), 0U);
  EXPECT_LE(slabs.bytes(), 16 * Slabs::chunk_bytes);
}

TEST(Slabs, a_block_that_came_back_is_given_out_again) {
  Slabs slabs;
  std::vector<char*> blocks;
  blocks.reserve(20'000);
  for (std::size_t i = 0; i < 20'000; ++i) blocks.push_back(slabs.allocate(256));
  const std::uint64_t before = slabs.bytes();
  for (std::size_t i = 0; i < blocks.size(); i += 2) slabs.release(blocks[i], 256);
  for (std::size_t i = 0; i < blocks.size(); i += 2) blocks[i] = slabs.allocate(256);
  EXPECT_EQ(slabs.bytes(), before);
  for (char* const block : blocks) slabs.release(block, 256);
}

TEST(Slabs, what_one_size_left_serves_another) {
  Slabs slabs;
  for (const std::size_t bytes : {64UL, 256UL, 1000UL, 8000UL}) {
    std::vector<char*> blocks;
    blocks.reserve((2U << 20) / bytes);
    for (std::size_t i = 0; i < (2U << 20) / bytes; ++i) blocks.push_back(slabs.allocate(bytes));
    EXPECT_LT(slabs.bytes(), 3U << 20);
    for (char* const block : blocks) slabs.release(block, bytes);
  }
}

}  // namespace
}  // namespace bowline::kv
