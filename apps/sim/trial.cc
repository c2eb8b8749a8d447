// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/trial.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>

#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bowline/base/ensure.h"
#include "bowline/sim/log_hunt.h"

namespace bowline::apps {
namespace {

constexpr time_t most_seconds_a_seed = 20;  // of CPU; a healthy one takes a few hundredths

enum class End : std::uint8_t { clean, killed, asserted };

// What a hunter tells of one seed. Small enough to pass through a pipe in one piece.
struct Report {
  std::uint64_t seed = 0;
  End end = End::clean;
  double virtual_seconds = 0;
  double cpu_seconds = 0;
  std::array<char, 16> invariant{};
  std::array<char, 400> what{};
};
static_assert(sizeof(Report) <= 512);  // PIPE_BUF is at least that

template <std::size_t Size>
void put(std::string_view text, std::array<char, Size>& into) {
  const std::string_view fits = text.substr(0, Size - 1);
  std::ranges::copy(fits, into.begin());
  into[fits.size()] = 0;
}

double cpu_used() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

int the_pipe = -1;
Report the_report;

void tell(Report& report) {
  report.cpu_seconds = cpu_used() - report.cpu_seconds;
  if (::write(the_pipe, &report, sizeof report) != sizeof report) _exit(3);
}

void tell_of_assert(const char* file, unsigned line, const char*) {
  the_report.end = End::asserted;
  put(std::string(file) + ":" + std::to_string(line), the_report.what);
  tell(the_report);
  _exit(0);
}

void limit_cpu() {
  const itimerval limit{.it_interval = {}, .it_value = {most_seconds_a_seed, 0}};
  ::setitimer(ITIMER_VIRTUAL, &limit, nullptr);
}

void found(std::string_view by, std::string_view what) {
  the_report.end = End::killed;
  put(by, the_report.invariant);
  put(what, the_report.what);
}

void look_at_world(std::uint64_t seed, const sim::Settings& settings) {
  const sim::History history = sim::run_history(seed, settings);
  the_report.virtual_seconds = static_cast<double>(history.virtual_time.count()) / 1e9;
  if (history.violation) found(history.violation->invariant, history.violation->what);
}

void look_at_log(std::uint64_t seed) {
  const sim::LogFinding finding = sim::hunt_log(seed);
  if (!finding.what.empty()) found(finding.by, finding.what);
}

[[noreturn]] void hunter(const Hunt& hunt, std::uint64_t first, std::uint64_t step, int pipe) {
  the_pipe = pipe;
  on_ensure_failure(tell_of_assert);
  for (std::uint64_t seed = first; seed <= hunt.seeds; seed += step) {
    limit_cpu();
    the_report = {.seed = seed};
    the_report.cpu_seconds = cpu_used();  // until it is told: when it began
    if (hunt.ground == sim::Ground::log) {
      look_at_log(seed);
    } else {
      sim::Settings settings = hunt.settings;
      settings.whole = hunt.ground == sim::Ground::nodes;
      settings.kv = hunt.ground == sim::Ground::kv;
      look_at_world(seed, settings);
    }
    tell(the_report);
  }
  _exit(0);
}

// One bug and those who hunt it.
class Party {
 public:
  Party(Bug bug, const Hunt& plan) : plan_(plan) { trial_.bug = bug; }

  Trial run() {
#ifdef BOWLINE_MUTANTS
    the_planted_bug = trial_.bug;  // the hunters inherit it
#endif
    hunters_.resize(plan_.processes);
    for (std::size_t i = 0; i < hunters_.size(); ++i) send_out(hunters_[i], i + 1);
    while (anybody_out() && trial_.kills.size() < plan_.kills && !spent()) listen();
    for (Hunter& hunter : hunters_) call_back(hunter);
    return std::move(trial_);
  }

 private:
  struct Hunter {
    pid_t process = 0;
    int pipe = -1;
    std::uint64_t next = 1;  // the seed that it is at
  };

  bool anybody_out() const {
    return std::ranges::any_of(hunters_, [](const Hunter& h) { return h.pipe >= 0; });
  }
  bool spent() const { return trial_.cpu_seconds > plan_.cpu_seconds; }

  void send_out(Hunter& hunter, std::uint64_t seed) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) {
      std::perror("pipe");
      std::exit(2);
    }
    std::fflush(nullptr);
    hunter.next = seed;
    hunter.process = ::fork();
    if (hunter.process == 0) {
      ::close(ends[0]);
      hunt_from(seed, ends[1]);
    }
    ::close(ends[1]);
    hunter.pipe = ends[0];
  }
  [[noreturn]] void hunt_from(std::uint64_t seed, int pipe) const {
    hunter(plan_, seed, hunters_.size(), pipe);
  }

  void call_back(Hunter& hunter) {
    if (hunter.pipe < 0) return;
    ::kill(hunter.process, SIGKILL);
    ::waitpid(hunter.process, nullptr, 0);
    ::close(hunter.pipe);
    hunter.pipe = -1;
  }

  void listen() {
    std::vector<pollfd> polled;
    polled.reserve(hunters_.size());
    for (const Hunter& hunter : hunters_)
      polled.push_back({.fd = hunter.pipe, .events = POLLIN, .revents = 0});
    ::poll(polled.data(), polled.size(), 500);
    for (std::size_t i = 0; i < hunters_.size(); ++i)
      if (hunters_[i].pipe >= 0 && (polled[i].revents & (POLLIN | POLLHUP)) != 0) hear(hunters_[i]);
  }

  void hear(Hunter& hunter) {
    Report report;
    if (::read(hunter.pipe, &report, sizeof report) != sizeof report) return mourn(hunter);
    hunter.next = report.seed + hunters_.size();
    ++trial_.seeds;
    trial_.virtual_seconds += report.virtual_seconds;
    trial_.cpu_seconds += report.cpu_seconds;
    if (report.end == End::asserted) {
      ++trial_.asserts;
      trial_.assert_at = report.what.data();
    }
    if (report.end != End::killed) return;
    ++trial_.invariants[report.invariant.data()];
    trial_.kills.push_back(
        {report.seed, report.invariant.data(), report.what.data(), report.virtual_seconds});
  }

  // It is done, or its seed was too much for it. Then another goes on after that seed.
  void mourn(Hunter& hunter) {
    int status = 0;
    ::waitpid(hunter.process, &status, 0);
    ::close(hunter.pipe);
    hunter.pipe = -1;
    if (WIFSIGNALED(status)) {
      ++trial_.seeds;
      if (WTERMSIG(status) == SIGVTALRM) {
        ++trial_.hangs;
        trial_.cpu_seconds += most_seconds_a_seed;
      } else {
        ++trial_.asserts;
        trial_.assert_at = ::strsignal(WTERMSIG(status));
      }
      hunter.next += hunters_.size();
    }
    if (hunter.next <= plan_.seeds) send_out(hunter, hunter.next);
  }

  Hunt plan_;
  Trial trial_;
  std::vector<Hunter> hunters_;
};

}  // namespace

Trial hunt(Bug bug, const Hunt& plan) { return Party(bug, plan).run(); }

}  // namespace bowline::apps
