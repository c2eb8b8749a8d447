// SPDX-License-Identifier: Apache-2.0
//
// What only several processes can show. This program starts itself again with the name of a part:
//
//   process_test                     the tests
//   process_test --rounds N          more kills for each way
//   process_test lock WAY DIRECTORY  takes the lock, says so, and waits for its death
//   process_test write WAY DIRECTORY writes, and says what is durable, until its death
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bowline/base/ensure.h"
#include "bowline/runtime/disk.h"
#include "bowline/runtime/handle.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/test_places.h"
#include "bowline/runtime/uring_transfers.h"

namespace bowline::runtime {
namespace {

using Way = DiskOptions::Way;

constexpr std::uint64_t blocks = 256;
int rounds = 20;

const char* word_of(Way way) { return way == Way::uring ? "uring" : "threads"; }

// What the n-th write puts where.
std::uint64_t place_of(std::uint64_t number) { return number % blocks * env::block_bytes; }

void stamp(env::Buffer& buffer, std::uint64_t number) {
  for (std::size_t at = 0; at < buffer.size(); at += sizeof number)
    std::memcpy(buffer.data() + at, &number, sizeof number);
}

// The number that a block is full of; nothing: it is torn.
std::optional<std::uint64_t> stamp_of(std::string_view block) {
  std::uint64_t number = 0;
  std::memcpy(&number, block.data(), sizeof number);
  for (std::size_t at = 0; at < block.size(); at += sizeof number) {
    if (std::memcmp(block.data() + at, &number, sizeof number) != 0) return std::nullopt;
  }
  return number;
}

void say(std::uint64_t number) {
  ensure(::write(STDOUT_FILENO, &number, sizeof number) == sizeof number);
}

// The parts that are killed.

std::unique_ptr<env::Disk> opened(Loop& loop, const char* way, const std::string& path) {
  auto disk =
      open_disk(path, loop, {.way = std::string_view(way) == "uring" ? Way::uring : Way::threads});
  ensure(disk.has_value());
  return std::move(*disk);
}

int hold_lock(const char* way, const char* path) {
  Loop loop;
  const auto disk = opened(loop, way, path);
  disk->lock([](const Result<void>& locked) {
    ensure(locked.has_value());
    say(1);
  });
  loop.run();
  return 0;
}

// Four at a time, in any order, each in a block of its own.
class Writer {
 public:
  Writer(Loop& loop, env::Disk& disk) : disk_(disk) {
    disk.open("a", [this](Result<std::unique_ptr<env::File>> file) {
      ensure(file.has_value());
      file_ = std::move(*file);
      for (int i = 0; i < 4; ++i) write();
    });
    loop.run();
  }

 private:
  void write() {
    const std::uint64_t number = ++last_;
    env::Buffer buffer = disk_.buffer(env::block_bytes);
    stamp(buffer, number);
    file_->write(place_of(number), std::move(buffer), env::Sync::yes,
                 [this, number](const Result<void>& wrote, const env::Buffer&) {
                   ensure(wrote.has_value());
                   say(number);
                   write();
                 });
  }

  env::Disk& disk_;
  std::unique_ptr<env::File> file_;
  std::uint64_t last_ = 0;
};

int write_on(const char* way, const char* path) {
  Loop loop;
  const auto disk = opened(loop, way, path);
  const Writer writer(loop, *disk);
  return 0;
}

// Another run of this program, and what it says.
class Child {
 public:
  Child(const char* part, Way way, const std::string& path) {
    std::array<int, 2> ends{};
    ensure(::pipe2(ends.data(), O_CLOEXEC) == 0);
    heard_ = Handle(ends[0]);
    const Handle said(ends[1]);
    posix_spawn_file_actions_t actions{};
    ensure(posix_spawn_file_actions_init(&actions) == 0);
    ensure(posix_spawn_file_actions_adddup2(&actions, said.number(), STDOUT_FILENO) == 0);
    std::array<std::string, 4> words = {"process_test", part, word_of(way), path};
    std::array<char*, 5> pointers{};
    for (std::size_t i = 0; i < words.size(); ++i) pointers[i] = words[i].data();
    ensure(::posix_spawn(&process_, "/proc/self/exe", &actions, nullptr, pointers.data(),
                         environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Child() { kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  std::optional<std::uint64_t> hear() {
    std::uint64_t number = 0;
    return ::read(heard_.number(), &number, sizeof number) == sizeof number ? std::optional(number)
                                                                            : std::nullopt;
  }
  void kill() {
    if (process_ == 0) return;
    ::kill(process_, SIGKILL);
    int status = 0;
    ensure(::waitpid(std::exchange(process_, 0), &status, 0) > 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself";
  }

 private:
  pid_t process_ = 0;
  Handle heard_;
};

std::vector<Way> ways() {
  Loop loop;
  if (UringTransfers::open(loop)) return {Way::uring, Way::threads};
  std::printf("this kernel refuses io_uring: only the threads are tested\n");
  return {Way::threads};
}

std::optional<Error> lock_error(RealGround& ground) {
  std::optional<Result<void>> locked;
  ground.disk().lock([&](const Result<void>& result) { locked = result; });
  EXPECT_TRUE(ground.run_until([&] { return locked.has_value(); }));
  return *locked ? std::nullopt : std::optional(locked->error());
}

TEST(Processes, one_has_the_directory_until_it_dies) {
  for (const Way way : ways()) {
    RealGround ground(ordinary_parent(), {.way = way});
    Child child("lock", way, ground.path());
    ASSERT_TRUE(child.hear().has_value());
    const std::optional<Error> error = lock_error(ground);
    ASSERT_TRUE(error.has_value());
    EXPECT_EQ(error->fault, Fault::exists);
    EXPECT_EQ(error->what, "the directory " + ground.path() +
                               " is in use by another process, or a second time by this one: end "
                               "that first, or choose another directory");
    child.kill();
    EXPECT_FALSE(lock_error(ground).has_value());
  }
}

std::string content_of(RealGround& ground) {
  std::unique_ptr<env::File> file;
  std::string content;
  ground.disk().open("a", [&](Result<std::unique_ptr<env::File>> opened) {
    ensure(opened.has_value());
    file = std::move(*opened);
    file->read(0, blocks * env::block_bytes, [&](const Result<env::Buffer>& read) {
      ensure(read.has_value());
      content = read->view();
    });
  });
  EXPECT_TRUE(ground.run_until([&] { return !content.empty(); }));
  return content;
}

void create(RealGround& ground) {
  bool is_made = false;
  ground.disk().create("a", blocks * env::block_bytes, [&](const auto& file) {
    ensure(file.has_value());
    is_made = true;
  });
  EXPECT_TRUE(ground.run_until([&] { return is_made; }));
}

// Of each block: at least what was said to be durable there last.
void kill_while_it_writes(Way way, int before_death) {
  RealGround ground(ordinary_parent(), {.way = way});
  create(ground);
  std::array<std::uint64_t, blocks> durable{};
  const auto note = [&](std::uint64_t number) {
    std::uint64_t& last = durable[number % blocks];
    last = std::max(last, number);
  };
  {
    Child child("write", way, ground.path());
    for (int i = 0; i < before_death; ++i) {
      const std::optional<std::uint64_t> number = child.hear();
      ASSERT_TRUE(number.has_value());
      note(*number);
    }
    child.kill();
    while (const std::optional<std::uint64_t> number = child.hear()) note(*number);
  }
  const std::string content = content_of(ground);
  for (std::uint64_t i = 0; i < blocks; ++i) {
    const std::optional<std::uint64_t> found =
        stamp_of(std::string_view(content).substr(i * env::block_bytes, env::block_bytes));
    ASSERT_TRUE(found.has_value()) << "block " << i << " is torn";
    EXPECT_GE(*found, durable[i]);
    EXPECT_TRUE(*found == 0 || *found % blocks == i);
  }
}

TEST(Processes, what_was_durable_outlives_a_kill) {
  for (const Way way : ways()) {
    for (int round = 0; round < rounds; ++round) kill_while_it_writes(way, 1 + round * 37 % 301);
  }
}

}  // namespace

int main_of_process_test(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "lock") return hold_lock(argv[2], argv[3]);
  if (argc == 4 && std::string_view(argv[1]) == "write") return write_on(argv[2], argv[3]);
  testing::InitGoogleTest(&argc, argv);
  if (argc == 3 && std::string_view(argv[1]) == "--rounds") rounds = std::atoi(argv[2]);
  return RUN_ALL_TESTS();
}

}  // namespace bowline::runtime

int main(int argc, char** argv) { return bowline::runtime::main_of_process_test(argc, argv); }
