// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/simulated_file.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::sim {
namespace {

using env::block_bytes;
using Synced = Platter::Synced;

std::unexpected<Error> failed(const char* what) { return std::unexpected(Error{Fault::io, what}); }

Reach reach_of(bool syncs, Synced synced) {
  if (!syncs || synced == Synced::not_yet) return Reach::cache;
  return synced == Synced::truly ? Reach::disk : Reach::stray;
}

}  // namespace

SimulatedFile::SimulatedFile(std::shared_ptr<Device> device, FileId id)
    : open_(std::make_shared<Open>(Open{.device = std::move(device), .id = id})) {
  open_->bytes = open_->device->platter.bytes(id);
  open_->device->platter.opened(id);
}

SimulatedFile::~SimulatedFile() {
  open_->open = false;
  open_->device->platter.closed(open_->device->process, open_->id);
}

SimulatedFile::Writing SimulatedFile::plan_write(const Open& open, std::uint64_t offset,
                                                 std::uint64_t bytes, env::Sync sync) {
  Device& device = *open.device;
  const Stretch stretch{offset, bytes};
  Writing writing{.id = {},
                  .file = open.id,
                  .block = offset / block_bytes,
                  .blocks = bytes / block_bytes,
                  .syncs = sync == env::Sync::yes};
  if (device.suffers(Mishap::failed_write, open.id, stretch)) {
    writing.fate = Fate::failed;
  } else if (device.suffers(Mishap::lost_write, open.id, stretch)) {
    writing.fate = Fate::lost;
  } else if (device.suffers(Mishap::misdirected_write, open.id, stretch)) {
    const auto place =
        device.platter.elsewhere(device.chance, open.id, writing.block, writing.blocks);
    if (place && device.platter.may_be_hit(*place, writing.blocks)) {
      writing.astray = true;
      writing.file = place->file;
      writing.block = place->block;
    }
  }
  if (writing.syncs) writing.synced = device.sync_outcome(open.id, stretch);
  return writing;
}

void SimulatedFile::write(std::uint64_t offset, env::Buffer buffer, env::Sync sync,
                          env::Done<Result<void>, env::Buffer> done) {
  Device& device = *open_->device;
  const std::uint64_t bytes = buffer.size();
  ensure(offset % block_bytes == 0);
  ensure(bytes % block_bytes == 0);
  ensure(bytes > 0);
  ensure(offset <= open_->bytes);
  ensure(bytes <= open_->bytes - offset);
  if (!device.alive()) return;
  ensure(device.open);
  ensure(!device.platter.busy(open_->id, offset, bytes));
  Writing writing = plan_write(*open_, offset, bytes, sync);
  writing.id = device.platter.begin_write(device.process, writing.file, writing.block * block_bytes,
                                          buffer.view(), writing.astray);
  Duration takes = device.takes("write takes", open_->id, device.climate.write, bytes);
  if (writing.syncs) takes += device.chance.exponential("sync takes", device.climate.sync);
  open_->writes_end = std::max(open_->writes_end, device.loop.now() + takes);
  device.loop.after(
      takes, [open = open_, writing, buffer = std::move(buffer), done = std::move(done)]() mutable {
        if (!open->device->alive()) return;
        const Result<void> result = finish(*open, writing);
        if (open->heard()) done(result, std::move(buffer));
      });
}

Result<void> SimulatedFile::finish(const Open& open, const Writing& writing) {
  Device& device = *open.device;
  Platter& platter = device.platter;
  if (writing.fate == Fate::failed) {
    const std::uint64_t sectors = writing.blocks * block_sectors;
    platter.fail_write(device.process, writing.file, writing.id,
                       device.chance.below("sectors of a failed write", sectors + 1));
    return failed("the disk failed to write");
  }
  const Reach reach = reach_of(writing.syncs, writing.synced);
  platter.finish_write(device.process, writing.file, writing.id,
                       writing.fate == Fate::lost ? Reach::nowhere : reach);
  for (const Mishap mishap : {Mishap::spoilt, Mishap::rot})
    if (device.chance.happens(name(mishap), device.climate.of(mishap)))
      platter.decay(device.chance, mishap, open.id);
  if (reach == Reach::stray) return failed("the disk failed to sync what was written");
  return {};
}

void SimulatedFile::sync(env::Done<Result<void>> done) {
  Device& device = *open_->device;
  if (!device.alive()) return;
  ensure(device.open);
  const WriteId through = device.platter.begin_sync(device.process, open_->id);
  const Synced synced = device.sync_outcome(open_->id);
  // Earlier writes are waited for.
  const Duration waits = std::max(Duration(0), open_->writes_end - device.loop.now());
  const Duration takes = device.takes("sync takes", open_->id, device.climate.sync, 0);
  device.loop.after(waits + takes,
                    [open = open_, through, synced, done = std::move(done)]() mutable {
                      Device& here = *open->device;
                      here.platter.finish_sync(here.process, open->id, through, synced);
                      if (!open->heard()) return;
                      if (synced == Synced::truly || synced == Synced::not_yet) return done({});
                      done(failed("the disk failed to sync"));
                    });
}

void SimulatedFile::read(std::uint64_t offset, std::uint64_t bytes,
                         env::Done<Result<env::Buffer>> done) {
  Device& device = *open_->device;
  if (!device.alive()) return;
  ensure(device.open);
  ensure(offset % block_bytes == 0);
  ensure(bytes % block_bytes == 0);
  const std::uint64_t left = open_->bytes - std::min(offset, open_->bytes);
  const Reading reading{.offset = offset, .bytes = std::min(bytes, left)};
  const Duration takes = device.takes("read takes", open_->id, device.climate.read, reading.bytes);
  device.loop.after(takes, [open = open_, reading, done = std::move(done)]() mutable {
    if (!open->heard()) return;
    done(finish(*open, reading));
  });
}

Result<env::Buffer> SimulatedFile::finish(const Open& open, const Reading& reading) {
  Device& device = *open.device;
  env::Buffer buffer = BufferPool::lend(device.buffers, reading.bytes);
  buffer.shrink(reading.bytes);
  if (reading.bytes == 0) return buffer;
  if (device.suffers(Mishap::failed_read, open.id, reading.stretch()))
    return failed("the disk failed to read");
  FileId file = open.id;
  std::uint64_t offset = reading.offset;
  if (device.suffers(Mishap::misdirected_read, open.id, reading.stretch())) {
    const std::uint64_t blocks = (reading.bytes + block_bytes - 1) / block_bytes;
    const auto place = device.platter.elsewhere(device.chance, file, offset / block_bytes, blocks);
    if (place) file = place->file;
    if (place) offset = place->block * block_bytes;
  }
  const auto read = device.platter.read(file, offset, {buffer.data(), buffer.size()});
  if (!read) return std::unexpected(read.error());
  if (device.suffers(Mishap::flipped_read, open.id, reading.stretch())) {
    const std::uint64_t bit = device.chance.below("flipped bit", reading.bytes * 8);
    char& byte = buffer.data()[bit / 8];
    byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (bit % 8)));
  }
  return buffer;
}

}  // namespace bowline::sim
