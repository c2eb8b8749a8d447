// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/watch_stream.h"

#include <algorithm>
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

constexpr std::string_view empty_range = "mvcc: watcher range is empty";
constexpr std::string_view duplicate_id = "mvcc: duplicate watch ID provided on the WatchStream";

// An empty key stands for the first of all.
constexpr std::string_view first_key("\0", 1);

bool has(const WatchCreateRequest& request, WatchCreateRequest::FilterType filter) {
  return std::ranges::find(request.filters(), static_cast<int>(filter)) != request.filters().end();
}

}  // namespace

WatchStream::WatchStream(Here& here, rpc::Call call, env::Done<> ended)
    : here_(here),
      call_(std::move(call)),
      ended_(std::move(ended)),
      id_(here.machine.watches().open(*this)),
      wants_leader_(call_.metadata("hasleader") == "true") {
  call_.listen({.message = [this](std::string_view bytes) { heard(bytes); },
                .half_closed = {},  // it may still want to hear
                .cancelled = [this](rpc::Cancelled) { end(); },
                .drained =
                    [this] {
                      if (!std::exchange(full_, false)) return;
                      here_.machine.watches().drained(id_);
                      here_.stir();
                    }});
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
  kv::WatchRequest wanted;
  wanted.keys = {request.key().empty() ? first_key : std::string_view(request.key()),
                 request.range_end()};
  if (wanted.keys.is_empty()) return refuse_watch(empty_range);
  if (request.start_revision() < 0) return refuse_watch(text_of(Wrong::compacted));
  const bool chosen = request.watch_id() != 0;
  while (!chosen && watches_.contains(next_)) ++next_;
  const kv::WatchId id = chosen ? request.watch_id() : next_++;
  if (watches_.contains(id)) return refuse_watch(duplicate_id);
  wanted.start = request.start_revision();
  wanted.no_put = has(request, WatchCreateRequest::NOPUT);
  wanted.no_erase = has(request, WatchCreateRequest::NODELETE);
  wanted.prev_kv = request.prev_kv();
  wanted.fragment = request.fragment();
  wanted.progress_notify = request.progress_notify();
  if (!here_.machine.watches().create(id_, id, wanted)) return refuse_watch(duplicate_id);
  watches_.insert(id);
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
  if (watches_.erase(id) == 0) return;
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

bool WatchStream::has_room() {
  full_ = call_ && call_.queued() > most_queued_bytes;
  return !full_;
}

void WatchStream::events(const kv::WatchBatch& batch) {
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
  if (call_) call_.message(response.SerializeAsString());
}

}  // namespace bowline::etcd
