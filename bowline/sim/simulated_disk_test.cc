// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/simulated_disk.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/disk_rig.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;
using env::block_bytes;

TEST(SimulatedDisk, a_new_file_is_full_of_zeros_and_has_its_size) {
  DiskRig rig;
  const auto file = rig.create("a", 3 * block_bytes);
  ASSERT_TRUE(file);
  EXPECT_EQ((*file)->size(), 3 * block_bytes);
  const auto read = rig.read(**file, 0, 3);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->size(), 3 * block_bytes);
  EXPECT_EQ(read->view(), std::string(3 * block_bytes, '\0'));
}

TEST(SimulatedDisk, what_was_written_is_read) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 4);
  ASSERT_TRUE(rig.write(*file, 1, 'x', 2));
  EXPECT_EQ(rig.seen(*file, 0), '0');
  EXPECT_EQ(rig.seen(*file, 1), 'x');
  EXPECT_EQ(rig.seen(*file, 2), 'x');
  EXPECT_EQ(rig.seen(*file, 3), '0');
  const auto again = rig.open("a");
  ASSERT_TRUE(again);
  EXPECT_EQ(rig.seen(**again, 1), 'x');
}

TEST(SimulatedDisk, a_write_gives_its_buffer_back_also_when_it_fails) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 2);
  for (const bool fails : {false, true}) {
    if (fails) rig.platter.arrange(Mishap::failed_write);
    env::Buffer buffer = rig.letters('x', 2);
    const char* memory = buffer.data();
    const char* back = nullptr;
    file->write(0, std::move(buffer), env::Sync::no, [&](Result<void> result, env::Buffer mine) {
      EXPECT_EQ(result.has_value(), !fails);
      EXPECT_EQ(mine.size(), 2 * block_bytes);
      back = mine.data();
    });
    EXPECT_EQ(back, nullptr);
    rig.loop().run(1s);
    EXPECT_EQ(back, memory);
  }
}

TEST(SimulatedDisk, a_read_ends_where_the_file_ends) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 2);
  EXPECT_EQ(rig.read(*file, 0, 4)->size(), 2 * block_bytes);
  EXPECT_EQ(rig.read(*file, 1, 2)->size(), block_bytes);
  EXPECT_EQ(rig.read(*file, 2, 1)->size(), 0U);
  EXPECT_EQ(rig.read(*file, 7, 1)->size(), 0U);
}

TEST(SimulatedDisk, buffers_are_whole_blocks_at_the_edge_of_a_block) {
  DiskRig rig;
  for (const std::size_t bytes : {std::size_t{1}, block_bytes, block_bytes + 1}) {
    const env::Buffer buffer = rig.disk().buffer(bytes);
    EXPECT_EQ(buffer.size(), (bytes + block_bytes - 1) / block_bytes * block_bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % block_bytes, 0U);
  }
}

TEST(SimulatedDisk, a_buffer_goes_back_and_outlives_its_disk) {
  DiskRig rig;
  const char* memory = nullptr;
  {
    const env::Buffer buffer = rig.letters('x');
    memory = buffer.data();
  }
  env::Buffer buffer = rig.disk().buffer(1);
  EXPECT_EQ(buffer.data(), memory);
  rig.kill();
  buffer.data()[0] = 'y';  // an address sanitizer would complain
  EXPECT_EQ(buffer.data()[1], 'x');
}

TEST(SimulatedDisk, names_exist_once_and_missing_ones_are_not_found) {
  DiskRig rig;
  ASSERT_TRUE(rig.create("a", block_bytes));
  EXPECT_EQ(rig.create("a", block_bytes).error().fault, Fault::exists);
  EXPECT_EQ(rig.open("b").error().fault, Fault::not_found);
  EXPECT_EQ(rig.remove("b").error().fault, Fault::not_found);
  EXPECT_EQ(rig.rename("b", "c").error().fault, Fault::not_found);
}

TEST(SimulatedDisk, of_two_that_create_the_same_name_at_once_one_wins) {
  DiskRig rig;
  int made = 0;
  int refused = 0;
  for (int i = 0; i < 2; ++i)
    rig.disk().create("a", block_bytes,
                      [&](Result<DiskRig::FilePtr> result) { ++(result ? made : refused); });
  rig.loop().run(1s);
  EXPECT_EQ(made, 1);
  EXPECT_EQ(refused, 1);
}

TEST(SimulatedDisk, names_change_in_the_order_in_which_that_was_asked_for) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    DiskRig rig(seed);
    std::string said;
    rig.disk().create("a", block_bytes, [&](Result<DiskRig::FilePtr>) { said += "c"; });
    rig.disk().rename("a", "b", [&](Result<void> result) { said += result ? "r" : "x"; });
    rig.disk().sync_names([&](Result<void>) { said += "s"; });
    rig.disk().remove("b", [&](Result<void> result) { said += result ? "d" : "x"; });
    rig.loop().run(1s);
    EXPECT_EQ(said, "crsd");
    EXPECT_EQ(rig.left("b", 0), '0');
  }
}

TEST(SimulatedDisk, the_list_is_sorted_and_knows_sizes) {
  DiskRig rig;
  for (const char* name : {"b", "c", "a"}) ASSERT_TRUE(rig.create(name, block_bytes));
  ASSERT_TRUE(rig.remove("c"));
  ASSERT_TRUE(rig.create("aa", 5 * block_bytes));
  const auto list =
      rig.answer<std::vector<env::Listed>>([&](auto done) { rig.disk().list(std::move(done)); });
  ASSERT_EQ(list->size(), 3U);
  EXPECT_EQ((*list)[0].name, "a");
  EXPECT_EQ((*list)[1].name, "aa");
  EXPECT_EQ((*list)[1].bytes, 5 * block_bytes);
  EXPECT_EQ((*list)[2].name, "b");
}

TEST(SimulatedDisk, a_rename_replaces_and_open_files_follow_their_contents) {
  DiskRig rig;
  const auto a = rig.durable_file("a", 1);
  const auto b = rig.durable_file("b", 1);
  ASSERT_TRUE(rig.write(*a, 0, 'a'));
  ASSERT_TRUE(rig.write(*b, 0, 'b'));
  ASSERT_TRUE(rig.rename("a", "b"));
  EXPECT_EQ(rig.open("a").error().fault, Fault::not_found);
  const auto now = rig.open("b");
  EXPECT_EQ(rig.seen(**now, 0), 'a');
  EXPECT_EQ(rig.seen(*b, 0), 'b');  // has no name any more, but is open
  ASSERT_TRUE(rig.remove("b"));
  ASSERT_TRUE(rig.sync_names());
  EXPECT_EQ(rig.seen(**now, 0), 'a');
}

TEST(SimulatedDisk, operations_overlap_and_end_in_any_order) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 16);
  bool overtaken = false;
  for (int round = 0; round < 20; ++round) {
    std::vector<std::uint64_t> ended;
    for (std::uint64_t block = 0; block < 16; ++block)
      file->write(block * block_bytes, rig.letters('x'), env::Sync::no,
                  [&, block](Result<void>, env::Buffer) { ended.push_back(block); });
    rig.loop().run(1s);
    ASSERT_EQ(ended.size(), 16U);
    overtaken = overtaken || !std::ranges::is_sorted(ended);
  }
  EXPECT_TRUE(overtaken);
}

TEST(SimulatedDisk, two_writes_to_one_place_must_not_overlap_in_time) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 4);
  const auto ignore = [](Result<void>, env::Buffer) {};
  file->write(block_bytes, rig.letters('x', 2), env::Sync::no, ignore);
  file->write(0, rig.letters('y'), env::Sync::no, ignore);
  file->write(3 * block_bytes, rig.letters('y'), env::Sync::no, ignore);
  EXPECT_DEATH(file->write(2 * block_bytes, rig.letters('y'), env::Sync::no, ignore), "ensure");
  rig.loop().run(1s);
  file->write(2 * block_bytes, rig.letters('y'), env::Sync::no, ignore);
}

TEST(SimulatedDisk, a_write_outside_of_the_file_is_a_bug) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 2);
  const auto ignore = [](Result<void>, env::Buffer) {};
  EXPECT_DEATH(file->write(block_bytes, rig.letters('x', 2), env::Sync::no, ignore), "ensure");
  EXPECT_DEATH(file->write(1, rig.letters('x'), env::Sync::no, ignore), "ensure");
}

TEST(SimulatedDisk, a_closed_file_calls_nobody_but_its_writes_arrive) {
  DiskRig rig;
  auto file = rig.durable_file("a", 2);
  const auto held = std::make_shared<int>(0);
  file->write(0, rig.letters('x'), env::Sync::yes, [held](Result<void>, env::Buffer) { ++*held; });
  file->write(block_bytes, rig.letters('y'), env::Sync::no,
              [held](Result<void>, env::Buffer) { ++*held; });
  file->sync([held](Result<void>) { ++*held; });
  file->read(0, block_bytes, [held](Result<env::Buffer>) { ++*held; });
  file.reset();
  rig.loop().run(1s);
  EXPECT_EQ(*held, 0);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(rig.left("a", 0), 'x');
  const auto again = rig.open("a");
  EXPECT_EQ(rig.seen(**again, 1), 'y');
}

TEST(SimulatedDisk, a_callback_may_close_the_file) {
  DiskRig rig;
  auto file = rig.durable_file("a", 2);
  int called = 0;
  const auto closes = [&](Result<void>, env::Buffer) {
    ++called;
    file.reset();
  };
  file->write(0, rig.letters('x'), env::Sync::no, closes);
  file->write(block_bytes, rig.letters('x'), env::Sync::no, closes);
  rig.loop().run(1s);
  EXPECT_EQ(called, 1);
}

TEST(SimulatedDisk, a_disk_that_is_gone_calls_nobody) {
  Decisions decisions(1);
  Chance chance(decisions, {.part = Part::disk});
  const DiskClimate climate;
  Platter platter;
  ProcessLoop loop(chance);
  auto disk = std::make_unique<SimulatedDisk>(platter, loop, chance, climate);
  int called = 0;
  disk->lock([&](Result<void>) { ++called; });
  disk->list([&](Result<std::vector<env::Listed>>) { ++called; });
  disk->create("a", block_bytes, [&](Result<DiskRig::FilePtr>) { ++called; });
  disk->sync_names([&](Result<void>) { ++called; });
  disk.reset();
  loop.run(1s);
  EXPECT_EQ(called, 0);
  EXPECT_EQ(platter.list().size(), 1U);  // it was on its way
}

TEST(SimulatedDisk, who_was_slow_and_is_hurried_is_not_slow_any_more) {
  Decisions decisions(1);
  Chance chance(decisions, {.part = Part::disk});
  DiskClimate climate;
  Platter platter;
  ProcessLoop loop(chance);
  SimulatedDisk disk(platter, loop, chance, climate);
  climate.slower = 100s;
  const Time begun = loop.now();
  std::vector<Time> done;
  disk.sync_names([&](Result<void>) {
    done.push_back(loop.now());
    disk.sync_names([&](Result<void>) { done.push_back(loop.now()); });
  });
  climate = {};
  disk.ends_by(loop.hurry(1ms));
  loop.run(200s);
  ASSERT_EQ(done.size(), 2U);
  EXPECT_EQ(done[0] - begun, 1ms);
  EXPECT_LT(done[1] - begun, 1s);
}

TEST(SimulatedDisk, files_do_no_more_when_the_disk_is_gone) {
  Decisions decisions(1);
  Chance chance(decisions, {.part = Part::disk});
  const DiskClimate climate;
  Platter platter;
  ProcessLoop loop(chance);
  auto disk = std::make_unique<SimulatedDisk>(platter, loop, chance, climate);
  DiskRig::FilePtr file;
  disk->create("a", block_bytes, [&](Result<DiskRig::FilePtr> made) { file = std::move(*made); });
  loop.run(1s);
  int called = 0;
  file->sync([&](Result<void>) { ++called; });
  disk.reset();
  loop.run(1s);
  EXPECT_EQ(called, 0);
  EXPECT_DEATH(file->sync([](Result<void>) {}), "ensure");
}

TEST(SimulatedDisk, one_living_process_holds_the_lock) {
  DiskRig rig;
  const auto locks = [](DiskRig::Process& process) {
    std::optional<Result<void>> answer;
    process.disk.lock([&](Result<void> result) { answer = std::move(result); });
    process.loop.run(1s);
    return answer->has_value() ? std::string("has it") : answer->error().what;
  };
  auto first = std::make_unique<DiskRig::Process>(rig.platter, rig.chance(), rig.climate, Time{});
  DiskRig::Process second(rig.platter, rig.chance(), rig.climate, Time{});
  EXPECT_EQ(locks(*first), "has it");
  EXPECT_EQ(locks(second), "simulated: another process has it");
  first.reset();
  EXPECT_EQ(locks(second), "has it");
  rig.platter.kill(rig.chance());
  DiskRig::Process third(rig.platter, rig.chance(), rig.climate, Time{});
  EXPECT_EQ(locks(third), "has it");
}

TEST(SimulatedDisk, a_second_process_that_dies_does_no_harm_to_the_first) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 1);
  bool written = false;
  file->write(0, rig.letters('x'), env::Sync::yes,
              [&](Result<void> result, env::Buffer) { written = result.has_value(); });
  const DiskRig::Process second(rig.platter, rig.chance(), rig.climate, Time{});
  rig.platter.kill(rig.chance(), second.disk.process());
  rig.loop().run(1s);
  EXPECT_TRUE(written);
  EXPECT_EQ(rig.left("a", 0), 'x');
}

TEST(SimulatedDisk, there_is_no_more_space_than_there_is) {
  DiskRig rig;
  rig.platter.limit(4 * block_bytes);
  ASSERT_TRUE(rig.create("a", 3 * block_bytes));
  EXPECT_EQ(rig.create("b", 2 * block_bytes).error().fault, Fault::full);
  EXPECT_EQ(rig.platter.list().size(), 1U);  // nothing is left behind
  EXPECT_EQ(rig.platter.free_bytes(), block_bytes);
  EXPECT_EQ(rig.create("b", 1ULL << 50U).error().fault, Fault::full);
  ASSERT_TRUE(rig.create("b", block_bytes));
  EXPECT_EQ(rig.create("c", block_bytes).error().fault, Fault::full);
  ASSERT_TRUE(rig.remove("a"));
  ASSERT_TRUE(rig.create("c", block_bytes));
}

TEST(SimulatedDisk, operations_are_counted) {
  DiskRig rig;
  const auto file = rig.durable_file("a", 4);
  ASSERT_TRUE(rig.write(*file, 0, 'x', 2));
  ASSERT_TRUE(rig.sync(*file));
  ASSERT_TRUE(rig.read(*file, 0, 4));
  const Platter::Counters& counted = rig.platter.counters();
  EXPECT_EQ(counted.writes, 1U);
  EXPECT_EQ(counted.written_bytes, 2 * block_bytes);
  EXPECT_EQ(counted.syncs, 1U);
  EXPECT_EQ(counted.reads, 1U);
  EXPECT_EQ(counted.read_bytes, 4 * block_bytes);
  EXPECT_EQ(counted.name_changes, 1U);
  EXPECT_EQ(counted.name_syncs, 1U);
}

}  // namespace
}  // namespace bowline::sim
