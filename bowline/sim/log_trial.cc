// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/log_trial.h"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/raft/membership_codec.h"
#include "bowline/sim/hash.h"
#include "bowline/wal/names.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

raft::MembershipPtr some_members(std::uint64_t count) {
  raft::Membership membership;
  membership.cluster = ClusterId{77};
  for (std::uint64_t id = 1; id <= 1 + count % 5; ++id) {
    raft::Member member;
    member.id = {id};
    membership.members.push_back(member);
  }
  return std::make_shared<const raft::Membership>(std::move(membership));
}

std::uint64_t prefix_through(const Image& image, Index index) {
  const Line* line = image.at(index);
  return line == nullptr ? image.base_prefix : line->prefix;
}

LogId id_at(const Image& image, Index index) {
  const Line* line = image.at(index);
  return line == nullptr ? image.base.id : line->entry.id;
}

}  // namespace

// The parts of a write, as often as cores ask for them, more or less.
Write Writes::next(const Image& written, std::uint64_t most_bytes) {
  Write write;
  write.seq = {++seqs_};
  if (chance_.happens("hard state", 150'000))
    write.hard = raft::HardState{written.hard.term.next(), {chance_.below("vote", 5)}, {seqs_}};
  change_log(written, write, most_bytes);
  return write;
}

void Writes::change_log(const Image& written, Write& write, std::uint64_t most_bytes) {
  const Index last = written.last();
  const Index base = written.base.id.index;
  Index end = last;
  std::uint64_t prefix = prefix_through(written, last);
  if (chance_.happens("discard", 10'000)) {
    end = last + (1 + chance_.below("discard to", 50));
    term_ = term_.next();
    prefix = seqs_;
    write.base = raft::Base{{term_, end}, some_members(seqs_), base, term_};
    write.base_prefix = prefix;
    write.discard = true;
  } else if (chance_.happens("base", 60'000)) {
    const Index at = base + chance_.below("base at", last - base + 1);
    write.base = raft::Base{id_at(written, at), some_members(seqs_), base, term_};
    write.base_prefix = prefix_through(written, at);
  }
  const Index begin = write.base ? write.base->id.index : base;
  if (!write.discard && chance_.happens("cut", 60'000)) {
    end = begin + chance_.below("cut after", last - begin + 1);
    write.cut_after = end;
    prefix = end == begin && write.base ? write.base_prefix : prefix_through(written, end);
    term_ = term_.next();
  }
  std::uint64_t count = chance_.log_between("entries", std::uint64_t{1}, std::uint64_t{40}) - 1;
  for (; count > 0; --count) {
    end = end.next();
    if (chance_.happens("new term", 50'000)) term_ = term_.next();
    const bool membership = chance_.happens("membership", 30'000);
    const std::uint64_t bytes = chance_.log_between("bytes", std::uint64_t{1}, most_bytes);
    const std::string value(bytes, static_cast<char>('a' + ++values_ % 26));
    raft::Entry entry{{term_, end},
                      membership ? raft::Kind::membership : raft::Kind::command,
                      membership ? raft::encode(*some_members(values_))
                                 : Bytes::own(std::to_string(values_) + value)};
    prefix = extended(prefix, entry);
    write.entries.push_back({std::move(entry), prefix});
  }
}

namespace {

class Trial {
 public:
  Trial(const LogTrial& trial, std::uint64_t seed)
      : trial_(trial),
        decisions_(seed),
        chance_(decisions_, {.part = Part::plan}),
        options_(options()),
        rig_(seed, options_) {
    groups_ = chance_.log_between("groups", std::uint64_t{1}, std::uint64_t{30});
    for (std::uint64_t i = 0; i < groups_; ++i) writes_.emplace_back(chance_);
    rig_.climate.write = chance_.log_between("write takes", Duration(1us), Duration(5ms));
  }

  LogTrialEnd run() {
    start();
    for (std::uint64_t i = 0; i < trial_.steps && fine(); ++i) step();
    if (fine()) finish();
    end_.wrong = rig_.wrong.empty() ? rig_.refused : rig_.wrong;
    return end_;
  }

 private:
  wal::Options options() {
    wal::Options options;
    options.segment_bytes =
        env::block_bytes *
        chance_.log_between("segment blocks", std::uint64_t{16}, std::uint64_t{96});
    options.batch_bytes =
        chance_.log_between("batch bytes", env::block_bytes, options.segment_bytes / 4);
    options.tail_bytes =
        chance_.log_between("tail bytes", std::uint64_t{1}, std::uint64_t{1} << 20);
    options.ahead = static_cast<std::uint32_t>(1 + chance_.below("ahead", 3));
    options.spare = static_cast<std::uint32_t>(chance_.below("spare", 4));
    options.most_segments = chance_.log_between("segments", std::uint64_t{2}, std::uint64_t{12});
    options.move_below_permille =
        static_cast<std::uint32_t>(chance_.below("move below permille", 1000));
    options.scrub_bytes_per_second = chance_.log_between(
        "scrub bytes per second", std::uint64_t{500'000}, std::uint64_t{50'000'000});
    options.scrub_every = chance_.log_between("scrub every", Duration(1ms), Duration(1s));
    return options;
  }

  bool fine() const { return rig_.wrong.empty() && rig_.refused.empty(); }

  void start() {
    ++end_.starts;
    rotten_.reset();
    if (!rig_.start()) return;
    end_.torn += rig_.opened()->torn ? 1 : 0;
    end_.mended += rig_.opened()->mended;
    check_all();
  }

  void check_all() {
    for (std::uint64_t i = 1; i <= groups_ && fine(); ++i) rig_.check({i});
  }

  void step() {
    if (chance_.happens("rot", 80'000)) rot();
    const std::uint64_t what = chance_.below("step", 100);
    if (what < 58) return write();
    if (what < 60) return fill_or_free();
    if (what < 80)
      return rig_.run(Duration(chance_.log_between("for", Duration(1us), Duration(80ms))));
    if (what < 90) return rig_.check({1 + chance_.below("check", groups_)});
    // Most interesting is what happens to what is under way.
    if (chance_.happens("amid a write", 700'000)) {
      write();
      rig_.flush();
      rig_.run(Duration(chance_.below("after", 200'000)));
    }
    ++end_.crashes;
    count();
    for (Writes& writes : writes_) writes.crashed();
    if (what < 93) {
      rig_.kill();
    } else {
      rig_.crash(chance_);
    }
    start();
  }

  // Nobody gives up: what does not fit waits, and is done once there is space.
  void fill_or_free() {
    const bool frees = rig_.full || chance_.happens("free", 300'000);
    if (!frees) ++end_.full;
    rig_.platter.limit(frees ? std::uint64_t{1} << 36 : 0);
  }

  void count() {
    end_.retired += rig_.log().retired();
    end_.recycled += rig_.log().recycled();
    end_.scrubbed += rig_.log().scrubbed().mended;
    if (rig_.log().scrubbed().damaged > 0) rig_.wrong = "a batch is damaged that was not";
  }

  // One bit, where nothing is written any more. The next one only once this one is mended.
  void rot() {
    const std::uint64_t mended = rig_.log().scrubbed().mended;
    if (rotten_ && *rotten_ == mended) return;
    std::vector<std::string> cold;
    for (const env::Listed& file : rig_.platter.list())
      if (const auto number = wal::segment_number(file.name);
          number && *number < rig_.log().landed_at().segment)
        cold.push_back(file.name);
    if (cold.empty()) return;
    const std::uint64_t at = chance_.below("rots at", options_.segment_bytes);
    rig_.platter.flip(cold[chance_.below("rots", cold.size())], at, 5);
    rotten_ = mended;
    if (chance_.happens("stays", 500'000)) rig_.run(Duration(chance_.below("for", 500'000'000)));
  }

  void write() {
    const std::uint64_t group = chance_.below("group", groups_);
    const std::uint64_t most = chance_.happens("large", 200'000) ? 6'000 : 300;
    rig_.submit({group + 1}, writes_[group].next(rig_.shadow({group + 1}).written(), most));
    ++end_.writes;
    if (chance_.happens("flush", 700'000)) rig_.flush();
  }

  // Whatever was asked for becomes durable in the end, and is there after the next crash.
  void finish() {
    rig_.platter.limit(std::uint64_t{1} << 36);
    if (!rig_.drain(60s)) {
      rig_.wrong = "what was asked for never becomes durable";
      return;
    }
    for (const auto& [id, shadow] : rig_.shadows())
      if (shadow.under_way() > 0) rig_.wrong = "a write was never reported";
    count();
    rig_.crash(Loss::everything);
    start();
  }

  LogTrial trial_;
  Decisions decisions_;
  Chance chance_;
  wal::Options options_;
  LogRig rig_;
  std::optional<std::uint64_t> rotten_;  // a bit; so much had been mended before
  std::uint64_t groups_ = 0;
  std::vector<Writes> writes_;
  LogTrialEnd end_;
};

}  // namespace

LogTrialEnd run(const LogTrial& trial, std::uint64_t seed) { return Trial(trial, seed).run(); }

}  // namespace bowline::sim
