// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_watchers.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "apps/sim/kv_requests.h"

namespace bowline::chaos {
namespace {

using etcdserverpb::WatchCreateRequest;
using etcdserverpb::WatchRequest;
using etcdserverpb::WatchResponse;
using StepKind = WatchStep::Kind;
using std::chrono::milliseconds;

constexpr std::size_t most_watchers = 5;  // of a stream
constexpr std::int64_t nobody = -1;

WatchCreateRequest of_all(std::int64_t from) {
  WatchCreateRequest request;
  request.set_key(std::string(1, '\0'));
  request.set_range_end(std::string(1, '\0'));
  request.set_start_revision(from);
  return request;
}

}  // namespace

EtcdWatcher::EtcdWatcher(EtcdJournal& journal, Options options)
    : journal_(journal), options_(std::move(options)), random_(options_.seed) {
  story_.name = options_.name;
  story_.is_of_all = options_.is_of_all;
  at_ = options_.member;
  thread_ = std::thread([this] { run(); });
}

void EtcdWatcher::stop() {
  if (!thread_.joinable()) return;
  stops_ = true;
  thread_.join();
  journal_.add(std::move(story_));
}

void EtcdWatcher::run() {
  if (options_.is_of_all) {
    wanted_[++last_].request = of_all(kv::first_revision + 1);
    wanted_[last_].request.set_watch_id(last_);
  }
  while (!stops_) {
    if (!open()) {
      rest(milliseconds(50));
      continue;
    }
    listen();
    line_.channel.reset();
    note(StepKind::broke);
    std::erase_if(wanted_, [](const auto& one) { return one.second.is_unwanted; });
  }
}

bool EtcdWatcher::open() {
  if (!options_.is_of_all) at_ = random_.prng().below(journal_.size());
  auto dialled = journal_.member(at_).dial();
  if (!dialled) return false;
  line_ = *std::move(dialled);
  line_.channel->open("/etcdserverpb.Watch/Watch", std::nullopt);
  note(StepKind::opened);
  for (auto& [id, wanted] : wanted_) create(wanted);
  return true;
}

// He goes on with what he does not know yet; a revision that came in part comes again.
void EtcdWatcher::create(Wanted& wanted) {
  wanted.is_created = false;
  if (wanted.known > 0) wanted.request.set_start_revision(wanted.known + 1);
  WatchRequest message;
  *message.mutable_create_request() = wanted.request;
  send(message);
}

void EtcdWatcher::send(const WatchRequest& message) {
  const std::string bytes = message.SerializeAsString();
  line_.channel->send(bytes);
  note(StepKind::said, bytes);
}

void EtcdWatcher::note(StepKind kind, std::string message) {
  story_.steps.push_back({kind, EtcdJournal::now(), at_, line_.life, std::move(message)});
}

void EtcdWatcher::rest(milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!stops_ && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::min(time, milliseconds(20)));
}

void EtcdWatcher::listen() {
  while (!stops_) {
    auto next = line_.channel->next(std::chrono::steady_clock::now() + milliseconds(100));
    if (std::holds_alternative<apps::CallEnd>(next)) return;
    if (auto* message = std::get_if<std::string>(&next)) {
      heard(std::move(*message));
      continue;
    }
    if (through_ > 0 ? !hasten() : !options_.is_of_all && !act()) return;
  }
}

// Whoever waits for nothing is told so, and knows that he has heard all. If his member is of no
// use, another one is.
bool EtcdWatcher::hasten() {
  const bool all = std::ranges::all_of(wanted_, [this](const auto& one) {
    return one.second.is_unwanted || one.second.known >= through_;
  });
  if (all) return finished_ = true;
  if (random_.prng().chance(2)) return false;
  WatchRequest message;
  message.mutable_progress_request();
  send(message);
  return true;
}

bool EtcdWatcher::act() {
  Prng& prng = random_.prng();
  const std::uint64_t dice = prng.below(100);
  if (wanted_.empty() || dice < 20) return add(), true;
  if (dice < 26) {
    auto& [id, wanted] =
        *std::next(wanted_.begin(), static_cast<std::ptrdiff_t>(prng.below(wanted_.size())));
    wanted.is_unwanted = true;
    WatchRequest message;
    message.mutable_cancel_request()->set_watch_id(id);
    return send(message), true;
  }
  if (dice < 40) {
    WatchRequest message;
    message.mutable_progress_request();
    return send(message), true;
  }
  if (dice < 44) return rest(milliseconds(prng.below(2500))), true;  // he does not read
  return dice < 97;
}

void EtcdWatcher::add() {
  if (wanted_.size() >= most_watchers) return;
  random_.now_at(journal_.through(), std::max<std::int64_t>(journal_.through() - 150, 1));
  kv::WatchRequest request = random_.watch();
  // An empty key stands for something else there.
  if (request.keys.key.empty()) return;
  request.start = std::max<std::int64_t>(request.start, 0);
  Wanted& wanted = wanted_[++last_];
  wanted.request = apps::message_of(request);
  wanted.request.set_watch_id(last_);
  create(wanted);
}

// What is right about it is for others to say; here it is only about where to go on.
void EtcdWatcher::heard(std::string message) {
  WatchResponse response;
  const bool is_one = response.ParseFromString(message);
  note(StepKind::heard, std::move(message));
  if (!is_one) return;
  if (response.watch_id() == nobody) {
    for (auto& [id, wanted] : wanted_)
      if (wanted.is_created) wanted.known = std::max(wanted.known, response.header().revision());
    return;
  }
  const auto found = wanted_.find(response.watch_id());
  if (found == wanted_.end()) return;
  if (response.canceled()) return ended(found->first, response);
  told(found->second, response);
}

void EtcdWatcher::told(Wanted& wanted, const WatchResponse& response) {
  if (response.created()) {
    wanted.is_created = true;
    const std::int64_t start = wanted.request.start_revision();
    wanted.known = (start > 0 ? start : response.header().revision() + 1) - 1;
    return;
  }
  std::int64_t known = response.header().revision();
  if (!response.events().empty())
    known = response.events().rbegin()->kv().mod_revision() - (response.fragment() ? 1 : 0);
  wanted.known = std::max(wanted.known, known);
  if (!options_.is_of_all) return;
  for (const mvccpb::Event& event : response.events()) journal_.told(event.kv().mod_revision());
}

// One who watches all begins again with what there is.
void EtcdWatcher::ended(std::int64_t id, const WatchResponse& response) {
  wanted_.erase(id);
  if (!options_.is_of_all || response.compact_revision() == 0) return;
  Wanted& wanted = wanted_[++last_];
  wanted.request = of_all(response.compact_revision());
  wanted.request.set_watch_id(last_);
  create(wanted);
}

}  // namespace bowline::chaos
