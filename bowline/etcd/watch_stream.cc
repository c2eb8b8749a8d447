// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/watch_stream.h"

#include <optional>
#include <string>
#include <utility>

#include "bowline/etcd/convert.h"
#include "bowline/etcd/unary.h"

namespace bowline::etcd {
namespace {

using etcdserverpb::WatchCreateRequest;
using etcdserverpb::WatchRequest;
using etcdserverpb::WatchResponse;

constexpr kv::WatchId no_watch = -1;  // the id of an answer that concerns no watch, or all of them

// So much may wait to be taken by the client; the rest waits in the past of the store.
constexpr std::uint64_t most_queued_bytes = 1 << 20;

// What the map has for each, beside its keys.
constexpr std::uint64_t bytes_of_watch = 512;

constexpr std::string_view too_many =
    "etcdserver: too many watches on this stream: open another one, or watch fewer keys";
constexpr std::string_view empty_range = "mvcc: watcher range is empty";
constexpr std::string_view duplicate_id = "mvcc: duplicate watch ID provided on the WatchStream";

std::uint64_t weight_of(const kv::Event& event) {
  const auto of = [](const kv::Item& item) {
    return kv::item_weight + item.key.size() + item.value.size();
  };
  return of(event.item) + (event.before ? of(*event.before) : 0);
}

}  // namespace

WatchStream::WatchStream(Here& here, rpc::Call call, env::Done<> ended)
    : here_(here),
      call_(std::move(call)),
      ended_(std::move(ended)),
      id_(here.machine.watches().open(*this)),
      wants_leader_(etcd::wants_leader(call_)) {
  call_.listen({.message = [this](std::string_view bytes) { heard(bytes); },
                .half_closed = {},  // it may still want to hear
                .cancelled = [this](rpc::Cancelled) { end(); },
                .drained = [this] { drained(); }});
}

WatchStream::~WatchStream() {
  if (id_ != 0) here_.machine.watches().close(id_);
}

void WatchStream::finish(rpc::Status status) {
  if (call_) call_.finish(std::move(status));
  end();
}

void WatchStream::end() {
  if (id_ == 0) return;
  here_.machine.watches().close(std::exchange(id_, 0));
  env::Done<> ended = std::move(ended_);
  ended();
}

void WatchStream::heard(std::string_view bytes) {
  WatchRequest request;
  if (!parse(request, bytes)) return finish(unreadable_message());
  switch (request.request_union_case()) {
    case WatchRequest::kCreateRequest: return create(request.create_request());
    case WatchRequest::kCancelRequest: return cancel(request.cancel_request().watch_id());
    case WatchRequest::kProgressRequest: return tell_progress();
    case WatchRequest::REQUEST_UNION_NOT_SET: return;  // of a later version: it may be left out
  }
}

void WatchStream::create(const WatchCreateRequest& request) {
  const kv::WatchRequest wanted = to_kv(request);
  if (wanted.keys.is_empty()) return refuse_watch(empty_range);
  if (request.start_revision() < 0) return refuse_watch(text_of(Wrong::compacted));
  const bool chosen = request.watch_id() != 0;
  while (!chosen && watches_.contains(next_)) ++next_;
  const kv::WatchId id = chosen ? request.watch_id() : next_++;
  if (watches_.contains(id)) return refuse_watch(duplicate_id);
  const std::uint64_t takes = bytes_of_watch + request.key().size() + request.range_end().size();
  if (bytes_ + takes > here_.settings.limits.watch_bytes) return refuse_watch(too_many);
  if (!here_.machine.watches().create(id_, id, wanted)) return refuse_watch(duplicate_id);
  watches_.emplace(id, takes);
  count(bytes_ + takes);
  here_.stir();  // it may begin in the past
  WatchResponse response;
  here_.fill(*response.mutable_header());
  response.set_watch_id(id);
  response.set_created(true);
  send(response);
}

void WatchStream::refuse_watch(std::string_view reason) {
  WatchResponse response;
  here_.fill(*response.mutable_header());
  response.set_watch_id(no_watch);
  response.set_created(true);
  response.set_canceled(true);
  response.set_cancel_reason(std::string(reason));
  send(response);
}

void WatchStream::cancel(kv::WatchId id) {
  const auto found = watches_.find(id);
  if (found == watches_.end()) return;
  count(bytes_ - found->second);
  watches_.erase(found);
  here_.machine.watches().cancel(id_, id);
  WatchResponse response;
  here_.fill(*response.mutable_header());
  response.set_watch_id(id);
  response.set_canceled(true);
  send(response);
}

// Not before all of them have been told everything: whoever asked will ask again.
void WatchStream::tell_progress() {
  const std::optional<std::int64_t> revision = here_.machine.watches().progress(id_);
  if (revision) progress(no_watch, *revision);
}

// ---- what the watches say

// Once there is none, there is none until somebody has said `drained`: a watch that was turned away
// waits for that, whatever another one of the stream finds meanwhile.
bool WatchStream::has_room() {
  if (is_over_ || full_) return false;
  if (!call_) return true;
  full_ = call_.queued() > most_queued_bytes;
  if (full_ || here_.room.has_room_to_tell(call_)) return !full_;
  full_ = true;
  ask_again_later();
  return false;
}

// It is not this stream that has too much to take, so nobody says when there is room.
void WatchStream::ask_again_later() {
  here_.room.later(life_.guard([this] {
    if (!call_ || here_.room.has_room_to_tell(call_)) return drained();
    ask_again_later();
  }));
}

void WatchStream::drained() {
  if (!std::exchange(full_, false) || id_ == 0) return;
  here_.machine.watches().drained(id_);
  here_.stir();
}

// One revision is told as a whole, and may be large: what was there before it, of each key that it
// deleted. With fragments it is told in many messages, for all of which there has to be room.
void WatchStream::events(const kv::WatchBatch& batch) {
  if (is_over_ || !call_) return;
  const std::uint64_t most = here_.settings.limits.answer_bytes;
  std::uint64_t bytes = 0;
  for (const kv::Event& event : batch.events) bytes += weight_of(event);
  if (bytes > most || call_.queued() + bytes > 2 * most)
    return end_soon(too_large_to_send(call_.queued() + bytes, most));
  here_.room.told(bytes);
  WatchResponse response;
  here_.fill(*response.mutable_header(), batch.revision);
  response.set_watch_id(batch.watch);
  response.set_fragment(batch.fragment);
  for (const kv::Event& event : batch.events) fill(*response.add_events(), event);
  send(response);
}

void WatchStream::progress(kv::WatchId id, std::int64_t revision) {
  WatchResponse response;
  here_.fill(*response.mutable_header(), revision);
  response.set_watch_id(id);
  send(response);
}

// Its header has no revision. The id is taken until the client cancels the watch, too, or the
// stream is over: so it is with etcd.
void WatchStream::compacted(kv::WatchId id, std::int64_t, std::int64_t compacted) {
  WatchResponse response;
  here_.fill(*response.mutable_header(), 0);
  response.set_watch_id(id);
  response.set_canceled(true);
  response.set_compact_revision(compacted);
  send(response);
}

void WatchStream::send(const WatchResponse& response) {
  if (!call_ || is_over_) return;
  auto bytes = to_bytes(response);
  if (!bytes) return end_soon(std::move(bytes.error()));
  call_.message(*std::move(bytes));
}

void WatchStream::count(std::uint64_t bytes) {
  bytes_ = bytes;
  if (call_) call_.keeps(bytes_);
}

// Not now: the watches are telling us something.
void WatchStream::end_soon(rpc::Status status) {
  if (std::exchange(is_over_, true)) return;
  here_.loop.soon(
      life_.guard([this, status = std::move(status)]() mutable { finish(std::move(status)); }));
}

}  // namespace bowline::etcd
