// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/apart.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bowline/base/ensure.h"
#include "bowline/sim/history_file.h"

namespace bowline::apps {
namespace {

constexpr time_t most_seconds_a_run = 20;  // of CPU; a healthy one takes a few hundredths

int pipe_of_the_child = -1;
bool the_draws_are_wanted = false;

// What goes through the pipe first. The invariant, what was seen, and the draws follow as text.
struct Answer {
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  std::int64_t at = 0;  // nanoseconds
  std::uint64_t invariant = 0;
  std::uint64_t what = 0;
};

void send_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(pipe_of_the_child, bytes.data(), bytes.size());
    if (count <= 0) _exit(3);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

[[noreturn]] void answer(const sim::Verdict& verdict) {
  const Answer head{.hash = verdict.hash,
                    .events = verdict.events,
                    .at = verdict.at.since_start.count(),
                    .invariant = verdict.violation.invariant.size(),
                    .what = verdict.violation.what.size()};
  std::string bytes(sizeof head, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  send_all(bytes + verdict.violation.invariant + verdict.violation.what);
  if (the_draws_are_wanted && verdict.draws) send_all(sim::text(*verdict.draws));
  _exit(0);
}

void answer_at_ensure(const char* file, unsigned line, const char* function) {
  sim::Verdict verdict = sim::verdict_of(sim::running_history());
  verdict.violation = {"I25", std::string("ensure() failed at ") + file + ":" +
                                  std::to_string(line) + " in " + function};
  verdict.draws = sim::running_draws();
  answer(verdict);
}

[[noreturn]] void run_apart(const sim::Recorded& history) {
  on_ensure_failure(answer_at_ensure);
  const itimerval limit{.it_interval = {}, .it_value = {most_seconds_a_run, 0}};
  ::setitimer(ITIMER_VIRTUAL, &limit, nullptr);
  answer(sim::judge(history));
}

std::string read_all(int pipe) {
  std::string text;
  std::array<char, 65536> bytes{};
  for (ssize_t count = 0; (count = ::read(pipe, bytes.data(), bytes.size())) > 0;)
    text.append(bytes.data(), static_cast<std::size_t>(count));
  return text;
}

sim::Verdict read_answer(std::string_view heard, bool with_draws) {
  Answer head;
  std::memcpy(&head, heard.data(), sizeof head);
  heard.remove_prefix(sizeof head);
  sim::Verdict verdict;
  verdict.hash = head.hash;
  verdict.events = head.events;
  verdict.at = Time{Duration(head.at)};
  verdict.violation.invariant = heard.substr(0, head.invariant);
  verdict.violation.what = heard.substr(head.invariant, head.what);
  if (!with_draws) return verdict;
  auto draws = sim::parse_recording(heard.substr(head.invariant + head.what));
  if (draws) verdict.draws = std::move(*draws);
  return verdict;
}

// It took too long, or the process died in a way that nobody foresaw.
sim::Verdict verdict_of_dead(int status) {
  sim::Verdict verdict;
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  verdict.violation = {"I25", signal == SIGVTALRM
                                  ? std::string("the history does not end")
                                  : std::string("the process died of ") + ::strsignal(signal)};
  return verdict;
}

}  // namespace

sim::Verdict judge_apart(const sim::Recorded& history, bool with_draws) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) {
    std::perror("pipe");
    std::exit(2);
  }
  std::fflush(nullptr);
  const pid_t process = ::fork();
  if (process == 0) {
    ::close(ends[0]);
    pipe_of_the_child = ends[1];
    the_draws_are_wanted = with_draws;
    run_apart(history);
  }
  ::close(ends[1]);
  if (process < 0) {
    std::perror("fork");
    std::exit(2);
  }
  const std::string heard = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(process, &status, 0);
  return heard.size() < sizeof(Answer) ? verdict_of_dead(status) : read_answer(heard, with_draws);
}

}  // namespace bowline::apps
