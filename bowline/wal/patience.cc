// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/patience.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

namespace bowline::wal {
namespace {

struct Stretch {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

struct Reading {
  env::File& file;
  std::uint64_t offset;
  PatientlyRead result;
  env::Done<PatientlyRead> done;
  std::vector<Stretch> left;  // the last one is next
};

void read_next(std::shared_ptr<Reading> reading);

void take(std::shared_ptr<Reading> reading, Stretch stretch, Result<env::Buffer> read) {
  char* const to = reading->result.bytes.data() + (stretch.offset - reading->offset);
  if (read) {
    const std::size_t got = std::min<std::size_t>(read->size(), stretch.bytes);
    std::memcpy(to, read->data(), got);
  } else if (stretch.bytes > env::block_bytes) {
    const std::uint64_t half = stretch.bytes / env::block_bytes / 2 * env::block_bytes;
    reading->left.push_back({stretch.offset + half, stretch.bytes - half});
    reading->left.push_back({stretch.offset, half});
  } else {
    reading->result.unreadable.push_back((stretch.offset - reading->offset) / env::block_bytes);
  }
  read_next(std::move(reading));
}

void read_next(std::shared_ptr<Reading> reading) {
  if (reading->left.empty()) {
    std::ranges::sort(reading->result.unreadable);
    return reading->done(std::move(reading->result));
  }
  const Stretch next = reading->left.back();
  reading->left.pop_back();
  env::File& file = reading->file;
  file.read(next.offset, next.bytes,
            [reading = std::move(reading), next](Result<env::Buffer> read) mutable {
              take(std::move(reading), next, std::move(read));
            });
}

}  // namespace

void read_patiently(env::Disk& disk, env::File& file, std::uint64_t offset, std::uint64_t bytes,
                    env::Done<PatientlyRead> done) {
  file.read(
      offset, bytes,
      [&disk, &file, offset, bytes, done = std::move(done)](Result<env::Buffer> read) mutable {
        if (read) return done({*std::move(read), {}});
        PatientlyRead result{disk.buffer(bytes), {}};
        std::memset(result.bytes.data(), 0, result.bytes.size());
        read_next(std::make_shared<Reading>(
            Reading{file, offset, std::move(result), std::move(done), {{offset, bytes}}}));
      });
}

}  // namespace bowline::wal
