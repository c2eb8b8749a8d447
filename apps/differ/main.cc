// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "apps/differ/episode.h"
#include "apps/differ/random_steps.h"
#include "apps/differ/shrink.h"
#include "bowline/etcd/proto/rpc.pb.h"

// Asks a bowline and an etcd the same, and says where they differ.
namespace {

namespace fs = std::filesystem;
using namespace bowline::differ;

constexpr std::size_t most_shown = 2000;  // of a step

struct Arguments {
  std::uint64_t requests = 20'000;
  std::uint64_t seed = 1;
  std::size_t steps = 250;
  std::size_t findings = 1;
  std::size_t shrinking = 600;
  std::string ours;
  std::string theirs = "etcd";
  std::string directory;
};

class Campaign {
 public:
  explicit Campaign(const Arguments& arguments)
      : arguments_(arguments),
        ours_({arguments.ours, "serve"}, arguments.directory + "/ours"),
        theirs_({arguments.theirs}, arguments.directory + "/theirs") {}

  int run();

 private:
  std::optional<Difference> look_at(const Steps&, double patience_seconds = 10);
  void tell(std::uint64_t seed, const Steps&, const Difference&);
  bool begin();

  const Arguments& arguments_;
  Peer ours_;
  Peer theirs_;
  Release release_ = Release::v3_5;
  Tally tally_;
  std::uint64_t requests_ = 0;
  bool is_fresh_ = false;
  bool is_broken_ = false;
};

// Nothing is asked before that.
Release release_of(Peer& peer) {
  const std::size_t call = peer.call("/etcdserverpb.Maintenance/Status", {});
  wait_for_both(peer, peer, 10, [&] { return peer.said(call).is_over; });
  etcdserverpb::StatusResponse status;
  const bool is_known = status.ParseFromString(peer.said(call).message);
  peer.forget_calls();
  return is_known && status.version().starts_with("3.4.") ? Release::v3_4 : Release::v3_5;
}

bool Campaign::begin() {
  is_fresh_ = true;
  for (Peer* const peer : {&ours_, &theirs_})
    if (!peer->start()) {
      std::printf("a server does not start; it said:\n%s\n", peer->last_words().c_str());
      is_broken_ = true;
    }
  if (!is_broken_) release_ = release_of(theirs_);
  return !is_broken_;
}

// After a difference what they hold may differ, too, so both begin anew.
std::optional<Difference> Campaign::look_at(const Steps& steps, double patience_seconds) {
  if (!is_fresh_ && !begin()) return std::nullopt;
  Episode episode(ours_, theirs_, release_, steps, tally_, patience_seconds);
  auto found = episode.run();
  requests_ += episode.requests();
  if (found) is_fresh_ = false;
  return found;
}

void Campaign::tell(std::uint64_t seed, const Steps& steps, const Difference& first) {
  std::printf("\nseed %llu differs at step %zu of %zu\n%s\n", static_cast<unsigned long long>(seed),
              first.step, steps.size(), first.what.c_str());
  std::fflush(stdout);
  const std::uint64_t asked = requests_;
  const Steps few = shrink(
      steps,
      [&](const Steps& candidate) {
        const auto found = look_at(candidate, 2);
        return found && found->kind == first.kind;
      },
      arguments_.shrinking);
  requests_ = asked;
  std::printf("the shortest that shows it, on an empty store at revision BASE:\n");
  for (const Step& step : few) std::printf("  %s\n", text(step).substr(0, most_shown).c_str());
  if (const auto shown = look_at(few)) std::printf("%s\n", shown->what.c_str());
  std::fflush(stdout);
}

int Campaign::run() {
  const auto began = std::chrono::steady_clock::now();
  std::size_t found = 0;
  std::uint64_t seed = arguments_.seed;
  for (; requests_ < arguments_.requests && found < arguments_.findings; ++seed) {
    Steps steps = RandomSteps(seed).episode(arguments_.steps);
    if (seed == arguments_.seed) {
      Step expire;
      expire.kind = Step::Kind::expire;
      steps.push_back(expire);
    }
    const auto difference = look_at(steps);
    if (is_broken_) return 2;
    if (!difference && seed % 100 == 0) {
      std::printf("%llu requests, seed %llu\n", static_cast<unsigned long long>(requests_),
                  static_cast<unsigned long long>(seed));
      std::fflush(stdout);
    }
    if (!difference) continue;
    ++found;
    tell(seed, steps, *difference);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%llu requests (seeds %llu to %llu) in %.0f s: %zu differences\n",
              static_cast<unsigned long long>(requests_),
              static_cast<unsigned long long>(arguments_.seed),
              static_cast<unsigned long long>(seed - 1), took.count(), found);
  for (const auto& [rule, times] : tally_)
    std::printf("  %llu times by rule: %.*s\n", static_cast<unsigned long long>(times),
                static_cast<int>(rule.size()), rule.data());
  return found == 0 ? 0 : 1;
}

std::string fresh_directory() {
  const fs::path memory = "/dev/shm";  // what is synced is not the question here
  const fs::path place = fs::is_directory(memory) ? memory : fs::temp_directory_path();
  return (place / ("bowline-differ-" + std::to_string(::getpid()))).string();
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  arguments.ours = (fs::read_symlink("/proc/self/exe").parent_path() / "bowline").string();
  arguments.directory = fresh_directory();
  CLI::App app("Asks `bowline serve` and an etcd the same, and says where their answers differ.");
  app.add_option("--requests", arguments.requests, "how many, about")->capture_default_str();
  app.add_option("--seed", arguments.seed, "of the first episode")->capture_default_str();
  app.add_option("--steps", arguments.steps, "of one episode")->capture_default_str();
  app.add_option("--findings", arguments.findings, "stop after so many")->capture_default_str();
  app.add_option("--shrinking", arguments.shrinking, "runs to make a finding short")
      ->capture_default_str();
  app.add_option("--bowline", arguments.ours, "our program")->capture_default_str();
  app.add_option("--etcd", arguments.theirs, "theirs")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  const int status = Campaign(arguments).run();
  std::error_code ignored;
  fs::remove_all(arguments.directory, ignored);
  return status;
}
