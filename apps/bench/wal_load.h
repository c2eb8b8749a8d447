// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bowline/base/bytes.h"

namespace bowline::bench {

// What is written: so many proposals are outstanding, and whenever some are durable as many new
// ones come, of the next groups in turn.
struct Load {
  std::uint64_t groups = 1;
  std::size_t payload = 256;
  std::size_t waiting = 64;
  std::size_t together = 1;  // entries in one proposal
};

// What one contender did in one stretch of time.
struct Stretch {
  double seconds = 0;
  // Of all threads of the process, and of what the kernel does for them within their calls. Not
  // what threads of the kernel do: for a durable write by io_uring they wait for the disk's flush.
  double cpu = 0;
  std::uint64_t entries = 0;
  std::uint64_t syncs = 0;
  std::uint64_t bytes = 0;  // written by those syncs, where that is known
};

class Contender {
 public:
  virtual ~Contender() = default;
  virtual Stretch run(double seconds) = 0;
};

// `threads`: as where io_uring is refused.
std::unique_ptr<Contender> our_log(const std::string& path, const Load&, bool threads);
// System calls and nothing else, over a file that was written before. The size of a write is asked
// for before each stretch.
enum class Way : std::uint8_t { fdatasync, direct };
std::unique_ptr<Contender> bare_file(const std::string& path, Way, const std::size_t& write_bytes);
enum class Keep : std::uint8_t { table_too, wal_only };
std::unique_ptr<Contender> rocksdb_wal(const std::string& path, const Load&, Keep);
std::unique_ptr<Contender> sqlite_wal(const std::string& path, const Load&);

// Measures a stretch: from when it is made until end().
class Watch {
 public:
  explicit Watch(double seconds);
  bool is_over() const;
  void end(Stretch&) const;

 private:
  double seconds_;
  double began_;
  double cpu_;
};

// More payloads than a cache line of luck: a log that would keep one warm gains nothing.
std::vector<Bytes> payloads(std::size_t bytes);

[[noreturn]] void stop(const std::string& why);

}  // namespace bowline::bench
