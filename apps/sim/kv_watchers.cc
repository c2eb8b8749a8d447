// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/kv_watchers.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "apps/sim/kv_requests.h"
#include "bowline/etcd/convert.h"

namespace bowline::apps {
namespace {

using etcdserverpb::WatchResponse;
using namespace std::chrono_literals;

constexpr std::size_t streams = 4;
constexpr std::size_t most_watchers = 4;  // of a stream
constexpr kv::WatchId nobody = -1;

}  // namespace

KvWatchers::KvWatchers(KvScene& scene) : scene_(scene) {
  for (std::size_t i = 0; i < streams; ++i) {
    streams_.push_back(std::make_unique<Stream>());
    streams_.back()->number = i;
  }
}

void KvWatchers::wrong(const Stream& stream, const Watcher& watcher, const std::string& what) {
  scene_.wrong("I16", "watcher " + std::to_string(watcher.id) + " at node " +
                          std::to_string(stream.at.value) + ": " + what);
}

// ---- what they want

void KvWatchers::act(kv::RandomRequests& random, NodeId at) {
  Prng& prng = random.prng();
  Stream& stream = *streams_[prng.below(streams_.size())];
  if (stream.call == nullptr) open(stream, at);
  if (stream.call == nullptr) return;
  const std::uint64_t dice = prng.below(100);
  if (dice < 40 || stream.watchers.empty()) return add(random, stream);
  if (dice < 50) {
    auto watcher = std::next(stream.watchers.begin(),
                             static_cast<std::ptrdiff_t>(prng.below(stream.watchers.size())));
    watcher->second.cancels = true;
    etcdserverpb::WatchRequest message;
    message.mutable_cancel_request()->set_watch_id(watcher->first);
    return send(stream, message);
  }
  if (dice < 70) {
    etcdserverpb::WatchRequest message;
    message.mutable_progress_request();
    return send(stream, message);
  }
  if (dice < 80) {
    stream.call->stop_reading();
    stream.reads = false;
    return;
  }
  if (dice < 92 && !stream.reads) {
    stream.reads = true;
    return scene_.world.enter(stream.at, [call = stream.call] { call->read_on(); });
  }
  if (dice < 96) {
    scene_.world.enter(stream.at, [call = stream.call] { call->cancel(); });
    ended(stream, stream.opened);
  }
}

void KvWatchers::add(kv::RandomRequests& random, Stream& stream) {
  if (stream.watchers.size() >= most_watchers) return;
  const kv::WatchRequest request = random.watch();
  // An empty key stands for something else there.
  if (request.keys.key.empty()) return;
  Watcher watcher{.id = ++last_,
                  .key = std::string(request.keys.key),
                  .range_end = std::string(request.keys.range_end),
                  .request = request};
  if (watcher.request.start < 0) watcher.request.start = 0;
  create(stream, stream.watchers.emplace(watcher.id, watcher).first->second);
}

void KvWatchers::create(Stream& stream, Watcher& watcher) {
  watcher.created = false;
  watcher.request.keys = {watcher.key, watcher.range_end};
  etcdserverpb::WatchRequest message;
  *message.mutable_create_request() = message_of(watcher.request);
  message.mutable_create_request()->set_watch_id(watcher.id);
  send(stream, message);
}

void KvWatchers::send(Stream& stream, const etcdserverpb::WatchRequest& message) {
  scene_.world.enter(
      stream.at, [call = stream.call, bytes = message.SerializeAsString()] { call->send(bytes); });
}

// ---- streams

void KvWatchers::open(Stream& stream, NodeId at) {
  KvProgram* const program = scene_.program(at);
  if (program == nullptr || !scene_.counts(at)) return remind(100ms, stream.number);
  stream.at = at;
  stream.opened = ++opened_;
  stream.reads = true;
  const auto gone = [this, &stream, opened = stream.opened] { ended(stream, opened); };
  stream.call = std::make_shared<KvCall>(
      "/etcdserverpb.Watch/Watch",
      KvCall::Told{.message =
                       [this, &stream, opened = stream.opened](std::string_view bytes) {
                         if (stream.opened == opened && scene_.counts(stream.at))
                           heard(stream, bytes);
                       },
                   .finished = [gone](const rpc::Status&) { gone(); },
                   .lost = gone});
  program->call(stream.call, {});
  for (auto& [id, watcher] : stream.watchers) {
    ++scene_.world.counters().watches_resumed;
    create(stream, watcher);
  }
}

// Each of them goes on with what it does not know yet; a revision that came in part comes again.
void KvWatchers::ended(Stream& stream, std::uint64_t opened) {
  if (stream.opened != opened || stream.call == nullptr) return;
  stream.call = nullptr;
  stream.opened = ++opened_;
  std::erase_if(stream.watchers, [](const auto& one) { return one.second.cancels; });
  for (auto& [id, watcher] : stream.watchers) {
    watcher.in_revision = false;
    if (watcher.known > 0) watcher.request.start = watcher.known + 1;
  }
  remind(100ms, stream.number);
}

void KvWatchers::reopen(std::uint64_t number) {
  Stream& stream = *streams_[number];
  if (stream.call != nullptr || stream.watchers.empty()) return;
  const std::uint64_t nodes = scene_.world.sites();
  NodeId at{1 + (stream.at.value + opened_ * 7) % nodes};
  if (scene_.program(at) == nullptr && scene_.world.leader()) at = scene_.world.leader();
  open(stream, at);
}

void KvWatchers::forget() {
  for (const auto& stream : streams_) {
    stream->watchers.clear();
    if (stream->call == nullptr) continue;
    if (scene_.program(stream->at) != nullptr)
      scene_.world.enter(stream->at, [call = stream->call] { call->cancel(); });
    stream->call = nullptr;
    stream->opened = ++opened_;
  }
}

// ---- what they are told

void KvWatchers::heard(Stream& stream, std::string_view bytes) {
  WatchResponse response;
  if (!response.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return scene_.wrong("I16", "a watcher is told what makes no sense");
  const std::int64_t revision = scene_.program(stream.at)->state().revision;
  if (response.header().revision() > revision)
    return scene_.wrong("I23", "a watcher is told of a revision that there is not");
  if (response.watch_id() == nobody) {
    if (!response.created() && !response.canceled() && response.events().empty())
      return progress(stream, response);
    return scene_.wrong("I16", "a watcher is refused: " + response.cancel_reason());
  }
  const auto found = stream.watchers.find(response.watch_id());
  if (found == stream.watchers.end()) return scene_.wrong("I16", "a word for no watcher");
  Watcher& watcher = found->second;
  if (response.created()) return was_created(stream, watcher, response);
  if (!watcher.created) return wrong(stream, watcher, "is told something before it is there");
  if (response.canceled()) return was_ended(stream, watcher, response);
  if (!response.events().empty()) return told(stream, watcher, response);
  if (!watcher.request.progress_notify) return wrong(stream, watcher, "did not want progress");
  check_progress(watcher, response.header().revision());
}

void KvWatchers::was_created(Stream& stream, Watcher& watcher, const WatchResponse& response) {
  if (watcher.created || response.canceled())
    return wrong(stream, watcher, "is created, and is there already or ends at once");
  watcher.created = true;
  const std::int64_t start =
      watcher.request.start > 0 ? watcher.request.start : response.header().revision() + 1;
  watcher.request.start = start;
  watcher.known = start - 1;
  watcher.next = first_of(start);
}

std::size_t KvWatchers::first_of(std::int64_t revision) const {
  const auto& writes = scene_.record.model().writes();
  const auto at = std::ranges::lower_bound(writes, revision, {}, &kv::model::Write::main);
  return static_cast<std::size_t>(at - writes.begin());
}

bool KvWatchers::wants(const Watcher& watcher, const kv::model::Write& write) const {
  if (write.now ? watcher.request.no_put : watcher.request.no_erase) return false;
  return kv::Interval{watcher.key, watcher.range_end}.contains(write.key);
}

std::size_t KvWatchers::next_of(const Watcher& watcher) const {
  const auto& writes = scene_.record.model().writes();
  std::size_t next = std::max(watcher.next, first_of(watcher.request.start));
  while (next < writes.size() && !wants(watcher, writes[next])) ++next;
  return next;
}

// What was before is only there as far as it is not compacted on that member.
std::string KvWatchers::expected(const Stream& stream, const Watcher& watcher,
                                 const kv::model::Write& write) const {
  const kv::model::Model& model = scene_.record.model();
  kv::Event event = model.event(write, false);
  const std::int64_t before = write.main - 1;
  const bool creates =
      event.kind == kv::Event::Kind::put && event.item.create_revision == write.main;
  if (watcher.request.prev_kv && !creates &&
      before >= scene_.program(stream.at)->state().compacted) {
    const auto& map = model.at(before);
    if (const auto found = map.find(write.key); found != map.end())
      event.before = kv::model::item_of(found->first, found->second);
  }
  mvccpb::Event message;
  etcd::fill(message, event);
  return message.SerializeAsString();
}

void KvWatchers::told(Stream& stream, Watcher& watcher, const WatchResponse& response) {
  const auto& writes = scene_.record.model().writes();
  if (response.header().revision() != scene_.program(stream.at)->state().revision)
    return wrong(stream, watcher, "is told events with another revision than the member is at");
  if (response.fragment() && !watcher.request.fragment)
    return wrong(stream, watcher, "is told a part of a revision");
  std::int64_t last = 0;
  for (const mvccpb::Event& event : response.events()) {
    ++scene_.world.counters().watch_events;
    last = event.kv().mod_revision();
    const std::size_t at = next_of(watcher);
    if (at == writes.size() || event.SerializeAsString() != expected(stream, watcher, writes[at]))
      return wrong(stream, watcher,
                   "is told of revision " + std::to_string(last) + ", and what comes next is " +
                       (at == writes.size() ? "nothing" : std::to_string(writes[at].main)));
    watcher.next = at + 1;
  }
  watcher.in_revision = response.fragment();
  watcher.known = std::max(watcher.known, response.fragment() ? last - 1 : last);
  const std::size_t next = next_of(watcher);
  if (!response.fragment() && next < writes.size() && writes[next].main == last)
    wrong(stream, watcher, "is told revision " + std::to_string(last) + " in two pieces");
}

void KvWatchers::check_progress(Watcher& watcher, std::int64_t revision) {
  const auto& writes = scene_.record.model().writes();
  const std::size_t next = next_of(watcher);
  if (watcher.in_revision || (next < writes.size() && writes[next].main <= revision))
    return scene_.wrong("I16", "watcher " + std::to_string(watcher.id) +
                                   " is told that it knows all through revision " +
                                   std::to_string(revision) + ", and it was not told of " +
                                   std::to_string(writes[next].main));
  watcher.known = std::max(watcher.known, revision);
}

// Of the stream: for all of them.
void KvWatchers::progress(Stream& stream, const WatchResponse& response) {
  for (auto& [id, watcher] : stream.watchers)
    if (watcher.created) check_progress(watcher, response.header().revision());
}

void KvWatchers::was_ended(Stream& stream, Watcher& watcher, const WatchResponse& response) {
  const std::int64_t compacted = response.compact_revision();
  if (compacted == 0) {
    if (!watcher.cancels) return wrong(stream, watcher, "ends, and nobody wanted that");
    stream.watchers.erase(watcher.id);
    return;
  }
  if (compacted != scene_.program(stream.at)->state().compacted)
    return wrong(stream, watcher, "ends for what is not compacted");
  if (watcher.known + 1 >= compacted)
    return wrong(stream, watcher, "ends at what is compacted, and needs nothing that is");
  if (watcher.in_revision) return wrong(stream, watcher, "ends within a revision");
  ++scene_.world.counters().watches_compacted;
  stream.watchers.erase(watcher.id);
}

// ---- the end

void KvWatchers::settle(const std::function<bool(NodeId)>& works) {
  for (const auto& stream : streams_) {
    if (stream->call != nullptr && !works(stream->at)) {
      scene_.world.enter(stream->at, [call = stream->call] { call->cancel(); });
      ended(*stream, stream->opened);
    }
    if (stream->call == nullptr && !stream->watchers.empty() && works(scene_.world.leader()))
      open(*stream, scene_.world.leader());
    if (stream->call != nullptr && !std::exchange(stream->reads, true))
      scene_.world.enter(stream->at, [call = stream->call] { call->read_on(); });
  }
}

std::string KvWatchers::missing() const {
  const auto& writes = scene_.record.model().writes();
  for (const auto& stream : streams_)
    for (const auto& [id, watcher] : stream->watchers) {
      if (watcher.cancels) continue;
      const std::size_t next = next_of(watcher);
      if (!watcher.created)
        return "watcher " + std::to_string(id) + " at node " + std::to_string(stream->at.value) +
               " is not there";
      if (next < writes.size())
        return "watcher " + std::to_string(id) + " at node " + std::to_string(stream->at.value) +
               " was not told of revision " + std::to_string(writes[next].main);
    }
  return {};
}

}  // namespace bowline::apps
