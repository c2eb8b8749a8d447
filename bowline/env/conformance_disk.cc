// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/env/conformance.h"
#include "bowline/env/conformance_steps.h"

namespace bowline::env {
namespace {

std::string letters(char letter, std::size_t blocks = 1) {
  return std::string(blocks * block_bytes, letter);
}

std::vector<std::string> names_of(const std::vector<Listed>& listed) {
  std::vector<std::string> names;
  names.reserve(listed.size());
  for (const Listed& each : listed) names.push_back(each.name);
  return names;
}

std::string a_new_file_is_full_of_zeros(Ground& ground) {
  Steps steps(ground);
  const auto file = steps.create("a", 300);
  if (file == nullptr) return steps.wrong();
  steps.expect(file->size() == 300 * block_bytes, "its size is wrong");
  steps.expect(steps.read(*file, 0, 300) == letters('\0', 300), "it holds no zeros");
  return steps.wrong();
}

std::string what_was_written_is_read(Ground& ground) {
  Steps steps(ground);
  const auto file = steps.create("a", 4);
  if (file == nullptr) return steps.wrong();
  steps.write(*file, 2, 'x', Sync::yes);
  steps.write(*file, 1, 'y', Sync::no);
  steps.expect(
      steps.read(*file, 0, 4) == letters('\0') + letters('y') + letters('x') + letters('\0'),
      "the file holds something else");
  steps.write(*file, 2, 'z', Sync::no);
  steps.sync(*file);
  steps.expect(steps.read(*file, 2, 1) == letters('z'), "the second write to a block is not there");
  return steps.wrong();
}

std::string a_read_at_the_end_is_short(Ground& ground) {
  Steps steps(ground);
  const auto file = steps.create("a", 2);
  if (file == nullptr) return steps.wrong();
  steps.write(*file, 1, 'x');
  steps.expect(steps.read(*file, 1, 5) == letters('x'), "not what is left of the file");
  steps.expect(steps.read(*file, 2, 5).empty(), "something comes from behind the end");
  return steps.wrong();
}

std::string a_buffer_comes_back(Ground& ground) {
  Steps steps(ground);
  const auto file = steps.create("a", 2);
  if (file == nullptr) return steps.wrong();
  Buffer buffer = ground.disk().buffer(block_bytes + 1);
  steps.expect(buffer.size() == 2 * block_bytes, "a buffer is not rounded up to blocks");
  std::fill_n(buffer.data(), buffer.size(), 'x');
  const char* const memory = buffer.data();
  std::optional<Buffer> back;
  file->write(0, std::move(buffer), Sync::yes,
              [&](const Result<void>&, Buffer came) { back = std::move(came); });
  steps.expect(ground.run_until([&] { return back.has_value(); }), "no end of the write");
  if (!steps.wrong().empty()) return steps.wrong();
  steps.expect(back->data() == memory && back->view() == letters('x', 2), "it is another one");
  return steps.wrong();
}

std::string buffers_are_aligned_and_do_not_overlap(Ground& ground) {
  Steps steps(ground);
  std::vector<Buffer> buffers;
  for (int i = 0; i < 200; ++i) {
    Buffer buffer = ground.disk().buffer((static_cast<std::size_t>(i) % 7 * 3000) + 1);
    steps.expect(reinterpret_cast<std::uintptr_t>(buffer.data()) % block_bytes == 0,
                 "a buffer is not aligned");
    std::fill_n(buffer.data(), buffer.size(), static_cast<char>(i));
    buffers.push_back(std::move(buffer));
    if (i % 3 == 2) buffers.erase(buffers.begin());  // which may be lent again
  }
  for (const Buffer& buffer : buffers) {
    const char first = buffer.view().front();
    steps.expect(std::ranges::all_of(buffer.view(), [&](char c) { return c == first; }),
                 "two buffers share memory");
  }
  return steps.wrong();
}

std::string a_large_transfer_is_whole(Ground& ground) {
  constexpr std::size_t blocks = 777;
  Steps steps(ground);
  const auto file = steps.create("a", blocks + 1);
  if (file == nullptr) return steps.wrong();
  Buffer buffer = ground.disk().buffer(blocks * block_bytes);
  std::string expected = letters('\0');
  for (std::size_t i = 0; i < blocks; ++i) {
    const char letter = static_cast<char>('a' + i % 23);
    std::fill_n(buffer.data() + i * block_bytes, block_bytes, letter);
    expected += letters(letter);
  }
  bool done = false;
  file->write(block_bytes, std::move(buffer), Sync::yes, [&](const Result<void>& result, Buffer) {
    steps.expect(result.has_value(), "the write failed");
    done = true;
  });
  steps.expect(ground.run_until([&] { return done; }), "no end of the write");
  steps.expect(steps.read(*file, 0, blocks + 1) == expected, "something else is read");
  return steps.wrong();
}

std::string many_writes_overlap_in_time(Ground& ground) {
  constexpr std::size_t blocks = 300;
  Steps steps(ground);
  const auto file = steps.create("a", blocks);
  if (file == nullptr) return steps.wrong();
  std::size_t ended = 0;
  bool is_synced = false;
  for (std::size_t i = 0; i < blocks; ++i) {
    Buffer buffer = ground.disk().buffer(block_bytes);
    std::fill_n(buffer.data(), block_bytes, static_cast<char>(i));
    file->write(i * block_bytes, std::move(buffer), i % 2 == 0 ? Sync::yes : Sync::no,
                [&](const Result<void>& result, Buffer) {
                  steps.expect(result.has_value(), "a write failed");
                  ++ended;
                });
  }
  file->sync([&](const Result<void>& result) {
    steps.expect(result.has_value() && ended == blocks, "the sync did not wait for the writes");
    is_synced = true;
  });
  steps.expect(ended == 0 && !is_synced, "called back within the call");
  steps.expect(ground.run_until([&] { return is_synced; }), "no end of the sync");
  std::string expected;
  for (std::size_t i = 0; i < blocks; ++i) expected += letters(static_cast<char>(i));
  steps.expect(steps.read(*file, 0, blocks) == expected, "something else is read");
  return steps.wrong();
}

// The callback may do anything: here, it ends the file and asks for more of another.
std::string a_callback_may_close_its_file(Ground& ground) {
  Steps steps(ground);
  auto file = steps.create("a", 1);
  const auto other = steps.create("b", 1);
  if (file == nullptr || other == nullptr) return steps.wrong();
  bool done = false;
  file->write(0, ground.disk().buffer(block_bytes), Sync::yes, [&](const Result<void>&, Buffer) {
    file.reset();
    other->sync([&](const Result<void>&) { done = true; });
  });
  steps.expect(ground.run_until([&] { return done; }), "no end");
  return steps.wrong();
}

std::string a_closed_file_tells_nobody(Ground& ground) {
  Steps steps(ground);
  auto file = steps.create("a", 8);
  if (file == nullptr) return steps.wrong();
  bool told = false;
  for (std::size_t i = 0; i < 4; ++i) {
    file->write(i * block_bytes, ground.disk().buffer(block_bytes), Sync::yes,
                [&](const Result<void>&, Buffer) { told = true; });
  }
  file->sync([&](const Result<void>&) { told = true; });
  file->read(4 * block_bytes, block_bytes, [&](const Result<Buffer>&) { told = true; });
  file->read(8 * block_bytes, block_bytes, [&](const Result<Buffer>&) { told = true; });
  file.reset();
  const auto again = steps.open("a");
  for (int i = 0; i < 4 && again != nullptr; ++i) steps.write(*again, 7, 'x');
  steps.expect(!told, "a callback of a file that is closed was called");
  return steps.wrong();
}

std::string a_disk_that_is_gone_tells_nobody(Ground& ground) {
  Steps steps(ground);
  auto file = steps.create("a", 2);
  if (file == nullptr) return steps.wrong();
  bool told = false;
  file->write(0, ground.disk().buffer(block_bytes), Sync::yes,
              [&](const Result<void>&, Buffer) { told = true; });
  ground.disk().list([&](const Result<std::vector<Listed>>&) { told = true; });
  ground.disk().create("b", block_bytes,
                       [&](const Result<std::unique_ptr<File>>&) { told = true; });
  file.reset();
  ground.reopen();
  steps.list();
  steps.expect(!told, "a callback of a disk that is gone was called");
  return steps.wrong();
}

std::string the_list_is_sorted_and_knows_sizes(Ground& ground) {
  Steps steps(ground);
  steps.create("b", 2);
  steps.create("c", 0);
  steps.create("a", 1);
  const std::vector<Listed> listed = steps.list();
  if (!steps.expect(names_of(listed) == std::vector<std::string>{"a", "b", "c"}, "wrong names"))
    return steps.wrong();
  steps.expect(
      listed[0].bytes == block_bytes && listed[1].bytes == 2 * block_bytes && listed[2].bytes == 0,
      "wrong sizes");
  return steps.wrong();
}

std::string a_name_is_given_once(Ground& ground) {
  Steps steps(ground);
  const auto file = steps.create("a", 1);
  if (file == nullptr) return steps.wrong();
  steps.write(*file, 0, 'x');
  steps.refuse_file("create over another", Fault::exists, [&](auto done) {
    ground.disk().create("a", 2 * block_bytes, std::move(done));
  });
  steps.expect(steps.read(*file, 0, 2) == letters('x'), "what was there is gone");
  steps.remove("a");
  const auto next = steps.create("a", 1);
  if (next == nullptr) return steps.wrong();
  steps.expect(steps.read(*next, 0, 1) == letters('\0'), "the new file is not empty");
  return steps.wrong();
}

std::string what_is_not_there_is_not_found(Ground& ground) {
  Steps steps(ground);
  Disk& disk = ground.disk();
  steps.refuse_file("open", Fault::not_found, [&](auto done) { disk.open("a", std::move(done)); });
  steps.refuse("remove", Fault::not_found, [&](auto done) { disk.remove("a", std::move(done)); });
  steps.refuse("rename", Fault::not_found,
               [&](auto done) { disk.rename("a", "b", std::move(done)); });
  steps.expect(steps.list().empty(), "something is there after all");
  return steps.wrong();
}

std::string rename_replaces(Ground& ground) {
  Steps steps(ground);
  const auto a = steps.create("a", 1);
  const auto b = steps.create("b", 2);
  if (a == nullptr || b == nullptr) return steps.wrong();
  steps.write(*a, 0, 'x');
  steps.rename("a", "b");
  steps.expect(names_of(steps.list()) == std::vector<std::string>{"b"}, "both names are there");
  const auto opened = steps.open("b");
  if (opened == nullptr) return steps.wrong();
  steps.expect(steps.read(*opened, 0, 2) == letters('x'), "it is not the renamed file");
  steps.write(*a, 0, 'y');
  steps.expect(steps.read(*opened, 0, 1) == letters('y'), "an open file did not move along");
  return steps.wrong();
}

std::string what_does_not_fit_leaves_nothing(Ground& ground) {
  Steps steps(ground);
  steps.refuse_file("create of a pebibyte", Fault::full,
                    [&](auto done) { ground.disk().create("a", 1ULL << 50U, std::move(done)); });
  steps.expect(steps.list().empty(), "it left something behind");
  steps.create("a", 1);
  return steps.wrong();
}

std::string what_is_synced_is_there_again(Ground& ground) {
  Steps steps(ground);
  auto file = steps.create("a", 3);
  if (file == nullptr) return steps.wrong();
  steps.create("old", 1);
  steps.rename("old", "new");
  steps.sync_names();
  steps.write(*file, 1, 'x', Sync::yes);
  steps.write(*file, 2, 'y', Sync::no);
  steps.sync(*file);
  file.reset();
  ground.reopen();
  steps.expect(names_of(steps.list()) == std::vector<std::string>{"a", "new"}, "names are missing");
  const auto opened = steps.open("a");
  if (opened == nullptr) return steps.wrong();
  steps.expect(opened->size() == 3 * block_bytes, "its size is wrong");
  steps.expect(steps.read(*opened, 0, 3) == letters('\0') + letters('x') + letters('y'),
               "what was synced is not there");
  return steps.wrong();
}

std::string a_directory_has_one_user(Ground& ground) {
  Steps steps(ground);
  steps.succeed("lock", [&](auto done) { ground.disk().lock(std::move(done)); });
  {
    const std::unique_ptr<Disk> another = ground.another();
    steps.refuse("lock by another", Fault::exists,
                 [&](auto done) { another->lock(std::move(done)); });
  }
  ground.reopen();
  const std::unique_ptr<Disk> another = ground.another();
  steps.succeed("lock after the first is gone", [&](auto done) { another->lock(std::move(done)); });
  steps.refuse("lock, although another has it now", Fault::exists,
               [&](auto done) { ground.disk().lock(std::move(done)); });
  return steps.wrong();
}

constexpr std::array all = {
    Check{"a_new_file_is_full_of_zeros", a_new_file_is_full_of_zeros},
    Check{"what_was_written_is_read", what_was_written_is_read},
    Check{"a_read_at_the_end_is_short", a_read_at_the_end_is_short},
    Check{"a_buffer_comes_back", a_buffer_comes_back},
    Check{"buffers_are_aligned_and_do_not_overlap", buffers_are_aligned_and_do_not_overlap},
    Check{"a_large_transfer_is_whole", a_large_transfer_is_whole},
    Check{"many_writes_overlap_in_time", many_writes_overlap_in_time},
    Check{"a_callback_may_close_its_file", a_callback_may_close_its_file},
    Check{"a_closed_file_tells_nobody", a_closed_file_tells_nobody},
    Check{"a_disk_that_is_gone_tells_nobody", a_disk_that_is_gone_tells_nobody},
    Check{"the_list_is_sorted_and_knows_sizes", the_list_is_sorted_and_knows_sizes},
    Check{"a_name_is_given_once", a_name_is_given_once},
    Check{"what_is_not_there_is_not_found", what_is_not_there_is_not_found},
    Check{"rename_replaces", rename_replaces},
    Check{"what_does_not_fit_leaves_nothing", what_does_not_fit_leaves_nothing},
    Check{"what_is_synced_is_there_again", what_is_synced_is_there_again},
    Check{"a_directory_has_one_user", a_directory_has_one_user},
};

}  // namespace

std::span<const Check> disk_checks() { return all; }

}  // namespace bowline::env
