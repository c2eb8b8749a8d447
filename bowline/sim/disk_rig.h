// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/sim/platter.h"
#include "bowline/sim/process_loop.h"
#include "bowline/sim/simulated_disk.h"

namespace bowline::sim {

// For those who do not mind whether it worked.
inline void either_way(const auto& result) { static_cast<void>(result); }

// A platter and one process that uses it, for tests that go step by step: each call waits in
// virtual time until it is answered.
class DiskRig {
 public:
  explicit DiskRig(std::uint64_t seed = 1, Decisions::Mode mode = Decisions::Mode::draw)
      : decisions_(seed, mode), chance_(decisions_, {.part = Part::disk, .a = 1}) {
    start();
  }

  DiskRig(std::uint64_t seed, Recording replayed)
      : decisions_(seed, std::move(replayed)), chance_(decisions_, {.part = Part::disk, .a = 1}) {
    start();
  }

  // A life of the process.
  struct Process {
    Process(Platter& platter, Chance& chance, const DiskClimate& climate, Time now)
        : loop(chance, now), disk(platter, loop, chance, climate) {}
    ProcessLoop loop;
    SimulatedDisk disk;
  };
  void start() { process_ = std::make_unique<Process>(platter, chance_, climate, now_); }
  void stop() {
    now_ = process_->loop.now();
    process_.reset();
  }
  void lose_power(std::optional<Loss> loss) {
    platter.lose_power(chance_, loss);
    stop();
    start();
  }
  void kill() {
    platter.kill(chance_);
    stop();
    start();
  }

  // An operation that answers with a result. It must answer.
  template <class Value, class Ask>
  Result<Value> answer(Ask ask) {
    std::optional<Result<Value>> answer;
    ask([&](Result<Value> result) { answer = std::move(result); });
    ensure(!answer);  // never before the call has returned
    ensure(process_->loop.run_until([&] { return answer.has_value(); }, std::chrono::minutes(1)));
    return std::move(*answer);
  }
  using FilePtr = std::unique_ptr<env::File>;
  Result<FilePtr> create(const std::string& name, std::uint64_t bytes) {
    return answer<FilePtr>([&](auto done) { disk().create(name, bytes, std::move(done)); });
  }
  Result<FilePtr> open(const std::string& name) {
    return answer<FilePtr>([&](auto done) { disk().open(name, std::move(done)); });
  }
  Result<void> sync_names() {
    return answer<void>([&](auto done) { disk().sync_names(std::move(done)); });
  }
  Result<void> remove(const std::string& name) {
    return answer<void>([&](auto done) { disk().remove(name, std::move(done)); });
  }
  Result<void> rename(const std::string& from, const std::string& to) {
    return answer<void>([&](auto done) { disk().rename(from, to, std::move(done)); });
  }
  Result<void> sync(env::File& file) {
    return answer<void>([&](auto done) { file.sync(std::move(done)); });
  }
  // A file that survives from the start.
  FilePtr durable_file(const std::string& name, std::uint64_t blocks) {
    auto file = create(name, blocks * env::block_bytes);
    ensure(file.has_value());
    ensure(sync_names().has_value());
    return std::move(*file);
  }

  // Blocks full of one letter.
  env::Buffer letters(char letter, std::uint64_t blocks = 1) {
    env::Buffer buffer = disk().buffer(blocks * env::block_bytes);
    std::fill_n(buffer.data(), buffer.size(), letter);
    return buffer;
  }
  Result<void> write(env::File& file, std::uint64_t block, char letter, std::uint64_t blocks = 1,
                     env::Sync sync = env::Sync::no) {
    return answer<void>([&](auto done) {
      file.write(block * env::block_bytes, letters(letter, blocks), sync,
                 [done = std::move(done)](Result<void> result, env::Buffer) mutable {
                   done(std::move(result));
                 });
    });
  }
  Result<env::Buffer> read(env::File& file, std::uint64_t block, std::uint64_t blocks = 1) {
    return answer<env::Buffer>([&](auto done) {
      file.read(block * env::block_bytes, blocks * env::block_bytes, std::move(done));
    });
  }
  // What a reader sees: the letter that a block is full of; '?' if there are several, '!' if it
  // cannot be read, '0' for zeros.
  char seen(env::File& file, std::uint64_t block) {
    const auto read = this->read(file, block);
    return read ? letter_of(read->view()) : '!';
  }
  // What the power would leave of it.
  char left(const std::string& name, std::uint64_t block) const {
    const auto text = platter.durable(name, block * env::block_bytes, env::block_bytes);
    return text ? letter_of(*text) : '-';
  }
  static char letter_of(std::string_view text) {
    if (text.find_first_not_of(text.front()) != std::string_view::npos) return '?';
    return text.front() == '\0' ? '0' : text.front();
  }

  SimulatedDisk& disk() { return process_->disk; }
  ProcessLoop& loop() { return process_->loop; }
  Chance& chance() { return chance_; }
  Decisions& decisions() { return decisions_; }

  DiskClimate climate;
  Platter platter;

 private:
  Decisions decisions_;
  Chance chance_;
  Time now_;
  std::unique_ptr<Process> process_;
};

}  // namespace bowline::sim
