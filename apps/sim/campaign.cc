// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/campaign.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apps/sim/report.h"

namespace bowline::apps {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr double seconds_of_silence = 300;  // then a seed hangs

struct Worker {
  pid_t process = 0;
  int pipe = -1;
  Slot* slot = nullptr;
  std::string heard;  // bytes that are no whole finding yet
  SteadyClock::time_point heard_at;
};

Slot* shared_slot() {
  void* memory =
      ::mmap(nullptr, sizeof(Slot), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    std::perror("mmap");
    std::exit(2);
  }
  return std::construct_at(static_cast<Slot*>(memory));
}

double cpu_of_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Campaign {
 public:
  Campaign(const Work& work, const Effort& effort) : work_(work), effort_(effort) {}

  Tally run() {
    began_ = SteadyClock::now();
    const double cpu_before = cpu_of_children();
    tally_.wanted = work_.count;
    tally_.is_short = work_.settings.weather < std::chrono::seconds(60);
    workers_.resize(std::min<std::uint64_t>(effort_.processes, work_.count));
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      workers_[i].slot = shared_slot();
      hire(workers_[i], i);
    }
    while (anybody_works() && !enough()) listen();
    for (Worker& worker : workers_) dismiss(worker);
    tally_.cpu_seconds = cpu_of_children() - cpu_before;
    tally_.seconds = std::chrono::duration<double>(SteadyClock::now() - began_).count();
    return std::move(tally_);
  }

 private:
  bool enough() const { return tally_.failures.size() >= effort_.enough_failures; }
  bool anybody_works() const {
    for (const Worker& worker : workers_)
      if (worker.pipe >= 0) return true;
    return false;
  }

  void hire(Worker& worker, std::uint64_t position) {
    int ends[2];
    if (::pipe(ends) != 0) {
      std::perror("pipe");
      std::exit(2);
    }
    worker.slot->seed = 0;
    worker.slot->last_words[0] = 0;
    worker.heard.clear();
    worker.heard_at = SteadyClock::now();
    std::fflush(nullptr);
    worker.process = ::fork();
    if (worker.process == 0) {
      ::close(ends[0]);
      run_worker(work_, position, workers_.size(), ends[1], *worker.slot);
    }
    ::close(ends[1]);
    worker.pipe = ends[0];
  }

  void dismiss(Worker& worker) {
    if (worker.pipe < 0) return;
    ::kill(worker.process, SIGKILL);
    ::waitpid(worker.process, nullptr, 0);
    ::close(worker.pipe);
    worker.pipe = -1;
  }

  void listen() {
    std::vector<pollfd> polled;
    polled.reserve(workers_.size());
    for (const Worker& worker : workers_)
      polled.push_back({.fd = worker.pipe, .events = POLLIN, .revents = 0});
    ::poll(polled.data(), polled.size(), 500);
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      if (workers_[i].pipe < 0) continue;
      if ((polled[i].revents & (POLLIN | POLLHUP)) != 0) {
        hear(workers_[i]);
      } else {
        suspect(workers_[i]);
      }
    }
    progress_.show(tally_, std::chrono::duration<double>(SteadyClock::now() - began_).count());
  }

  void hear(Worker& worker) {
    char bytes[65536];
    const ssize_t count = ::read(worker.pipe, bytes, sizeof bytes);
    if (count <= 0) return bury(worker);
    worker.heard.append(bytes, static_cast<std::size_t>(count));
    worker.heard_at = SteadyClock::now();
    Finding finding;
    while (worker.heard.size() >= sizeof finding) {
      std::memcpy(&finding, worker.heard.data(), sizeof finding);
      if (worker.heard.size() < sizeof finding + finding.words) return;
      note(finding, worker.heard.substr(sizeof finding, finding.words));
      worker.heard.erase(0, sizeof finding + finding.words);
    }
  }

  void note(const Finding& finding, const std::string& words) {
    ++tally_.seeds;
    ++tally_.excuses[finding.excuse];
    sim::add(finding.counters, tally_.counters);
    const double seconds = static_cast<double>(finding.virtual_ns) / 1e9;
    tally_.virtual_seconds += seconds;
    if (words.empty()) {  // what is violated ends early
      Least& least = tally_.least;
      least.virtual_seconds = std::min(least.virtual_seconds, seconds);
      least.troubles = std::min(least.troubles, sum(finding.counters.troubles_begun));
      least.operations = std::min(least.operations, sum(finding.counters.acts_begun));
    }
    tally_.hashes.emplace_back(finding.seed, finding.hash);
    if (finding.excuse == 0 && finding.level_ns > 0) {
      tally_.leader_after.push_back(static_cast<double>(finding.leader_ns) / 1e9);
      tally_.level_after.push_back(static_cast<double>(finding.level_ns) / 1e9);
    }
    if (words.empty()) return;
    const std::size_t end = words.find('\n');
    fail({finding.seed, words.substr(0, end), words.substr(end + 1)});
  }

  void fail(Failure failure) {
    progress_.tell(failure);
    tally_.failures.push_back(std::move(failure));
  }

  // A worker is done, or died. If it died, the seed that killed it is known, and another goes on.
  void bury(Worker& worker) {
    int status = 0;
    ::waitpid(worker.process, &status, 0);
    ::close(worker.pipe);
    worker.pipe = -1;
    const std::uint64_t seed = worker.slot->seed;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && seed == 0) return;
    std::string what = worker.slot->last_words.data();
    if (what.empty() && WIFSIGNALED(status))
      what = std::string("the process died of ") + ::strsignal(WTERMSIG(status));
    if (what.empty()) what = "the process ended before its work";
    ++tally_.seeds;
    fail({seed, "I25", what});
    const std::uint64_t position = (seed - work_.first) / work_.stride + workers_.size();
    if (position < work_.count && !enough()) hire(worker, position);
  }

  void suspect(Worker& worker) {
    const std::chrono::duration<double> silent = SteadyClock::now() - worker.heard_at;
    if (silent.count() < seconds_of_silence) return;
    std::snprintf(worker.slot->last_words.data(), worker.slot->last_words.size(),
                  "the seed took more than %.0f s: it hangs", seconds_of_silence);
    ::kill(worker.process, SIGKILL);
  }

  Work work_;
  Effort effort_;
  Tally tally_;
  std::vector<Worker> workers_;
  SteadyClock::time_point began_;
  Progress progress_;
};

}  // namespace

Tally run_campaign(const Work& work, const Effort& effort) { return Campaign(work, effort).run(); }

}  // namespace bowline::apps
