// SPDX-License-Identifier: Apache-2.0
//
// kill -9 of a process that writes. Parent and child make the same writes from the same seed: the
// child asks its log for them, and tells through a pipe which one it asks for and which one is
// durable; the parent only takes notes, kills it, and then looks at what is on the disk.
//
//   real_log_test --rounds N --seed S
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/sim/real_log.h"
#include "bowline/base/ensure.h"
#include "bowline/runtime/handle.h"
#include "bowline/sim/log_rig.h"
#include "bowline/sim/log_trial.h"

namespace bowline::sim {
namespace {

std::uint64_t rounds = 10;
std::uint64_t first_seed = 1;

struct Note {
  std::uint64_t group = 0;  // 0: the next write was asked for
  std::uint64_t seq = 0;    // and else: this one is durable
};

// What is written, and what has to be there.
class Script {
 public:
  explicit Script(std::uint64_t seed) : decisions_(seed), chance_(decisions_, {}) {
    const std::uint64_t groups = chance_.log_between("groups", std::uint64_t{1}, std::uint64_t{20});
    for (std::uint64_t i = 0; i < groups; ++i) writes_.emplace_back(chance_);
  }

  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;

  // The next write is asked for.
  std::pair<GroupId, raft::Persist> next() {
    const std::uint64_t at = chance_.below("group", writes_.size());
    const std::uint64_t most = chance_.happens("large", 100'000) ? 6'000 : 300;
    Shadow& shadow = shadows_[GroupId{at + 1}];
    Write write = writes_[at].next(shadow.written(), most);
    raft::Persist persist = persist_of(write);
    ensure(shadow.submit(std::move(write)));
    return {GroupId{at + 1}, std::move(persist)};
  }
  std::string persisted(const Note& note) {
    return shadows_[GroupId{note.group}].persisted({note.seq});
  }
  void killed() {
    for (Writes& writes : writes_) writes.crashed();
  }
  std::map<GroupId, Shadow>& shadows() { return shadows_; }
  Chance& chance() { return chance_; }

 private:
  Decisions decisions_;
  Chance chance_;
  std::deque<Writes> writes_;
  std::map<GroupId, Shadow> shadows_;
};

void tell(int pipe, const Note& note) {
  if (::write(pipe, &note, sizeof note) != sizeof note) ::_exit(0);  // the parent is gone
}

// The child: writes until its death.
[[noreturn]] void write_on(const std::string& path, Script& script, std::size_t outstanding,
                           int pipe) {
  RealLog log(path);
  std::size_t asked = 0;
  const auto ask = [&] {
    tell(pipe, {});
    auto [group, write] = script.next();
    log.log().submit(group, std::move(write));
    ++asked;
  };
  const std::string why = log.open([&](GroupId group, Seq seq) {
    tell(pipe, {group.value, seq.value});
    --asked;
    ask();
  });
  if (!why.empty()) {
    std::fprintf(stderr, "the child: %s\n", why.c_str());
    ::_exit(1);
  }
  while (asked < outstanding) ask();
  log.log().flush();
  log.loop().run();
  ::_exit(1);
}

// Reads notes: at most so many, or all that there are.
std::uint64_t take_notes(int pipe, Script& script, std::uint64_t most, std::string& wrong) {
  std::uint64_t durable = 0;
  Note note;
  for (; most > 0 && wrong.empty() && ::read(pipe, &note, sizeof note) == sizeof note; --most) {
    if (note.group == 0) {
      (void)script.next();
    } else {
      ++durable;
      wrong = script.persisted(note);
    }
  }
  return durable;
}

std::string compare(RealLog& log, GroupId id, const Shadow& shadow) {
  const Image& image = shadow.written();
  Index at = image.base.id.index;
  const std::string where = "group " + std::to_string(id.value) + ": ";
  while (at < image.last()) {
    const raft::Batch batch = log.read(id, at, image.last());
    if (batch.empty()) return where + "nothing to read after " + std::to_string(at.value);
    for (const raft::Entry& entry : batch) {
      at = at.next();
      const Line* line = image.at(at);
      if (line == nullptr || line->entry.id != entry.id || line->entry.kind != entry.kind ||
          line->entry.payload != entry.payload)
        return where + "entry " + std::to_string(at.value) + " is not what was written";
    }
  }
  return {};
}

// What is there has to be what was durable, or that and the beginning of what was asked for.
std::string examine(const std::string& path, Script& script) {
  RealLog log(path);
  if (std::string why = log.open(); !why.empty()) return why;
  std::map<GroupId, raft::Found> found;
  for (const wal::Recovered& group : log.groups()) found[group.group] = group.found;
  for (const auto& [id, what] : found)
    if (!script.shadows().contains(id)) return "there is a group that nobody wrote";
  for (auto& [id, shadow] : script.shadows()) {
    if (std::string wrong = shadow.recovered(found[id]); !wrong.empty())
      return "group " + std::to_string(id.value) + ": " + wrong;
    if (std::string wrong = compare(log, id, shadow); !wrong.empty()) return wrong;
  }
  return {};
}

struct Sum {
  std::uint64_t durable = 0;
  std::string wrong;
};

void live_and_die(const std::string& path, Script& script, Sum& sum) {
  const std::uint64_t notes =
      script.chance().log_between("notes", std::uint64_t{1}, std::uint64_t{3000}) - 1;
  const std::size_t outstanding =
      script.chance().log_between("outstanding", std::uint64_t{1}, std::uint64_t{300});
  int ends[2] = {};
  ensure(::pipe(ends) == 0);
  const pid_t child = ::fork();
  ensure(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    write_on(path, script, outstanding, ends[1]);
  }
  const runtime::Handle notes_from(ends[0]);
  ::close(ends[1]);
  sum.durable += take_notes(notes_from.number(), script, notes, sum.wrong);
  ensure(::kill(child, SIGKILL) == 0);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) ensure(errno == EINTR);
  if (!WIFSIGNALED(status)) sum.wrong = "the child ended by itself";
  sum.durable += take_notes(notes_from.number(), script, UINT64_MAX, sum.wrong);
  script.killed();
}

TEST(RealLog, has_all_that_was_durable_when_its_process_was_killed) {
  RealDirectory directory;
  std::uint64_t durable = 0;
  std::string path;
  Script* script = nullptr;
  std::deque<Script> scripts;  // of the directories so far
  for (std::uint64_t round = 0; round < rounds; ++round) {
    if (round % 20 == 0) {
      path = directory.path() + "/" + std::to_string(round);
      script = &scripts.emplace_back(first_seed + round);
    }
    Sum sum;
    live_and_die(path, *script, sum);
    if (sum.wrong.empty()) sum.wrong = examine(path, *script);
    ASSERT_EQ(sum.wrong, "") << "in round " << round << " from seed " << first_seed;
    durable += sum.durable;
  }
  std::printf("%llu kills, %llu writes reported durable\n", static_cast<unsigned long long>(rounds),
              static_cast<unsigned long long>(durable));
  EXPECT_GT(durable, 0U);
}

}  // namespace
}  // namespace bowline::sim

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view option = argv[i];
    const std::uint64_t value = std::strtoull(argv[i + 1], nullptr, 10);
    if (option == "--rounds") bowline::sim::rounds = value;
    if (option == "--seed") bowline::sim::first_seed = value;
  }
  return RUN_ALL_TESTS();
}
