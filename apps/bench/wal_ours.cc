// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/wal_ours.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace bowline::bench {
namespace {

constexpr std::uint64_t forever = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kept_bytes = 32 << 20;  // by all groups together, about
constexpr wal::Owner owner{ClusterId{1}, NodeId{1}};

}  // namespace

OurLog::OurLog(const std::string& path, const Load& load, std::uint64_t kept, wal::Options options)
    : load_(load), kept_(kept), payloads_(payloads(load.payload)), groups_(load.groups) {
  auto disk = runtime::open_disk(path, loop_);
  if (!disk) stop(disk.error().what);
  disk_ = *std::move(disk);
  counting_ = std::make_unique<CountingDisk>(*disk_);
  wal::Log::Hooks hooks;
  hooks.persisted = [this](GroupId group, Seq seq) { persisted(group, seq); };
  hooks.broken = [](const Error& error) { stop(error.what); };
  hooks.full = [](bool full) {
    if (full) stop("the disk is full");
  };
  log_ = std::make_unique<wal::Log>(env::Env{loop_.clock(), loop_, *counting_}, options, owner,
                                    Incarnation{4711}, std::move(hooks));
  bool is_open = false;
  log_->open([&](Result<wal::Opened> opened) {
    if (!opened) stop(opened.error().what);
    opened_ = *std::move(opened);
    is_open = true;
  });
  loop_.run_until([&] { return is_open; });
}

void OurLog::submit() {
  const std::uint64_t id = next_group_++ % groups_.size();
  Group& group = groups_[id];
  raft::Persist what{.seq = {++submitted_},
                     .hard_state = {},
                     .base = {},
                     .discard = false,
                     .cut_after = {},
                     .repaired = {},
                     .entries = {}};
  group.since_base += load_.payload * load_.together;
  if (kept_ != 0 && group.since_base > kept_ && group.persisted) {
    what.base = raft::Base{{Term{1}, group.persisted}, nullptr, {}, Term{1}};
    group.since_base = 0;
  }
  for (std::size_t i = 0; i < load_.together; ++i) {
    group.last = group.last.next();
    what.entries.push_back({{Term{1}, group.last},
                            raft::Kind::command,
                            payloads_[group.last.value % payloads_.size()]});
  }
  if (on_submit) on_submit(submitted_);
  log_->submit({id + 1}, std::move(what));
}

void OurLog::persisted(GroupId id, Seq seq) {
  ++persisted_;
  Group& group = groups_[id.value - 1];
  group.persisted = group.persisted + load_.together;
  if (on_persisted) on_persisted(seq.value);
  if (submitted_ < stop_at_ && !is_late()) submit();
}

// The clock is not looked at for each entry: that would be measured, too.
bool OurLog::is_late() {
  if (watch_ != nullptr && persisted_ % 16 == 0 && watch_->is_over()) watch_ = nullptr;
  return timed_ && watch_ == nullptr;
}

void OurLog::fill() {
  while (submitted_ - persisted_ < load_.waiting && submitted_ < stop_at_) submit();
  log_->flush();
}

Stretch OurLog::run(double seconds) {
  // What is done before its time, e.g. making segments, is over or is no part of this.
  const std::uint64_t entries = persisted_;
  const Syncs before = counting_->syncs();
  const Watch watch(seconds);
  watch_ = &watch;
  timed_ = true;
  stop_at_ = forever;
  fill();
  loop_.run_until([this] { return persisted_ == submitted_; });
  timed_ = false;
  const Syncs after = counting_->syncs();
  Stretch stretch{.seconds = 0,
                  .cpu = 0,
                  .entries = (persisted_ - entries) * load_.together,
                  .syncs = after.count - before.count,
                  .bytes = after.bytes - before.bytes};
  watch.end(stretch);
  return stretch;
}

void OurLog::write(std::uint64_t entries) {
  stop_at_ = submitted_ + entries / load_.together;
  fill();
  loop_.run_until([this] { return persisted_ == stop_at_; });
}

std::unique_ptr<Contender> our_log(const std::string& path, const Load& load) {
  const std::uint64_t kept = std::max<std::uint64_t>(kept_bytes / load.groups, 1);
  return std::make_unique<OurLog>(path, load, kept);
}

}  // namespace bowline::bench
