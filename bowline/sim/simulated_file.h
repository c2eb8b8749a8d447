// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>

#include "bowline/env/env.h"
#include "bowline/sim/simulated_disk.h"

namespace bowline::sim {

// A file that a process has open.
class SimulatedFile final : public env::File {
 public:
  SimulatedFile(std::shared_ptr<Device> device, FileId id);
  ~SimulatedFile() override;
  SimulatedFile(const SimulatedFile&) = delete;
  SimulatedFile& operator=(const SimulatedFile&) = delete;

  std::uint64_t size() const override { return open_->bytes; }
  void write(std::uint64_t offset, env::Buffer buffer, env::Sync sync,
             env::Done<Result<void>, env::Buffer> done) override;
  void sync(env::Done<Result<void>> done) override;
  void read(std::uint64_t offset, std::uint64_t bytes,
            env::Done<Result<env::Buffer>> done) override;

 private:
  struct Open {  // what operations under way share with the file
    std::shared_ptr<Device> device;
    FileId id;
    std::uint64_t bytes = 0;
    bool open = true;  // the process still has the file
    Time writes_end;   // those asked for so far
    bool heard() const { return open && device->heard(); }
  };
  enum class Fate : std::uint8_t { fine, failed, lost };
  struct Writing {
    WriteId id;
    FileId file;  // where it goes, which need not be where it should
    std::uint64_t block = 0;
    std::uint64_t blocks = 0;
    Fate fate = Fate::fine;
    bool astray = false;
    bool syncs = false;
    Platter::Synced synced = Platter::Synced::truly;
  };
  struct Reading {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    Stretch stretch() const { return {offset, bytes}; }
  };
  static Writing plan_write(const Open&, std::uint64_t offset, std::uint64_t bytes, env::Sync);
  static Result<void> finish(const Open&, const Writing&);
  static Result<env::Buffer> finish(const Open&, const Reading&);

  std::shared_ptr<Open> open_;
};

}  // namespace bowline::sim
