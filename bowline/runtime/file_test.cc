// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/file.h"

#include <cerrno>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/runtime/buffers.h"
#include "bowline/runtime/loop.h"

namespace bowline::runtime {
namespace {

constexpr std::uint64_t block = env::block_bytes;
using Kind = Transfer::Kind;

// A kernel that does what a test tells it to.
class Scripted final : public Transfers {
 public:
  void start(std::unique_ptr<Transfer> transfer) override {
    asked.push_back({transfer->kind, transfer->offset, transfer->from, transfer->bytes});
    under_way.push_back(std::move(transfer));
  }
  void finish() override {}
  env::Buffer lend(std::size_t bytes) override { return buffers_.lend(bytes); }

  void answer(std::int64_t result, std::size_t which = 0) {
    std::unique_ptr<Transfer> transfer = std::move(under_way.at(which));
    under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(which));
    end(std::move(transfer), result);
  }

  struct Asked {
    Kind kind = Kind::sync;
    std::uint64_t offset = 0;
    std::uint64_t from = 0;
    std::uint64_t bytes = 0;
    friend bool operator==(const Asked&, const Asked&) = default;
  };
  std::vector<Asked> asked;
  std::deque<std::unique_ptr<Transfer>> under_way;

 private:
  Buffers buffers_;
};

struct Desk {
  explicit Desk(bool direct = true)
      : file(life, OpenFile{std::make_shared<const Handle>(), "a/b", 100 * block, direct}) {}

  // What is under way holds the file, and that this kernel.
  ~Desk() { kernel->under_way.clear(); }
  Desk(const Desk&) = delete;
  Desk& operator=(const Desk&) = delete;

  void write(std::uint64_t offset, std::uint64_t blocks, env::Sync sync) {
    file.write(offset, kernel->lend(blocks * block), sync,
               [this](const Result<void>& result, const env::Buffer&) { tell(result); });
  }
  void sync() {
    file.sync([this](const Result<void>& result) { tell(result); });
  }
  void read(std::uint64_t offset, std::uint64_t blocks) {
    file.read(offset, blocks * block, [this](const Result<env::Buffer>& result) {
      told.push_back(result ? std::to_string(result->size()) : result.error().what);
    });
  }
  void tell(const Result<void>& result) { told.push_back(result ? "ok" : result.error().what); }

  Loop loop;
  std::shared_ptr<Scripted> kernel = std::make_shared<Scripted>();
  std::shared_ptr<DiskLife> life = std::make_shared<DiskLife>(loop, kernel);
  File file;
  std::vector<std::string> told;
};

using Told = std::vector<std::string>;
using AllAsked = std::vector<Scripted::Asked>;

TEST(File, a_short_write_is_continued_from_the_last_whole_block) {
  Desk desk;
  desk.write(block, 4, env::Sync::yes);
  desk.kernel->answer(2 * block + 512);
  desk.kernel->answer(-EINTR);
  desk.kernel->answer(-EAGAIN);
  EXPECT_TRUE(desk.told.empty());
  desk.kernel->answer(2 * block);
  EXPECT_EQ(desk.told, Told{"ok"});
  const Scripted::Asked rest{Kind::durable_write, 3 * block, 2 * block, 2 * block};
  EXPECT_EQ(desk.kernel->asked,
            (AllAsked{{Kind::durable_write, block, 0, 4 * block}, rest, rest, rest}));
}

TEST(File, a_write_that_makes_no_progress_fails) {
  for (const std::int64_t progress : {0, 512}) {
    Desk desk;
    desk.write(block, 4, env::Sync::yes);
    desk.kernel->answer(progress);
    EXPECT_EQ(desk.told, Told{"cannot write 16384 bytes at 4096 of a/b: Input/output error"});
  }
}

TEST(File, a_kernel_that_never_has_time_has_a_fault) {
  Desk desk;
  desk.write(0, 1, env::Sync::no);
  int attempts = 0;
  for (; desk.told.empty() && attempts < 2000; ++attempts) desk.kernel->answer(-EAGAIN);
  EXPECT_EQ(desk.told,
            Told{"cannot write 4096 bytes at 0 of a/b: Resource temporarily unavailable"});
  EXPECT_EQ(attempts, 1000);
}

TEST(File, a_short_read_is_continued_up_to_the_end) {
  Desk desk;
  desk.read(98 * block, 4);
  desk.kernel->answer(block);
  desk.kernel->answer(block);
  EXPECT_EQ(desk.told, Told{std::to_string(2 * block)});
  desk.read(98 * block, 4);
  desk.kernel->answer(block);
  desk.kernel->answer(100);  // somebody has cut the file
  EXPECT_EQ(desk.told.back(), std::to_string(block + 100));
  EXPECT_EQ(desk.kernel->asked[0], (Scripted::Asked{Kind::read, 98 * block, 0, 2 * block}));
  EXPECT_EQ(desk.kernel->asked[1], (Scripted::Asked{Kind::read, 99 * block, block, block}));
}

TEST(File, an_error_of_a_read_is_told_and_forgotten) {
  Desk desk;
  desk.read(0, 2);
  desk.kernel->answer(-EIO);
  desk.write(0, 1, env::Sync::yes);
  desk.kernel->answer(block);
  EXPECT_EQ(desk.told, (Told{"cannot read 8192 bytes at 0 of a/b: Input/output error", "ok"}));
}

TEST(File, a_sync_waits_for_the_writes_before_it_and_for_no_others) {
  Desk desk;
  desk.write(0, 1, env::Sync::no);
  desk.write(block, 1, env::Sync::no);
  desk.sync();
  desk.write(2 * block, 1, env::Sync::no);
  EXPECT_EQ(desk.kernel->asked.size(), 3U);
  desk.kernel->answer(block, 1);
  EXPECT_EQ(desk.kernel->asked.size(), 3U);
  desk.kernel->answer(block, 0);
  ASSERT_EQ(desk.kernel->asked.size(), 4U);
  EXPECT_EQ(desk.kernel->asked[3].kind, Kind::sync);
  EXPECT_EQ(desk.told.size(), 2U);
  desk.kernel->answer(0, 1);
  EXPECT_EQ(desk.told.size(), 3U);
}

TEST(File, after_a_sync_that_failed_no_other_can_succeed) {
  Desk desk;
  desk.sync();
  desk.kernel->answer(-EIO);
  desk.sync();
  desk.kernel->answer(0);  // the kernel has forgotten
  const std::string error = "cannot sync a/b: Input/output error";
  EXPECT_EQ(desk.told, (Told{error, error}));
  desk.write(0, 1, env::Sync::yes);
  EXPECT_TRUE(desk.kernel->under_way.empty());
  EXPECT_TRUE(desk.loop.run_until([&] { return desk.told.size() == 3; }));
  EXPECT_EQ(desk.told.back(), error);
}

TEST(File, a_durable_write_through_the_cache_is_synced_afterwards) {
  Desk desk(false);
  desk.write(0, 1, env::Sync::yes);
  desk.kernel->answer(block);
  EXPECT_TRUE(desk.told.empty());
  desk.kernel->answer(0);
  EXPECT_EQ(desk.told, Told{"ok"});
  desk.read(0, 1);
  EXPECT_EQ(desk.kernel->asked, (AllAsked{{Kind::write, 0, 0, block},
                                          {Kind::sync, 0, 0, 0},
                                          {Kind::read_uncached, 0, 0, block}}));
}

TEST(File, a_write_through_the_cache_whose_sync_fails_is_not_durable) {
  Desk desk(false);
  desk.write(0, 1, env::Sync::yes);
  desk.kernel->answer(block);
  desk.kernel->answer(-ENOSPC);
  EXPECT_EQ(desk.told, Told{"cannot sync a/b: No space left on device"});
}

TEST(File, a_closed_file_ends_what_it_began) {
  Desk desk;
  auto file = std::make_unique<File>(
      desk.life, OpenFile{std::make_shared<const Handle>(), "a/c", 100 * block, true});
  file->write(0, desk.kernel->lend(2 * block), env::Sync::no,
              [](const Result<void>&, const env::Buffer&) { FAIL(); });
  file->sync([](const Result<void>&) { FAIL(); });
  file.reset();
  desk.kernel->answer(block);
  desk.kernel->answer(block);
  ASSERT_EQ(desk.kernel->asked.size(), 3U);
  EXPECT_EQ(desk.kernel->asked.back().kind, Kind::sync);
  desk.kernel->answer(0);
}

}  // namespace
}  // namespace bowline::runtime
