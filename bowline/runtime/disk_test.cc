// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/disk.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "bowline/env/conformance.h"
#include "bowline/runtime/fault.h"
#include "bowline/runtime/handle.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/test_limits.h"
#include "bowline/runtime/test_places.h"
#include "bowline/runtime/uring_transfers.h"

namespace bowline::env {

std::ostream& operator<<(std::ostream& out, const Check& check) { return out << check.name; }

}  // namespace bowline::env

namespace bowline::runtime {
namespace {

using Way = DiskOptions::Way;

struct Kind {
  const char* name = nullptr;
  DiskOptions options;
  bool in_memory = false;
};

std::ostream& operator<<(std::ostream& out, const Kind& kind) { return out << kind.name; }

bool has_uring() {
  Loop loop;
  return UringTransfers::open(loop).has_value();
}

// All four ways on a disk and on tmpfs. A kernel that refuses io_uring has the threads only, and
// the output says so.
std::vector<Kind> kinds() {
  std::vector<Kind> all = {
      {"threads", {.way = Way::threads}, false},
      {"threads_cached", {.way = Way::threads, .direct = false}, false},
      {"threads_in_memory", {.way = Way::threads}, true},
      {"threads_in_memory_cached", {.way = Way::threads, .direct = false}, true},
  };
  if (!has_uring()) {
    std::printf("this kernel refuses io_uring: only the threads are tested\n");
    return all;
  }
  all.push_back({"uring", {.way = Way::uring}, false});
  all.push_back({"uring_cached", {.way = Way::uring, .direct = false}, false});
  all.push_back({"uring_in_memory", {.way = Way::uring}, true});
  all.push_back({"uring_in_memory_cached", {.way = Way::uring, .direct = false}, true});
  return all;
}

class Conformance : public testing::TestWithParam<std::tuple<Kind, env::Check>> {};

TEST_P(Conformance, holds) {
  const auto& [kind, check] = GetParam();
  RealGround ground(kind.in_memory ? memory_parent() : ordinary_parent(), kind.options);
  EXPECT_EQ(check.run(ground), "");
}

INSTANTIATE_TEST_SUITE_P(Disk, Conformance,
                         testing::Combine(testing::ValuesIn(kinds()),
                                          testing::ValuesIn(env::disk_checks().begin(),
                                                            env::disk_checks().end())),
                         [](const testing::TestParamInfo<Conformance::ParamType>& test) {
                           return std::string(std::get<0>(test.param).name) + "_" +
                                  std::get<1>(test.param).name;
                         });

Error error_of(const Result<std::unique_ptr<env::Disk>>& disk) {
  return disk ? Error{Fault::io, "no error"} : disk.error();
}

TEST(OpenDisk, creates_the_directory_but_not_its_parents) {
  const Scratch scratch(ordinary_parent());
  Loop loop;
  EXPECT_TRUE(open_disk(scratch.path() + "/a", loop).has_value());
  EXPECT_TRUE(open_disk(scratch.path() + "/a/", loop).has_value());
  const Error error = error_of(open_disk(scratch.path() + "/b/c", loop));
  EXPECT_EQ(error.fault, Fault::not_found);
  EXPECT_EQ(error.what, "cannot create the directory " + scratch.path() +
                            "/b/c (create its parent first): No such file or directory");
}

TEST(OpenDisk, refuses_a_file_and_what_is_below_one) {
  const Scratch scratch(ordinary_parent());
  const std::string file = scratch.path() + "/file";
  std::ofstream(file) << "text";
  Loop loop;
  EXPECT_EQ(
      error_of(open_disk(file, loop)).what,
      "cannot use the directory " + file + " (name a directory, not a file): Not a directory");
  EXPECT_EQ(error_of(open_disk(file + "/below", loop)).what,
            "cannot use the directory " + file +
                "/below (name a directory, not a file): Not a directory");
}

TEST(OpenDisk, takes_the_best_way_and_says_which) {
  const Scratch scratch(ordinary_parent());
  Loop loop;
  const auto best = open_disk(scratch.path(), loop);
  const auto forced = open_disk(scratch.path(), loop, {.way = Way::threads});
  ASSERT_TRUE(best && forced);
  EXPECT_EQ(way_of(**best), has_uring() ? Way::uring : Way::threads);
  EXPECT_EQ(describe(**best).starts_with("threads, because io_uring"), !has_uring());
  EXPECT_EQ(way_of(**forced), Way::threads);
  EXPECT_EQ(describe(**forced), "threads");
  EXPECT_EQ((*best)->path(), scratch.path());
}

// Ends a limit on the size of files with the test.
class SizeLimit {
 public:
  explicit SizeLimit(std::uint64_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit limit{bytes, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~SizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

class Errors : public testing::TestWithParam<Kind> {};

std::unique_ptr<env::File> created(RealGround& ground, const char* name, std::uint64_t bytes) {
  std::optional<Result<std::unique_ptr<env::File>>> made;
  ground.disk().create(name, bytes, [&](auto file) { made.emplace(std::move(file)); });
  EXPECT_TRUE(ground.run_until([&] { return made.has_value(); }));
  return *made ? std::move(**made) : nullptr;
}

TEST_P(Errors, a_file_that_cannot_be_filled_is_removed) {
  RealGround ground(ordinary_parent(), GetParam().options);
  std::string what;
  std::optional<std::vector<env::Listed>> listed;
  {
    const SizeLimit limit(64 << 10);
    ground.disk().create("a", 1 << 20, [&](const auto& file) {
      ASSERT_FALSE(file.has_value());
      EXPECT_EQ(file.error().fault, Fault::full);
      what = file.error().what;
    });
    ASSERT_TRUE(ground.run_until([&] { return !what.empty(); }));
  }
  EXPECT_EQ(what, "cannot create " + ground.path() + "/a with 1048576 bytes: File too large");
  ground.disk().list([&](const auto& names) { listed = names.value(); });
  ASSERT_TRUE(ground.run_until([&] { return listed.has_value(); }));
  EXPECT_TRUE(listed->empty());
}

TEST_P(Errors, without_descriptors_nothing_is_done_and_later_all_is_well) {
  RealGround ground(ordinary_parent(), GetParam().options);
  ASSERT_NE(created(ground, "a", env::block_bytes), nullptr);
  std::vector<std::string> told;
  const auto note = [&](const auto& result) {
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().fault, Fault::full);
    told.push_back(result.error().what);
  };
  {
    const NoMoreFiles limit;
    ground.disk().create("b", env::block_bytes, note);
    ground.disk().open("a", note);
    ground.disk().list(note);
    ASSERT_TRUE(ground.run_until([&] { return told.size() == 3; }));
  }
  const std::string why =
      ": Too many open files: this process may not open more; raise its limit of open files "
      "(ulimit -n, or LimitNOFILE= of systemd)";
  EXPECT_EQ(told, (std::vector{"cannot create " + ground.path() + "/b" + why,
                               "cannot open " + ground.path() + "/a" + why,
                               "cannot list the directory " + ground.path() + why}));
  std::optional<std::vector<env::Listed>> listed;
  ground.disk().list([&](const auto& names) { listed = names.value(); });
  ASSERT_TRUE(ground.run_until([&] { return listed.has_value(); }));
  EXPECT_EQ(listed->size(), 1U);
  EXPECT_NE(created(ground, "b", env::block_bytes), nullptr);
}

TEST(Faults, what_was_not_opened_may_be_later_and_what_was_not_written_may_not) {
  for (const int number : {EMFILE, ENFILE, ENOMEM})
    EXPECT_EQ(opening_error(number, "x").fault, Fault::full) << number;
  for (const int number : {EIO, ENXIO, EROFS})
    EXPECT_EQ(opening_error(number, "x").fault, Fault::io) << number;
  EXPECT_EQ(system_error(ENOMEM, "x").fault, Fault::io);
  EXPECT_NE(system_error(ENFILE, "x").what.find("fs.file-max"), std::string::npos);
}

TEST_P(Errors, a_file_that_failed_once_is_never_trusted_again) {
  RealGround ground(ordinary_parent(), GetParam().options);
  const auto file = created(ground, "a", 256 << 10);
  ASSERT_NE(file, nullptr);
  std::vector<std::string> told;
  const auto write = [&](std::uint64_t offset) {
    file->write(offset, ground.disk().buffer(env::block_bytes), env::Sync::yes,
                [&](const Result<void>& result, const env::Buffer& back) {
                  EXPECT_EQ(back.size(), env::block_bytes);
                  told.push_back(result ? "ok" : result.error().what);
                });
    const std::size_t wanted = told.size() + 1;
    ASSERT_TRUE(ground.run_until([&] { return told.size() == wanted; }));
  };
  write(0);
  {
    const SizeLimit limit(64 << 10);
    write(128 << 10);
  }
  const std::string error =
      "cannot write 4096 bytes at 131072 of " + ground.path() + "/a: File too large";
  write(0);
  file->sync(
      [&](const Result<void>& result) { told.push_back(result ? "ok" : result.error().what); });
  ASSERT_TRUE(ground.run_until([&] { return told.size() == 4; }));
  EXPECT_EQ(told, (std::vector<std::string>{"ok", error, error, error}));
}

INSTANTIATE_TEST_SUITE_P(Disk, Errors, testing::ValuesIn(kinds()),
                         [](const auto& test) { return std::string(test.param.name); });

// By the flags of a file's extents: promised (by fallocate) only, or not even that.
bool is_written(const std::string& path, std::uint64_t bytes) {
  constexpr std::uint32_t most = 64;
  std::vector<char> memory(sizeof(fiemap) + most * sizeof(fiemap_extent));
  auto* const map = reinterpret_cast<fiemap*>(memory.data());
  map->fm_length = bytes;
  map->fm_extent_count = most;
  const Handle file(::open(path.c_str(), O_RDONLY));
  if (::ioctl(file.number(), FS_IOC_FIEMAP, map) != 0) {
    std::printf("this file system does not say what of a file is written\n");
    return true;
  }
  std::uint64_t written = 0;
  for (std::uint32_t i = 0; i < map->fm_mapped_extents; ++i) {
    const fiemap_extent& extent = map->fm_extents[i];
    if ((extent.fe_flags & FIEMAP_EXTENT_UNWRITTEN) == 0) written += extent.fe_length;
  }
  return written >= bytes;
}

TEST(Disk, a_new_file_is_written_and_not_only_promised) {
  for (const Kind& kind : kinds()) {
    RealGround ground(ordinary_parent(), kind.options);
    ASSERT_NE(created(ground, "a", 5 << 20), nullptr);
    EXPECT_TRUE(is_written(ground.path() + "/a", 5 << 20)) << kind.name;
  }
}

TEST(Disk, what_is_under_way_reaches_the_disk_although_its_file_is_closed) {
  for (const Kind& kind : kinds()) {
    RealGround ground(ordinary_parent(), kind.options);
    auto file = created(ground, "a", 1 << 20);
    ASSERT_NE(file, nullptr);
    env::Buffer buffer = ground.disk().buffer(1 << 20);
    std::fill_n(buffer.data(), buffer.size(), 'x');
    file->write(0, std::move(buffer), env::Sync::yes,
                [](const Result<void>&, const env::Buffer&) { FAIL(); });
    file.reset();
    ground.reopen();
    std::ifstream in(ground.path() + "/a", std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    EXPECT_TRUE(content == std::string(1 << 20, 'x')) << kind.name;
  }
}

}  // namespace
}  // namespace bowline::runtime
