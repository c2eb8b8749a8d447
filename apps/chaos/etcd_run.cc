// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_run.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <unistd.h>

#include "apps/bowline/served_process.h"
#include "apps/chaos/etcd_clients.h"
#include "apps/chaos/etcd_errands.h"
#include "apps/chaos/etcd_history_lines.h"
#include "apps/chaos/etcd_journal.h"
#include "apps/chaos/etcd_member.h"
#include "apps/chaos/etcd_saved.h"
#include "apps/chaos/etcd_verdict.h"
#include "apps/chaos/etcd_watchers.h"
#include "apps/chaos/faults.h"
#include "apps/chaos/relay.h"
#include "apps/chaos/small_disk.h"
#include "bowline/etcd/names.h"

namespace bowline::chaos {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t count = 3;
constexpr std::size_t on_small_disk = 2;             // which member
constexpr std::uint64_t small_disk_mebibytes = 512;  // eight segments of the log
constexpr std::string_view token = "chaos";

milliseconds as_duration(double seconds) {
  return milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

// Ports that nobody has, and that no connection is given: a server that is started again finds its
// own free.
std::vector<int> quiet_ports(std::size_t number, std::uint64_t seed) {
  Prng prng(seed + static_cast<std::uint64_t>(::getpid()));
  std::vector<int> ports;
  while (ports.size() < number) {
    const int port = 10'000 + static_cast<int>(prng.below(20'000));
    if (std::ranges::find(ports, port) == ports.end() && apps::is_free(port)) ports.push_back(port);
  }
  return ports;
}

void rest(Duration time) { std::this_thread::sleep_for(time); }

class EtcdRun {
 public:
  explicit EtcdRun(const EtcdRunOptions& options)
      : options_(options), prng_(options.seed * 77 + 5) {}
  std::string all();

 private:
  Result<void> start();
  Result<void> strike();
  Result<void> special(Faults&);
  Result<void> fill_disk(Faults&);
  Result<void> restart_all(Faults&);
  std::string settle();
  std::string wait(const std::function<std::string()>& fault) const;
  std::string last_words(EtcdErrands&);
  std::string judge_all();
  void say(const EtcdVerdict&) const;

  const EtcdRunOptions& options_;
  Prng prng_;
  Relay relay_;
  std::unique_ptr<SmallDisk> disk_;
  std::vector<std::unique_ptr<EtcdMember>> members_;
  std::unique_ptr<EtcdJournal> journal_;
  std::vector<std::unique_ptr<EtcdWatcher>> watchers_;
  std::string saved_;
  std::int64_t through_ = 0;
  std::size_t saves_ = 0, fills_ = 0, full_ = 0, moves_ = 0, restarts_ = 0;
  std::string faults_;
};

Result<void> EtcdRun::start() {
  const std::vector<int> ports = quiet_ports(2 * count, options_.seed);
  std::string cluster;
  std::vector<std::string> urls;
  for (std::uint64_t id = 1; id <= count; ++id) {
    const Result<std::string> address = relay_.stand_in_for(NodeId{id});
    if (!address) return std::unexpected(address.error());
    urls.push_back("http://" + *address);
    relay_.is_called(NodeId{id}, etcd::member_id({urls.back()}, token));
    cluster += (id == 1 ? "n" : ",n") + std::to_string(id) + "=" + urls.back();
  }
  const auto local = [&](std::size_t i) { return "127.0.0.1:" + std::to_string(ports[i]); };
  std::vector<EtcdMember*> all;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "n" + std::to_string(i + 1);
    const std::string directory = options_.directory + "/" + name;
    fs::create_directories(directory);
    if (i == on_small_disk && disk_ == nullptr)
      disk_ = std::make_unique<SmallDisk>(directory, small_disk_mebibytes, options_.no_mounts);
    // Snapshots are small and often, so that members which were away have to fetch them. Members
    // compare their data all the time: one that differs stops all, which we would notice.
    members_.push_back(std::make_unique<EtcdMember>(EtcdMember::Options{
        .words = {options_.program, "serve", "--name=" + name, "--data-dir=" + directory + "/data",
                  "--initial-cluster=" + cluster, "--initial-cluster-token=" + std::string(token),
                  "--listen-client-urls=http://" + local(i),
                  "--listen-peer-urls=http://" + local(count + i),
                  "--initial-advertise-peer-urls=" + urls[i], "--snapshot-count=400",
                  "--heartbeat-interval=50", "--election-timeout=400",
                  "--watch-progress-notify-interval=2s", "--corrupt-check-time=1s",
                  "--compact-hash-check-time=500ms", "--experimental-compact-hash-check-enabled",
                  "--experimental-initial-corrupt-check"},
        .id = NodeId{i + 1},
        .own_name = etcd::member_id({urls[i]}, token),
        .client_address = local(i),
        .peer_address = local(count + i),
        .log = options_.directory + "/" + name + ".log"}));
    all.push_back(members_.back().get());
    relay_.lead(NodeId{i + 1}, local(count + i));
    if (Result<void> started = members_.back()->start(); !started) return started;
  }
  journal_ = std::make_unique<EtcdJournal>(all);
  return {};
}

// What takes longer than a round of mishaps, and may have one within it.
Result<void> EtcdRun::special(Faults& faults) {
  EtcdErrands errands(*journal_);
  const std::uint64_t dice = prng_.below(100);
  if (dice < 8) return fill_disk(faults);
  if (dice < 25) return restart_all(faults);
  if (dice < 75) moves_ += errands.move_leader(prng_.next()) ? 1 : 0;
  return faults.round(rest);
}

// Nothing is on the disk any more but what was made in time; then the log grows beyond that. It may
// end by itself of this, if it cannot write what it must.
Result<void> EtcdRun::fill_disk(Faults& faults) {
  if (!disk_->fault().empty()) return faults.round(rest);
  EtcdErrands errands(*journal_);
  EtcdMember& member = *members_[on_small_disk];
  member.may_end(true);
  disk_->fill();
  ++fills_;
  bool is_full = false;
  for (int i = 0; i < 10 && !is_full; ++i) {
    errands.push_log(16 << 20);
    disk_->fill();  // what it gave back meanwhile
    is_full = errands.has_full_disk(on_small_disk);
  }
  full_ += is_full ? 1 : 0;
  rest(milliseconds(prng_.below(3000)));
  if (Result<void> round = faults.round(rest); !round) return round;
  disk_->clear();
  Result<void> mended;
  wait([&]() -> std::string {
    mended = faults.mend();
    return mended && !errands.has_room(on_small_disk) ? "not yet" : "";
  });
  member.may_end(false);
  return mended;
}

Result<void> EtcdRun::restart_all(Faults& faults) {
  ++restarts_;
  for (const auto& member : members_) member->kill();
  rest(milliseconds(prng_.below(500)));
  return faults.mend();
}

Result<void> EtcdRun::strike() {
  std::vector<Victim*> victims;
  victims.reserve(members_.size());
  for (const auto& member : members_) victims.push_back(member.get());
  Faults faults(victims, relay_, options_.seed);
  // No fault before something works.
  const auto patience = Steady::now() + as_duration(options_.recovery);
  while (journal_->done() == 0 && Steady::now() < patience) rest(milliseconds(5));
  const auto until = Steady::now() + as_duration(options_.seconds);
  Result<void> fine;
  if (fine && Steady::now() < until) fine = fill_disk(faults);
  while (fine && Steady::now() < until)
    fine = prng_.chance(40) ? special(faults) : faults.round(rest);
  faults_ = faults.counts();
  return fine;
}

std::string EtcdRun::wait(const std::function<std::string()>& fault) const {
  const auto until = Steady::now() + as_duration(options_.recovery);
  std::string wrong = fault();
  while (!wrong.empty() && Steady::now() < until) {
    rest(milliseconds(100));
    wrong = fault();
  }
  return wrong;
}

// All is mended. Leases end, a write is done, every member shows it, and those who watch hear of
// it.
std::string EtcdRun::settle() {
  EtcdErrands errands(*journal_);
  if (std::string wrong = wait([&] { return errands.leases_left(); }); !wrong.empty()) return wrong;
  if (std::string wrong = last_words(errands); !wrong.empty()) return wrong;
  for (const auto& watcher : watchers_) watcher->finish(through_);
  return wait([&]() -> std::string {
    const bool all =
        std::ranges::all_of(watchers_, [](const auto& w) { return w->has_finished(); });
    return all ? "" : "some who watch do not hear of what is done, for as long as we waited (I16)";
  });
}

std::string EtcdRun::last_words(EtcdErrands& errands) {
  EtcdClerk clerk(*journal_, options_.clients + 1, std::chrono::seconds(5));
  etcdserverpb::PutRequest put;
  put.set_key("last");
  put.set_value("x");
  std::string wrong = wait([&]() -> std::string {
    const auto call = clerk.ask(EtcdCall::Kind::put, 0, put.SerializeAsString());
    if (!call || call->fate != EtcdCall::Fate::done)
      return "nothing got done after the faults had ended, for as long as we waited";
    etcdserverpb::PutResponse response;
    response.ParseFromString(call->response);
    through_ = response.header().revision();
    return {};
  });
  etcdserverpb::RangeRequest all;
  all.set_key(std::string(1, '\0'));
  all.set_range_end(std::string(1, '\0'));
  for (std::size_t member = 0; member < count && wrong.empty(); ++member)
    wrong = wait([&]() -> std::string {
      const auto call = clerk.ask(EtcdCall::Kind::range, member, all.SerializeAsString());
      return call && call->fate == EtcdCall::Fate::done ? "" : "a member shows nothing";
    });
  if (!wrong.empty()) return wrong;
  return wait([&] { return errands.compare_sums(through_, as_duration(options_.recovery)); });
}

void EtcdRun::say(const EtcdVerdict& verdict) const {
  std::printf("seed %llu: %s; leadership moved %zu times, all restarted at once %zu times\n",
              static_cast<unsigned long long>(options_.seed), faults_.c_str(), moves_, restarts_);
  if (disk_->fault().empty()) {
    std::printf("full disk: filled %zu times, %zu times the member said that it is full\n", fills_,
                full_);
  } else {
    std::printf("full disk: NOT RUN: %s\n", disk_->fault().c_str());
  }
  std::printf(
      "%zu done, %zu refused, %zu unknown (of which %zu were done); %lld revisions; %zu leases "
      "ended with keys; %zu snapshots saved\n",
      verdict.fates[0], verdict.fates[1], verdict.fates[2], verdict.unknown_done,
      static_cast<long long>(verdict.revisions), verdict.expired, saves_);
  std::printf(
      "those who watch: %zu events, %zu words of progress, %zu watchers went on elsewhere, "
      "%zu ended by a compaction\n",
      verdict.events, verdict.progress, verdict.resumed, verdict.compacted);
}

std::string EtcdRun::judge_all() {
  EtcdHistory history = journal_->take();
  history.through = through_;
  const EtcdVerdict verdict = judge(history);
  say(verdict);
  if (!verdict.wrong.empty()) {
    write_lines(history, options_.directory + "/history.txt");
    return verdict.wrong;
  }
  return saved_.empty() ? "" : check_saved(saved_, options_.program, options_.directory, history);
}

std::string EtcdRun::all() {
  if (const Result<void> started = start(); !started) return started.error().what;
  for (std::size_t i = 0; i < count; ++i)
    watchers_.push_back(std::make_unique<EtcdWatcher>(
        *journal_,
        EtcdWatcher::Options{.name = "who watches all at member " + std::to_string(i + 1),
                             .seed = options_.seed * 100 + i,
                             .is_of_all = true,
                             .member = i}));
  for (std::size_t i = 0; i < count; ++i)
    watchers_.push_back(std::make_unique<EtcdWatcher>(
        *journal_, EtcdWatcher::Options{.name = "who watches, number " + std::to_string(i + 1),
                                        .seed = options_.seed * 100 + 50 + i}));
  Result<void> struck;
  {
    EtcdClients clients(*journal_, options_.seed, options_.clients);
    EtcdSnapshots snapshots(*journal_, options_.program, options_.directory);
    struck = strike();
    clients.stop();
    snapshots.stop();
    saves_ = snapshots.saved();
    saved_ = snapshots.last();
  }
  std::string wrong = struck ? settle() : struck.error().what;
  for (const auto& watcher : watchers_) watcher->stop();
  for (const auto& member : members_) member->kill();
  if (std::string judged = judge_all(); !judged.empty()) return judged;
  return wrong;
}

}  // namespace

std::string run_etcd(const EtcdRunOptions& options) { return EtcdRun(options).all(); }

}  // namespace bowline::chaos
