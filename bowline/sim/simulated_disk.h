// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/sim/buffer_pool.h"
#include "bowline/sim/decisions.h"
#include "bowline/sim/mishap.h"
#include "bowline/sim/platter.h"
#include "bowline/sim/process_loop.h"

namespace bowline::sim {

// What one process needs to use a platter. All of that outlives its disk and its files.
struct Device {
  Platter& platter;
  ProcessLoop& loop;
  Chance& chance;
  const DiskClimate& climate;  // may change at any time
  std::string path;
  ProcessId process{};
  bool open = true;  // the process still has its Disk
  Time names_end;    // names change one after the other, as the process asks for it
  std::shared_ptr<BufferPool> buffers = std::make_shared<BufferPool>();

  bool alive() const { return platter.alive(process); }
  bool heard() const { return open && alive(); }
  // How long an operation takes; slow ones and those that hang included.
  Duration takes(const char* what, FileId file, Duration mean, std::uint64_t bytes);
  bool suffers(Mishap mishap, FileId file, Stretch stretch = {}) {
    return platter.suffers(mishap, chance.happens(name(mishap), climate.of(mishap)), file, stretch);
  }
  Platter::Synced sync_outcome(FileId file, Stretch stretch = {});
};

// The disk of one simulated process: a Platter, as it sees it, with latencies and mishaps. Each
// life of a process has its own. Whoever ends a process tells the platter how (kill or lose_power),
// then destroys the loop and this.
class SimulatedDisk final : public env::Disk {
 public:
  SimulatedDisk(Platter& platter, ProcessLoop& loop, Chance& chance, const DiskClimate& climate,
                std::string path = "simulated");
  ~SimulatedDisk() override;
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;

  ProcessId process() const { return device_->process; }
  // Its loop was hurried: what it is busy with ends then, and what is asked for next need not wait.
  void ends_by(Time);

  void lock(env::Done<Result<void>>) override;
  void list(env::Done<Result<std::vector<env::Listed>>>) override;
  void open(std::string name, env::Done<Result<std::unique_ptr<env::File>>>) override;
  void create(std::string name, std::uint64_t bytes,
              env::Done<Result<std::unique_ptr<env::File>>>) override;
  void remove(std::string name, env::Done<Result<void>>) override;
  void rename(std::string from, std::string to, env::Done<Result<void>>) override;
  void sync_names(env::Done<Result<void>>) override;
  env::Buffer buffer(std::size_t bytes) override;
  std::string path() const override { return device_->path; }

 private:
  template <class Finish>
  void later(std::uint64_t bytes, Finish);
  void change(NameChange, env::Done<Result<void>>);

  std::shared_ptr<Device> device_;
};

}  // namespace bowline::sim
