// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/simulated_disk.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/sim/simulated_file.h"

namespace bowline::sim {
namespace {

using Synced = Platter::Synced;

std::unexpected<Error> too_many(const std::string& name) {
  return std::unexpected(Error{Fault::full, name + ": too many open files"});
}

Result<void> without_value(const Result<FileId>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

}  // namespace

Duration Device::takes(const char* what, FileId file, Duration mean, std::uint64_t bytes) {
  const auto blocks = static_cast<std::int64_t>(bytes / env::block_bytes);
  Duration takes = climate.floor + climate.slower + climate.each_block * blocks;
  takes += chance.exponential(what, mean);
  if (suffers(Mishap::slow, file)) takes += chance.exponential("slow by", climate.slow);
  if (suffers(Mishap::hung, file)) takes += climate.hang;
  return takes;
}

Synced Device::sync_outcome(FileId file, Stretch stretch) {
  if (suffers(Mishap::failed_sync, file, stretch))
    return chance.happens("a failed sync shows the old", 250'000) ? Synced::failed_and_shows_old
                                                                  : Synced::failed;
  return suffers(Mishap::lying_sync, file, stretch) ? Synced::not_yet : Synced::truly;
}

SimulatedDisk::SimulatedDisk(Platter& platter, ProcessLoop& loop, Chance& chance,
                             const DiskClimate& climate, std::string path)
    : device_(std::make_shared<Device>(Device{.platter = platter,
                                              .loop = loop,
                                              .chance = chance,
                                              .climate = climate,
                                              .path = std::move(path),
                                              .process = platter.admit()})) {}

SimulatedDisk::~SimulatedDisk() {
  device_->open = false;
  device_->platter.unlock(device_->process);
}

void SimulatedDisk::ends_by(Time when) { device_->names_end = std::min(device_->names_end, when); }

// Calls `finish` with the device after a while, unless the process is gone then.
template <class Finish>
void SimulatedDisk::later(std::uint64_t bytes, Finish finish) {
  const Time now = device_->loop.now();
  device_->names_end = std::max(device_->names_end, now) +
                       device_->takes("names take", {}, device_->climate.names, bytes);
  device_->loop.after(device_->names_end - now,
                      [device = device_, finish = std::move(finish)]() mutable {
                        if (device->alive()) finish(*device);
                      });
}

void SimulatedDisk::lock(env::Done<Result<void>> done) {
  if (!device_->alive()) return;
  later(0, [done = std::move(done)](Device& device) mutable {
    if (!device.open) return;
    if (device.platter.lock(device.process)) return done({});
    done(std::unexpected(Error{Fault::exists, device.path + ": another process has it"}));
  });
}

void SimulatedDisk::list(env::Done<Result<std::vector<env::Listed>>> done) {
  if (!device_->alive()) return;
  later(0, [done = std::move(done)](Device& device) mutable {
    if (!device.open) return;
    if (!device.platter.has_descriptor()) return done(too_many(device.path));
    done(device.platter.list());
  });
}

void SimulatedDisk::open(std::string name, env::Done<Result<std::unique_ptr<env::File>>> done) {
  if (!device_->alive()) return;
  const auto device = device_;
  later(0, [device, name = std::move(name), done = std::move(done)](Device&) mutable {
    if (!device->open) return;
    if (!device->platter.has_descriptor()) return done(too_many(name));
    const FileId found = device->platter.find(name);
    if (!found) return done(std::unexpected(Error{Fault::not_found, name + ": no such file"}));
    done(std::make_unique<SimulatedFile>(device, found));
  });
}

void SimulatedDisk::create(std::string name, std::uint64_t bytes,
                           env::Done<Result<std::unique_ptr<env::File>>> done) {
  ensure(bytes % env::block_bytes == 0);
  if (!device_->alive()) return;
  const bool full = device_->platter.suffers(
      Mishap::full, device_->chance.happens("full", device_->climate.of(Mishap::full)), name,
      {.offset = 0, .bytes = bytes});
  const bool out = !device_->platter.has_descriptor();
  const std::uint64_t change = device_->platter.begin_change(
      device_->process,
      {.kind = NameChange::Kind::create, .name = std::move(name), .to = {}, .bytes = bytes});
  const auto device = device_;
  const bool fits = bytes <= device_->platter.free_bytes();
  later(fits ? bytes : 0, [device, change, full, out, done = std::move(done)](Device&) mutable {
    const auto made = device->platter.finish_change(device->process, change, full || out);
    if (!device->heard()) return;
    if (out) return done(too_many("a new file"));
    if (!made) return done(std::unexpected(made.error()));
    done(std::make_unique<SimulatedFile>(device, *made));
  });
}

void SimulatedDisk::change(NameChange change, env::Done<Result<void>> done) {
  if (!device_->alive()) return;
  const std::uint64_t id = device_->platter.begin_change(device_->process, std::move(change));
  later(0, [id, done = std::move(done)](Device& device) mutable {
    const auto changed = device.platter.finish_change(device.process, id, false);
    if (device.heard()) done(without_value(changed));
  });
}

void SimulatedDisk::remove(std::string name, env::Done<Result<void>> done) {
  change({.kind = NameChange::Kind::remove, .name = std::move(name), .to = {}}, std::move(done));
}

void SimulatedDisk::rename(std::string from, std::string to, env::Done<Result<void>> done) {
  change({.kind = NameChange::Kind::rename, .name = std::move(from), .to = std::move(to)},
         std::move(done));
}

void SimulatedDisk::sync_names(env::Done<Result<void>> done) {
  if (!device_->alive()) return;
  device_->platter.begin_name_sync(device_->process);
  const Synced synced = device_->sync_outcome({});
  later(0, [synced, done = std::move(done)](Device& device) mutable {
    device.platter.finish_name_sync(device.process, synced);
    if (!device.heard()) return;
    if (synced == Synced::truly || synced == Synced::not_yet) return done({});
    done(std::unexpected(Error{Fault::io, "the disk failed to sync its names"}));
  });
}

env::Buffer SimulatedDisk::buffer(std::size_t bytes) {
  return BufferPool::lend(device_->buffers, bytes);
}

}  // namespace bowline::sim
