// SPDX-License-Identifier: Apache-2.0
// bowline-bench-snapshot: three processes under a steady load; a fourth one joins and fetches a
// large snapshot, is killed on the way, and goes on; a fifth one fetches it slowly.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/bench/addresses.h"
#include "apps/bench/snapshot_member.h"
#include "bowline/host/transfers.h"

namespace bowline::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t founders = 3;

struct Arguments {
  std::uint64_t mebibytes = 2048;
  std::uint64_t per_second = 5000;
  std::uint64_t payload = 256;
  double seconds = 10;
  int breaks = 3;
  std::uint64_t rate = host::Transfers::Options().bytes_per_second >> 20;
  std::string directory = "build/bench-snapshot";
};

[[noreturn]] void stop(const char* why) {
  std::fprintf(stderr, "bowline-bench-snapshot: %s\n", why);
  std::exit(1);
}

double seconds_since(Steady::time_point begun) {
  return std::chrono::duration<double>(Steady::now() - begun).count();
}

void wait_a_moment() { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }

class Bench {
 public:
  explicit Bench(Arguments arguments)
      : arguments_(std::move(arguments)), addresses_(free_addresses(founders + 2)) {
    std::filesystem::remove_all(arguments_.directory);
    std::filesystem::create_directories(arguments_.directory);
    for (std::uint64_t id = 1; id <= founders; ++id) start(id);
    while (leader() == nullptr) wait_a_moment();
  }

  void run() {
    std::printf("three processes on loopback, %llu proposals of %llu bytes a second, %llu MiB\n",
                static_cast<unsigned long long>(arguments_.per_second),
                static_cast<unsigned long long>(arguments_.payload),
                static_cast<unsigned long long>(arguments_.mebibytes));
    std::printf("%-34s %8s %7s %8s %8s %9s %9s %7s %9s\n", "", "seconds", "done", "p50 us",
                "p99 us", "p99.9 us", "most us", "p99 x", "leader MiB");
    leader()->press(arguments_.per_second, arguments_.payload);
    rest(arguments_.seconds);
    tell("nothing else");
    take();
    rest(arguments_.seconds);
    tell("nothing else, again");
    const double fastest = join();
    rest(arguments_.seconds);
    tell("nothing else, with four");
    crawl(fastest / 100);
    std::printf("memory of the leader: %.0f MiB at the beginning, %.0f at most\n", before_mib_,
                most_mib_);
  }

 private:
  SnapshotMember* leader() {
    for (const auto& member : members_)
      if (member->leads()) return member.get();
    return nullptr;
  }
  std::string directory_of(std::uint64_t id) const {
    return arguments_.directory + "/" + std::to_string(id);
  }
  SnapshotMember& start(std::uint64_t id) {
    const SnapshotMember::Setup setup{id,
                                      addresses_,
                                      founders,
                                      directory_of(id),
                                      arguments_.mebibytes << 20,
                                      arguments_.rate << 20};
    members_.resize(std::max<std::size_t>(members_.size(), id));
    members_[id - 1].reset();
    members_[id - 1] = std::make_unique<SnapshotMember>(setup);
    return *members_[id - 1];
  }

  void look() {
    const double now = leader_->child().resident_mib();
    if (before_mib_ == 0) before_mib_ = now;
    window_mib_ = std::max(window_mib_, now);
    most_mib_ = std::max(most_mib_, now);
  }
  // The load goes on, and we look at it.
  void rest(double seconds) {
    leader_ = leader();
    begun_ = Steady::now();
    leader_->window();
    while (seconds_since(begun_) < seconds) {
      look();
      wait_a_moment();
    }
  }
  void tell(const char* what) {
    const double took = seconds_since(begun_);
    const Window window = leader_->window();
    if (usual_us_ == 0) usual_us_ = window.p99_us;
    std::printf("%-34s %8.1f %7llu %8.0f %8.0f %9.0f %9.0f %7.2f %9.0f\n", what, took,
                static_cast<unsigned long long>(window.done), window.p50_us, window.p99_us,
                window.p999_us, window.most_us, window.p99_us / usual_us_, window_mib_);
    if (window.failed > 0)
      std::printf("  %llu failed\n", static_cast<unsigned long long>(window.failed));
    window_mib_ = 0;
  }

  // By whoever leads; the others have none, and a new member can have it from nobody else.
  void take() {
    rest(0);
    const double took = leader_->snapshot();
    look();
    tell("a snapshot is made");
    std::printf("  %.0f MiB/s\n", double(arguments_.mebibytes) / took);
  }

  // How much of a snapshot is in the directory of a member. After a restart it copies the pieces
  // that it has: a piece that is there twice came once.
  double mebibytes_of(std::uint64_t id) const {
    std::set<std::string> pieces;
    std::error_code none;
    for (const auto& file : std::filesystem::directory_iterator(directory_of(id), none)) {
      const std::string number = file.path().extension().string();
      const bool is_piece =
          number.size() == 9 && file.path().filename().string().starts_with("snap");
      if (is_piece && number.find_first_not_of(".0123456789abcdef") == std::string::npos)
        pieces.insert(number);
    }
    return static_cast<double>(pieces.size());
  }

  // Answers how fast it went, in MiB a second.
  double join() {
    constexpr std::uint64_t id = founders + 1;
    SnapshotMember* joining = &start(id);
    rest(0);
    leader_->add(id);
    std::vector<double> marks;
    for (int i = 1; i <= arguments_.breaks; ++i)
      marks.push_back(double(arguments_.mebibytes) * i / (arguments_.breaks + 1));
    double fastest = 0;
    double from = 0;
    Steady::time_point since = Steady::now();
    const auto note = [&](double here) {
      fastest = std::max(fastest, (here - from) / seconds_since(since));
    };
    while (!leader_->added()) {
      look();
      const double here = mebibytes_of(id);
      if (!marks.empty() && here >= marks.front()) {
        note(here);
        std::printf("  killed with %.0f MiB of it", here);
        joining->child().kill();
        joining = &start(id);
        from = mebibytes_of(id);
        since = Steady::now();
        std::printf(", begins again with %.0f\n", from);
        if (from + 2 < here) stop("pieces that were here are gone");
        marks.erase(marks.begin());
      }
      wait_a_moment();
    }
    note(mebibytes_of(id));
    tell("a fourth one joins");
    std::printf("  up to %.0f MiB/s; it has applied %llu entries\n", fastest,
                static_cast<unsigned long long>(joining->applied()));
    return fastest;
  }

  // The receiver is frozen again and again, so that it gets no more than that.
  void crawl(double mebibytes_per_second) {
    constexpr std::uint64_t id = founders + 2;
    SnapshotMember& joining = start(id);
    rest(0);
    leader_->add(id);
    while (mebibytes_of(id) < 2) wait_a_moment();
    leader_->window();
    const double from = mebibytes_of(id);
    begun_ = Steady::now();
    while (seconds_since(begun_) < 2 * arguments_.seconds) {
      look();
      const bool ahead = mebibytes_of(id) - from > mebibytes_per_second * seconds_since(begun_);
      if (ahead) joining.child().freeze();
      if (!ahead) joining.child().thaw();
      wait_a_moment();
    }
    const double came = mebibytes_of(id) - from;
    joining.child().thaw();
    tell("a fifth one fetches at a crawl");
    std::printf("  %.1f MiB/s\n", came / (2 * arguments_.seconds));
  }

  Arguments arguments_;
  std::vector<std::string> addresses_;
  std::vector<std::unique_ptr<SnapshotMember>> members_;
  SnapshotMember* leader_ = nullptr;
  Steady::time_point begun_;
  double usual_us_ = 0;
  double before_mib_ = 0, window_mib_ = 0, most_mib_ = 0;
};

}  // namespace
}  // namespace bowline::bench

int main(int argc, char** argv) {
  using namespace bowline::bench;
  CLI::App app{"A large snapshot on its way to a new member, under a steady load"};
  Arguments arguments;
  app.add_option("--mebibytes", arguments.mebibytes, "How large the state is");
  app.add_option("--per-second", arguments.per_second, "Proposals");
  app.add_option("--payload", arguments.payload, "Bytes of each");
  app.add_option("--seconds", arguments.seconds, "How long the load is watched alone");
  app.add_option("--breaks", arguments.breaks, "How often the new member is killed on the way");
  app.add_option("--rate", arguments.rate, "MiB that a node gives in a second; 0: all that it can");
  app.add_option("--directory", arguments.directory, "Where the logs are; emptied first");
  CLI11_PARSE(app, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  Bench(arguments).run();
  return 0;
}
