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

OurLog::OurLog(const std::string& path, const Load& load, std::uint64_t kept, wal::Options options,
               runtime::DiskOptions disk_options)
    : load_(load), kept_(kept), payloads_(payloads(load.payload)), groups_(load.groups) {
  auto disk = runtime::open_disk(path, loop_, disk_options);
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

// As a node has it: what came meanwhile is one write of each group, once a turn of its loop.
void OurLog::turn() {
  turn_is_due_ = false;
  if (watch_ != nullptr && watch_->is_over()) stop_at_ = submitted_;
  const std::uint64_t outstanding = submitted_ - persisted_;
  const std::uint64_t room = std::min(load_.waiting - outstanding, stop_at_ - submitted_);
  const std::uint64_t all = groups_.size();
  for (std::uint64_t i = 0; i < std::min(room, all); ++i)
    submit(next_group_++ % all, room / all + (i < room % all ? 1 : 0));
  log_->flush();
}

void OurLog::submit(std::uint64_t id, std::uint64_t proposals) {
  Group& group = groups_[id];
  const std::uint64_t entries = proposals * load_.together;
  std::uint64_t last = group.submitted * load_.together;
  raft::Persist what{.seq = {group.submitted + proposals},
                     .hard_state = {},
                     .base = {},
                     .discard = false,
                     .cut_after = {},
                     .repaired = {},
                     .entries = {}};
  group.since_base += load_.payload * entries;
  if (kept_ != 0 && group.since_base > kept_ && group.persisted > 0) {
    const Index base{group.persisted * load_.together};
    what.base = raft::Base{{Term{1}, base}, nullptr, {}, Term{1}};
    group.since_base = 0;
  }
  what.entries.reserve(entries);
  for (std::uint64_t i = 0; i < entries; ++i) {
    ++last;
    what.entries.push_back(
        {{Term{1}, {last}}, raft::Kind::command, payloads_[last % payloads_.size()]});
  }
  submitted_ += proposals;
  for (std::uint64_t i = 0; i < proposals; ++i) {
    ++group.submitted;
    if (on_submit) on_submit(group.submitted);
  }
  log_->submit({id + 1}, std::move(what));
}

void OurLog::persisted(GroupId id, Seq seq) {
  Group& group = groups_[id.value - 1];
  for (; group.persisted < seq.value; ++persisted_) {
    ++group.persisted;
    if (on_persisted) on_persisted(group.persisted);
  }
  if (std::exchange(turn_is_due_, true)) return;
  loop_.soon([this] { turn(); });
}

Stretch OurLog::run(double seconds) {
  // What is done before its time, e.g. making segments, is over or is no part of this.
  const std::uint64_t entries = persisted_;
  const Syncs before = counting_->syncs();
  const Watch watch(seconds);
  watch_ = &watch;
  stop_at_ = forever;
  turn();
  loop_.run_until([this] { return persisted_ == stop_at_; });
  watch_ = nullptr;
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
  turn();
  loop_.run_until([this] { return persisted_ == stop_at_; });
}

std::unique_ptr<Contender> our_log(const std::string& path, const Load& load, bool threads) {
  const std::uint64_t kept = std::max<std::uint64_t>(kept_bytes / load.groups, 1);
  runtime::DiskOptions options;
  if (threads) options.way = runtime::DiskOptions::Way::threads;
  return std::make_unique<OurLog>(path, load, kept, wal::Options(), options);
}

}  // namespace bowline::bench
