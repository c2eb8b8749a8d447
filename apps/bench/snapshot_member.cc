// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/snapshot_member.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <sstream>
#include <thread>
#include <utility>

#include "apps/bench/bulk_machine.h"
#include "bowline/api/node.h"

namespace bowline::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr GroupId group{1};

// So many proposals a second, whatever becomes of them: one that comes late shows in all behind it.
class Pressing {
 public:
  Pressing(const Group& of, std::uint64_t per_second, std::uint64_t payload)
      : group_(of),
        every_(std::chrono::duration_cast<Steady::duration>(
            std::chrono::duration<double>(1.0 / double(per_second)))),
        payload_(Bytes::own(std::string(payload, 'x'))),
        thread_([this] { run(); }) {
    thread_.detach();  // until the process ends
  }

  std::string window() {
    std::promise<std::string> said;
    group_.with([&](host::Replica*) { said.set_value(told()); });
    return said.get_future().get();
  }

 private:
  [[noreturn]] void run() {
    Steady::time_point due = Steady::now();
    while (true) {
      std::this_thread::sleep_until(due + std::chrono::milliseconds(1));
      const Steady::time_point now = Steady::now();
      std::vector<Steady::time_point> all;
      for (; due <= now; due += every_) all.push_back(due);
      group_.with([this, all = std::move(all)](host::Replica* replica) {
        for (const Steady::time_point one : all) propose(replica, one);
      });
    }
  }
  void propose(host::Replica* replica, Steady::time_point due) {
    replica->propose(payload_, [this, due](const Outcome& outcome) {
      if (!std::holds_alternative<Applied>(outcome)) return void(++failed_);
      const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - due);
      latencies_us_.push_back(static_cast<std::uint32_t>(took.count()));
    });
  }
  std::string told() {
    std::ranges::sort(latencies_us_);
    const auto at = [&](double share) {
      const double place = share * double(latencies_us_.size() - 1);
      return latencies_us_.empty() ? 0U : latencies_us_[static_cast<std::size_t>(place)];
    };
    std::ostringstream said;
    said << latencies_us_.size() << ' ' << failed_ << ' ' << at(0.5) << ' ' << at(0.99) << ' '
         << at(0.999) << ' ' << at(1);
    latencies_us_.clear();
    failed_ = 0;
    return said.str();
  }

  Group group_;
  Steady::duration every_;
  Bytes payload_;
  std::vector<std::uint32_t> latencies_us_;  // on the node's thread, as all below
  std::uint64_t failed_ = 0;
  std::thread thread_;
};

class Member {
 public:
  explicit Member(SnapshotMember::Setup setup) : setup_(std::move(setup)) {
    NodeOptions options;
    options.id = NodeId{setup_.id};
    options.directory = setup_.directory;
    options.listen = setup_.addresses[setup_.id - 1];
    options.transfers.bytes_per_second = setup_.bytes_per_second;
    Result<std::unique_ptr<Node>> node = Node::open(options);
    if (!node) stop(node.error());
    node_ = *std::move(node);
    GroupSetup start;
    if (setup_.id <= setup_.founders) start.founders = wanted(setup_.founders);
    start.options.snapshot_entries = start.options.snapshot_bytes = 0;  // when we say so
    start.options.keep_entries = 0;
    Result<Group> started = node_->start(group, start, std::make_unique<BulkMachine>(setup_.bytes));
    if (!started) stop(started.error());
    group_ = std::make_unique<Group>(*std::move(started));
  }

  std::string answer(std::istream& words) {
    std::string what;
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    words >> what >> first >> second;
    if (what == "leads") return group_->status().get().role == raft::Role::leader ? "1" : "0";
    if (what == "applied") return std::to_string(group_->status().get().applied.index.value);
    if (what == "press") pressing_ = std::make_unique<Pressing>(*group_, first, second);
    if (what == "window") return pressing_->window();
    if (what == "snapshot") return snapshot();
    if (what == "add") added_ = group_->reconfigure(wanted(first));
    if (what == "added") return is_added();
    return "1";
  }

 private:
  [[noreturn]] void stop(const Error& error) const {
    std::fprintf(stderr, "member %d: %s\n", static_cast<int>(setup_.id), error.what.c_str());
    std::_Exit(1);
  }
  std::vector<raft::Wanted> wanted(std::size_t count) const {
    std::vector<raft::Wanted> all;
    all.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
      all.push_back({.id = NodeId{i + 1}, .address = setup_.addresses[i]});
    return all;
  }
  std::string snapshot() const {
    const auto begun = Steady::now();
    const Result<raft::Base> base = group_->snapshot().get();
    if (!base) stop(base.error());
    return std::to_string(std::chrono::duration<double>(Steady::now() - begun).count());
  }
  std::string is_added() {
    if (!added_.valid()) return "0";
    if (added_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return "0";
    return std::holds_alternative<Applied>(added_.get()) ? "1" : "-";
  }

  SnapshotMember::Setup setup_;
  std::unique_ptr<Node> node_;
  std::unique_ptr<Group> group_;
  std::unique_ptr<Pressing> pressing_;
  std::future<Outcome> added_;
};

}  // namespace

SnapshotMember::SnapshotMember(const Setup& setup)
    : child_([setup] {
        return [member = std::make_unique<Member>(setup)](std::istream& words) {
          return member->answer(words);
        };
      }) {}

bool SnapshotMember::leads() { return child_.ask("leads") == "1"; }
std::uint64_t SnapshotMember::applied() {
  return std::strtoull(child_.ask("applied").c_str(), nullptr, 10);
}
void SnapshotMember::press(std::uint64_t per_second, std::uint64_t payload) {
  child_.ask("press " + std::to_string(per_second) + " " + std::to_string(payload));
}
double SnapshotMember::snapshot() { return std::strtod(child_.ask("snapshot").c_str(), nullptr); }
void SnapshotMember::add(std::uint64_t id) { child_.ask("add " + std::to_string(id)); }

bool SnapshotMember::added() {
  const std::string said = child_.ask("added");
  if (said == "-") {
    std::fprintf(stderr, "the new member was not taken\n");
    std::exit(1);
  }
  return said == "1";
}

Window SnapshotMember::window() {
  std::istringstream said(child_.ask("window"));
  Window window;
  said >> window.done >> window.failed >> window.p50_us >> window.p99_us >> window.p999_us >>
      window.most_us;
  return window;
}

}  // namespace bowline::bench
