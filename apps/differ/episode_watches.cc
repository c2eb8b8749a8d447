// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "apps/differ/episode.h"
#include "bowline/etcd/readable.h"

// The watches of an episode.
namespace bowline::differ {
namespace {

using namespace etcdserverpb;

// A stream that has more than that on its way may be behind, and then is told of more at once.
constexpr std::uint64_t most_bytes_at_once = 1 << 19;

std::string bytes_of(const std::vector<mvccpb::Event>& events) {
  std::string bytes;
  for (const mvccpb::Event& event : events) bytes += event.SerializeAsString();
  return bytes;
}

std::string told(const std::vector<mvccpb::Event>& events) {
  std::string lines;
  for (const mvccpb::Event& event : events) lines += "\n  " + text(event).substr(0, 300);
  return lines;
}

std::string shown(const std::string& message) {
  WatchResponse response;
  response.ParseFromString(message);
  return text(response);
}

std::string shown(const std::vector<std::string>& messages) {
  std::string lines;
  for (const std::string& one : messages) lines += "\n  " + shown(one);
  return lines;
}

bool is_erased_at_compacted(const Watched& watch, const mvccpb::Event& event) {
  return event.type() == mvccpb::Event::DELETE && watch.start() == watch.compacted_then &&
         event.kv().mod_revision() == watch.compacted_then;
}

// 3.4 begins a watch from a negative revision before it ends it: it is no watch of ours.
bool is_refused(const WatchCreateRequest& request) { return request.start_revision() < 0; }

}  // namespace

// The first one is the witness's.
void Episode::open(const Step& step) {
  if (!settle_calls()) return;
  const bool is_witness = !sides_[0].witness.is_open;
  for (Side& side : sides_) {
    if (!is_witness && side.streams.size() <= step.stream) side.streams.resize(step.stream + 1);
    Side::Stream& stream = is_witness ? side.witness : side.streams[step.stream];
    if (stream.is_open) continue;
    stream = {side.peer.open("/etcdserverpb.Watch/Watch"), true, {}};
    if (!is_witness) continue;
    WatchRequest request;
    auto& create = *request.mutable_create_request();
    create.set_key(std::string(1, '\0'));
    create.set_range_end(std::string(1, '\0'));
    create.set_start_revision(side.names.base);
    stream.view.asked(create, compacted_);
    side.peer.say(stream.place, request.SerializeAsString());
  }
  // Its answer names the revision: it is to be there before the next write is asked for.
  const auto is_created = [&] {
    read_streams();
    return std::ranges::none_of(sides_,
                                [](const Side& side) { return side.witness.view.created.empty(); });
  };
  if (is_witness && !wait(is_created)) fail("the stream of the witness is not answered in time");
}

void Episode::read_streams() {
  for (Side& side : sides_) {
    const auto read = [&](Side::Stream& stream) {
      if (!stream.is_open) return;
      auto& messages = side.peer.conversation(stream.place).messages;
      for (const std::string& message : messages) stream.view.heard(message, side.names);
      messages.clear();
    };
    read(side.witness);
    for (Side::Stream& stream : side.streams) read(stream);
  }
}

void Episode::say(const Step& step) {
  const std::array<std::string, 2> bytes = {bytes_for(step, sides_[0].names),
                                            bytes_for(step, sides_[1].names)};
  if (!why_not(*step.method, bytes[0], release_).empty() || !settle_calls()) return;
  if (step.stream >= sides_[0].streams.size() || !sides_[0].streams[step.stream].is_open) return;
  WatchRequest request;
  const bool is_readable = request.ParseFromString(bytes[0]) && etcd::is_readable(request);
  const bool creates = is_readable && request.has_create_request();
  if (!creates) settle_watches();
  if (found_) return;
  for (std::size_t i = 0; i < 2; ++i) {
    Side::Stream& stream = sides_[i].streams[step.stream];
    if (creates) stream.view.asked(request.create_request(), compacted_);
    sides_[i].peer.say(stream.place, bytes[i]);
  }
  ++requests_;
  is_behind_ = is_behind_ || (creates && request.create_request().start_revision() != 0);
  wait_for_answer(step.stream, request, bytes[0], is_readable);
}

void Episode::wait_for_answer(std::size_t at, const WatchRequest& request, const std::string& bytes,
                              bool is_readable) {
  WatchView& ours = sides_[0].streams[at].view;
  WatchView& theirs = sides_[1].streams[at].view;
  const auto end = [&](std::size_t i) -> const Said& {
    return sides_[i].peer.conversation(sides_[i].streams[at].place).end;
  };
  const std::size_t created = theirs.created.size();
  const std::int64_t id = request.cancel_request().watch_id();
  const bool was_there = theirs.has(id);
  const bool answers = ours.is_up_to_date(sides_[0].revision);
  const bool is_3_4 = release_ == Release::v3_4;
  const bool they_answer = is_3_4 || (answers && !theirs.has_ended());
  // Who was asked twice may have answered an earlier question, too.
  const auto has_progress = [&](std::size_t i) {
    return !(i == 0 ? ours : theirs).progress_at(sides_[i].revision).empty();
  };
  const auto is_answered = [&] {
    read_streams();
    if (end(0).is_over && end(1).is_over) return true;
    if (!is_readable) return false;
    if (request.has_create_request())
      return ours.created.size() > created && theirs.created.size() > created;
    if (request.has_cancel_request() && was_there) return !ours.has(id) && !theirs.has(id);
    if (request.has_progress_request())
      return (has_progress(1) || !they_answer) && (has_progress(0) || !answers);
    return true;
  };
  // A watch that has just begun in the past may not be up to date yet: the question is left then.
  for (int again = 0; answers && request.has_progress_request() && again < 50; ++again) {
    if (wait_for_both(sides_[0].peer, sides_[1].peer, 0.1, is_answered)) break;
    if (!has_progress(0)) sides_[0].peer.say(sides_[0].streams[at].place, bytes);
    if (!has_progress(1)) sides_[1].peer.say(sides_[1].streams[at].place, bytes);
  }
  if (!wait(is_answered)) return fail("a stream is not answered in time\n" + text(request));
  if (request.has_progress_request()) {
    if (!answers && is_3_4) ++tally_[progress_at_once];
    if (answers && !they_answer) ++tally_[progress_no_more];
    const std::string mine = ours.progress_at(sides_[0].revision);
    const std::string yours = theirs.progress_at(sides_[1].revision);
    if (answers ? they_answer && mine != yours : release_ != Release::v3_4 && mine != yours)
      fail("progress\nours:" + shown(ours.progress) + "\ntheirs:" + shown(theirs.progress));
    ours.progress.clear();
    theirs.progress.clear();
  }
  if (end(0).is_over != end(1).is_over) return fail("one of the streams is over");
  if (!end(0).is_over) return;
  const Method stream{"/etcdserverpb.Watch/Watch", nullptr, nullptr, false};
  if (const auto what = difference({stream, {}, end(0), end(1)}, sides_[0].names, sides_[1].names,
                                   tally_, release_))
    fail(*what);
  for (Side& side : sides_) side.streams[at].is_open = false;
}

void Episode::hang_up(const Step& step) {
  if (step.stream >= sides_[0].streams.size() || !sides_[0].streams[step.stream].is_open) return;
  if (settle_calls()) settle_watches();
  if (found_) return;
  compare_streams();
  for (Side& side : sides_) {
    side.peer.hang_up(side.streams[step.stream].place);
    side.streams[step.stream] = {};
  }
  if (!found_) open(step);
}

// ---- until all is told

bool Episode::is_told(const Side& side, const Watched& watch) const {
  if (watch.canceled) return true;
  if (watch.start() < watch.compacted_then) return false;  // it is going to be
  const bool forgets = release_ == Release::v3_4 && &side == &sides_[1];
  std::size_t wanted = 0;
  for (const mvccpb::Event& event : side.witness.view.watches[0].events)
    if (watch.wants(event) && !(forgets && is_erased_at_compacted(watch, event))) ++wanted;
  return watch.events.size() >= wanted;
}

bool Episode::all_is_told() {
  return std::ranges::all_of(sides_, [this](const Side& side) {
    const auto& witnessed = side.witness.view.watches;
    if (witnessed.empty() || witnessed[0].events.empty() ||
        witnessed[0].events.back().kv().mod_revision() < side.revision)
      return false;
    return std::ranges::all_of(side.streams, [&](const Side::Stream& stream) {
      return !stream.is_open || std::ranges::all_of(stream.view.watches, [&](const Watched& watch) {
        return is_told(side, watch);
      });
    });
  });
}

void Episode::settle_watches() {
  if (!watches_ || found_) return;
  const bool in_time = wait([this] {
    read_streams();
    return all_is_told();
  });
  if (in_time) return;
  compare_streams();
  std::string which;
  for (const Side& side : sides_)
    for (const Side::Stream& stream : side.streams)
      for (const Watched& watch : stream.view.watches)
        if (stream.is_open && !is_told(side, watch))
          which += std::string(&side == sides_.data() ? "\nours: " : "\ntheirs: ") +
                   text(watch.request) + " of " + std::to_string(watch.created_at) +
                   ", compacted then: " + std::to_string(watch.compacted_then) + told(watch.events);
  fail("a watch is not told all of its events" + which);
}

// An etcd looks at watches of the past ten times a second, also at those that nothing is to be
// told.
void Episode::catch_up() {
  constexpr double seconds = 0.3;
  if (!std::exchange(is_behind_, false) || found_) return;
  wait_for_both(sides_[0].peer, sides_[1].peer, seconds, [] { return false; });
}

// ---- what was told

void Episode::compare_streams() {
  compare(sides_[0].witness.view, sides_[1].witness.view);
  for (std::size_t i = 0; i < sides_[0].streams.size() && i < sides_[1].streams.size(); ++i)
    if (sides_[0].streams[i].is_open) compare(sides_[0].streams[i].view, sides_[1].streams[i].view);
}

void Episode::compare(const WatchView& ours, const WatchView& theirs) {
  if (!ours.fault.empty()) return fail("our watches: " + ours.fault);
  if (!theirs.fault.empty()) return fail("their watches: " + theirs.fault);
  if (ours.twice != theirs.twice)
    return fail("second ends\nours:" + shown(ours.twice) + "\ntheirs:" + shown(theirs.twice));
  std::vector<const Watched*> watches;
  for (const Watched& watch : theirs.watches) {
    if (release_ == Release::v3_4 && is_refused(watch.request)) {
      ++tally_[negative_start];
    } else {
      watches.push_back(&watch);
    }
  }
  if (ours.created.size() != theirs.created.size() || ours.watches.size() != watches.size())
    return fail("creations\nours:" + shown(ours.created) + "\ntheirs:" + shown(theirs.created));
  for (std::size_t i = 0; i < ours.created.size(); ++i) {
    if (ours.created[i] == theirs.created[i]) continue;
    WatchResponse mine;
    mine.ParseFromString(ours.created[i]);
    const bool is_3_4 =
        release_ == Release::v3_4 && mine.canceled() && mine.watch_id() == -1 &&
        mine.cancel_reason() == "etcdserver: mvcc: required revision has been compacted";
    if (!is_3_4)
      return fail("a creation\nours:   " + shown(ours.created[i]) +
                  "\ntheirs: " + shown(theirs.created[i]));
  }
  for (std::size_t i = 0; i < watches.size(); ++i)
    compare(ours.watches[i], *watches[i], ours.bytes < most_bytes_at_once);
}

void Episode::compare(const Watched& ours, const Watched& theirs, bool in_portions) {
  const std::string which =
      "a watch\n{ " + text(ours.request) + " } of " + std::to_string(ours.created_at) + "\n";
  if (ours.canceled != theirs.canceled)
    return fail(which + "ours:   " + (ours.canceled ? shown(*ours.canceled) : "goes on") +
                "\ntheirs: " + (theirs.canceled ? shown(*theirs.canceled) : "goes on"));
  if (in_portions && ours.began_in_the_present() && !ours.request.fragment()) {
    if (ours.responses != theirs.responses)
      fail(which + "ours:" + shown(ours.responses) + "\ntheirs:" + shown(theirs.responses));
    return;
  }
  std::vector<mvccpb::Event> events = ours.events;
  if (release_ == Release::v3_4)
    std::erase_if(events, [&](const auto& one) { return is_erased_at_compacted(ours, one); });
  if (events.size() != ours.events.size()) ++tally_[erased_at_compacted];
  if (bytes_of(events) != bytes_of(theirs.events))
    fail(which + "ours:" + told(events) + "\ntheirs:" + told(theirs.events));
}

}  // namespace bowline::differ
