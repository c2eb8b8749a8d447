// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/courier.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/wire/frame.h"
#include "bowline/wire/letter.h"

namespace bowline::host {
namespace {

constexpr std::uint64_t most_queued = 4;  // times what entries may wait for

LogId& prev_of(raft::Message& message) { return std::get<raft::AppendRequest>(message.body).prev; }
LogId prev_of(const raft::Message& message) {
  return std::get<raft::AppendRequest>(message.body).prev;
}

}  // namespace

Courier::Courier(wal::LogStore& log, Links& links, Options options, Hooks hooks)
    : log_(log), links_(links), options_(options), hooks_(std::move(hooks)) {}

void Courier::send(GroupId group, raft::Send&& send) {
  if (auto* const append = std::get_if<raft::AppendRequest>(&send.message.body)) {
    stay_behind(group, send);
    if (append->rest) append->rest = may_rest(group);
  }
  put(group, send.to, send.message);
}

// A member that speaks an older version cannot agree to it, and the others would fall asleep and be
// woken again and again.
bool Courier::may_rest(GroupId group) {
  const raft::Core* const core = hooks_.core(group);
  return core != nullptr && std::ranges::none_of(core->peers(), [this](const raft::Progress& peer) {
           const wire::Way* const way = links_.way_to(peer.id());
           return way != nullptr && way->version < wire::rest_since;
         });
}

// The core thinks of entries as sent once it has asked for that. If they still wait here, a
// heartbeat that speaks of their end would be refused, and all of them would be sent again.
void Courier::stay_behind(GroupId group, raft::Send& send) {
  const Stream* const waits = stream(send.to, group);
  if (waits == nullptr || waits->spans.empty()) return;
  const raft::SendSpan& first = waits->spans.front();
  if (first.head.term != send.message.term || !still_valid(group, first)) return;
  LogId& prev = prev_of(send.message);
  prev = std::min(prev, prev_of(first.head));
}

void Courier::put(GroupId group, NodeId to, const raft::Message& message) {
  const wire::Way* const way = links_.way_to(to);
  if (way == nullptr) {
    ++lost_;
    if (hooks_.no_way) hooks_.no_way(group, to);
    return;
  }
  Post& post = posts_[to];
  if (const std::uint64_t epoch = links_.epoch(to); post.epoch != epoch) {
    post.frame.clear();
    post.epoch = epoch;
    post.sent_bytes = 0;
  }
  if (post.frame.empty()) post.frame = wire::begin_frame(wire::FrameKind::letters);
  wire::put_letter(post.frame, group, message, *way);
  ++sent_.letters;
  if (hooks_.sent) hooks_.sent(group, to, message);
  if (post.frame.size() >= options_.frame_bytes) ship(to, post);
}

void Courier::ship(NodeId to, Post& post) {
  if (post.frame.empty()) return;
  std::string frame = std::exchange(post.frame, {});
  if (hooks_.shipped) hooks_.shipped(to);
  if (post.epoch != links_.epoch(to)) return;  // nobody could read it
  // It takes nothing any more. What it misses is sent again when it does. That much else waits for
  // it is no reason: heartbeats would be lost because somebody asked for something large.
  const std::uint64_t most = most_queued * options_.queued_bytes;
  if (links_.queued(to) <= options_.queued_bytes) post.sent_bytes = 0;
  if (links_.queued(to) > most && post.sent_bytes > most) {
    ++lost_;
    post.dropped = true;
    return;
  }
  wire::end_frame(frame);
  post.spoke = true;
  ++sent_.frames;
  sent_.bytes += frame.size();
  post.sent_bytes += frame.size();
  links_.send(to, std::move(frame));
}

bool Courier::spoke(NodeId to) {
  const auto post = posts_.find(to);
  return post != posts_.end() && std::exchange(post->second.spoke, false);
}

void Courier::flush() {
  for (auto& [to, post] : posts_) {
    if (!post.turns.empty()) pump(to, post);  // it may have got another connection
    ship(to, post);
  }
}

bool Courier::room(NodeId to, const Post& post) const {
  return links_.queued(to) + post.frame.size() < options_.queued_bytes;
}

void Courier::drained(NodeId to) {
  const auto post = posts_.find(to);
  if (post == posts_.end()) return;
  pump(to, post->second);
  if (std::exchange(post->second.dropped, false)) hooks_.dropped(to);
  hooks_.due();
}

// ---- entries

Courier::Stream* Courier::stream(NodeId to, GroupId group) {
  const auto post = posts_.find(to);
  if (post == posts_.end()) return nullptr;
  const auto found = post->second.streams.find(group);
  return found == post->second.streams.end() ? nullptr : &found->second;
}

// One that begins where another does, or before it, takes its place: the leader starts over.
void Courier::send(GroupId group, raft::SendSpan&& send) {
  const NodeId to = send.to;
  Post& post = posts_[to];
  Stream& stream = post.streams[group];
  const LogId prev = prev_of(send.head);
  while (!stream.spans.empty() && prev_of(stream.spans.back().head) >= prev) {
    stream.spans.pop_back();
    if (stream.spans.empty()) stream.reading = 0;
  }
  stream.spans.push_back(std::move(send));
  give_turn(post, group, stream);
  pump(to, post);
}

// Unless it has one, or waits for the disk.
void Courier::give_turn(Post& post, GroupId group, Stream& stream) {
  if (stream.reading != 0 || std::exchange(stream.queued, true)) return;
  post.turns.push_back(group);
}

// One part of each group in turn, while there is room.
void Courier::pump(NodeId to, Post& post) {
  while (!post.turns.empty() && room(to, post)) {
    const GroupId group = post.turns.front();
    post.turns.pop_front();
    const auto found = post.streams.find(group);
    ensure(found != post.streams.end());
    Stream& stream = found->second;
    stream.queued = false;
    if (send_part(to, group, stream)) give_turn(post, group, stream);
    if (stream.spans.empty()) post.streams.erase(found);
  }
}

// Only as long as we lead that term does our log have what the leader meant.
bool Courier::still_valid(GroupId group, const raft::SendSpan& span) {
  const raft::Core* const core = hooks_.core(group);
  if (core == nullptr || !links_.up(span.to)) return false;
  if (!core->leads(span.head.term) && !planted(Bug::p67_span_of_an_old_term_sent)) return false;
  return core->outline().contains(prev_of(span.head)) && core->outline().last().index >= span.last;
}

// True: there is more to do, and it needs no disk.
bool Courier::send_part(NodeId to, GroupId group, Stream& stream) {
  if (stream.reading != 0) return false;
  while (!stream.spans.empty()) {
    raft::SendSpan& span = stream.spans.front();
    const Index after = prev_of(span.head).index;
    if (after >= span.last || !still_valid(group, span)) {
      stream.spans.pop_front();
      continue;
    }
    raft::Batch batch = log_.peek(group, after, span.last, options_.part_bytes);
    if (batch.empty()) {
      read(to, group, stream);
      return false;
    }
    send_entries(group, span, std::move(batch));
    return true;
  }
  return false;
}

void Courier::send_entries(GroupId group, raft::SendSpan& span, raft::Batch batch) {
  raft::Message message = span.head;
  prev_of(span.head) = batch.back().id;
  std::get<raft::AppendRequest>(message.body).entries = std::move(batch);
  put(group, span.to, message);
}

void Courier::read(NodeId to, GroupId group, Stream& stream) {
  const raft::SendSpan& span = stream.spans.front();
  stream.reading = ++reads_;
  log_.fetch(group, prev_of(span.head).index, span.last, options_.part_bytes,
             life_.guard([this, to, group, number = reads_](Result<raft::Batch> read) {
               was_read(to, group, number, std::move(read));
             }));
}

// What was read is sent only if it is still wanted, and what the log has now.
void Courier::was_read(NodeId to, GroupId group, std::uint64_t number, Result<raft::Batch> read) {
  Stream* const found = stream(to, group);
  if (found == nullptr || found->reading != number) return;
  found->reading = 0;
  raft::SendSpan& span = found->spans.front();
  const Index first = prev_of(span.head).index.next();
  const bool readable = read.has_value();
  bool good = readable && still_valid(group, span);
  if (good) {
    const raft::Outline& outline = hooks_.core(group)->outline();
    const auto foreign = std::ranges::find_if(
        *read, [&](const raft::Entry& entry) { return !outline.contains(entry.id); });
    read->erase(foreign, read->end());
    good = !read->empty() && read->front().id.index == first;
  }
  if (good) {
    send_entries(group, span, *std::move(read));
  } else {
    found->spans.pop_front();
  }
  Post& post = posts_[to];
  give_turn(post, group, *found);
  pump(to, post);
  hooks_.due();
  if (!readable) hooks_.unreadable(group, first);
}

// ---- entries that a peer has lost

void Courier::send(GroupId group, raft::SendEntries&& send) {
  run(Wanted{group, std::move(send), 0});
}

void Courier::run(Wanted wanted) {
  const raft::Core* const core = hooks_.core(wanted.group);
  if (core == nullptr) return;
  auto& body = std::get<raft::EntriesReply>(wanted.what.head.body);
  std::uint64_t bytes = 0;
  for (const raft::Entry& entry : body.entries) bytes += entry.payload.size();
  while (wanted.done < wanted.what.wanted.size() && bytes < options_.part_bytes) {
    const LogId id = wanted.what.wanted[wanted.done];
    if (!core->outline().contains(id) || id.index <= core->outline().base().index) {
      ++wanted.done;
      continue;
    }
    raft::Batch batch = log_.peek(wanted.group, id.index.prev(), id.index, options_.part_bytes);
    if (batch.empty()) {
      const GroupId group = wanted.group;
      log_.fetch(group, id.index.prev(), id.index, options_.part_bytes,
                 life_.guard([this, wanted = std::move(wanted)](Result<raft::Batch> read) mutable {
                   found(std::move(wanted), std::move(read));
                 }));
      return;
    }
    bytes += batch.front().payload.size();
    body.entries.push_back(std::move(batch.front()));
    ++wanted.done;
  }
  // The rest is asked for again.
  if (!body.entries.empty()) put(wanted.group, wanted.what.to, wanted.what.head);
}

void Courier::found(Wanted wanted, Result<raft::Batch> read) {
  const LogId id = wanted.what.wanted[wanted.done++];
  if (!read) {
    hooks_.unreadable(wanted.group, id.index);
  } else if (!read->empty() && read->front().id == id) {
    std::get<raft::EntriesReply>(wanted.what.head.body).entries.push_back(std::move(read->front()));
  }
  run(std::move(wanted));
  hooks_.due();
}

}  // namespace bowline::host
