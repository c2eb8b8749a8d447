// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/child.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bowline/base/ensure.h"

namespace bowline::bench {
namespace {

[[noreturn]] void obey(Child::Answer answer, int from, int to) {
  FILE* const in = fdopen(from, "r");
  char line[256];
  while (std::fgets(line, sizeof line, in) != nullptr) {
    std::istringstream words(line);
    const std::string said = answer(words) + '\n';
    if (::write(to, said.data(), said.size()) < 0) break;
  }
  std::_Exit(0);
}

[[noreturn]] void become(std::vector<std::string> program, int from, int to) {
  std::vector<char*> words;
  words.reserve(program.size() + 1);
  for (std::string& word : program) words.push_back(word.data());
  words.push_back(nullptr);
  dup2(from, STDIN_FILENO);
  dup2(to, STDOUT_FILENO);
  execvp(words[0], words.data());
  std::fprintf(stderr, "cannot start %s: %s\n", words[0], std::strerror(errno));
  std::_Exit(127);
}

}  // namespace

Child::Child(std::move_only_function<Answer()> live) {
  begin([live = std::move(live)](int from, int to) mutable { obey(live(), from, to); });
}

Child::Child(std::vector<std::string> program) {
  begin([&program](int from, int to) { become(std::move(program), from, to); });
}

void Child::begin(OverThere over_there) {
  int down[2];
  int up[2];
  ensure(pipe2(down, O_CLOEXEC) == 0);
  ensure(pipe2(up, O_CLOEXEC) == 0);
  process_ = fork();
  ensure(process_ >= 0);
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // the pipes alone do not tell it: others hold them, too
    close(down[1]);
    close(up[0]);
    over_there(down[0], up[1]);
    std::_Exit(0);
  }
  close(down[0]);
  close(up[1]);
  to_ = down[1];
  from_ = up[0];
}

Child::~Child() {
  close(to_);
  kill();
  close(from_);
}

void Child::kill() {
  if (process_ == 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = 0;
}

void Child::freeze() {
  if (process_ != 0) ::kill(process_, SIGSTOP);
}
void Child::thaw() {
  if (process_ != 0) ::kill(process_, SIGCONT);
}

std::string Child::ask(const std::string& what) {
  const std::string line = what + "\n";
  if (::write(to_, line.data(), line.size()) < 0) return {};
  std::string said;
  char one = 0;
  while (::read(from_, &one, 1) == 1 && one != '\n') said += one;
  return said;
}

double Child::resident_mib() const {
  std::ifstream in("/proc/" + std::to_string(process_) + "/statm");
  double all = 0;
  double resident = 0;
  in >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

// A thread that gives its processor away by itself does so to wait, and is woken once for it.
std::uint64_t Child::wake_ups() const {
  std::uint64_t sum = 0;
  std::error_code gone;
  const std::string threads = "/proc/" + std::to_string(process_) + "/task";
  for (const auto& thread : std::filesystem::directory_iterator(threads, gone)) {
    std::ifstream in(thread.path() / "status");
    for (std::string word; in >> word;)
      if (std::uint64_t count = 0; word == "voluntary_ctxt_switches:" && in >> count) sum += count;
  }
  return sum;
}

double cpu_of_this_process() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace bowline::bench
