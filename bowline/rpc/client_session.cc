// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/client_session.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/rpc/client_slot.h"
#include "bowline/rpc/framing.h"
#include "bowline/rpc/session.h"

namespace bowline::rpc {
ClientSession::~ClientSession() = default;

void ClientSession::Slot::reset() {
  constexpr std::size_t most_kept = 64UL << 10U;
  for (std::string* one : {&request, &in, &waiting, &answer})
    if (one->capacity() > most_kept) *one = {};
  id = 0;
  deadline = never;
  path.clear();
  request.clear();
  sent = 0;
  is_unary = ends = waits = left = false;
  in.clear();
  answer.clear();
  unfinished = 0;
  waiting.clear();
  is_held = has_answer = has_head = is_grpc = server_ended = false;
  http_status = 0;
  content_type.clear();
  code.reset();
  message.clear();
  header_bytes = headers = heads = 0;
  over = is_free = false;
}

ClientSession::Slot& ClientSession::begin(std::string_view path, Tag tag, Time deadline) {
  if (free_.empty()) {
    const auto place = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back().self.place = place;
    free_.push_back(place);
  }
  Slot& slot = slots_[free_.back()];
  free_.pop_back();
  slot.reset();
  ++slot.self.turn;
  ++open_;
  slot.tag = tag;
  slot.path = path;
  slot.deadline = deadline;
  look_at_ = std::min(look_at_, deadline);
  return slot;
}

void ClientSession::free(Slot& slot) {
  if (std::exchange(slot.is_free, true)) return;
  if (slot.id != 0) --submitted_;
  free_.push_back(slot.self.place);
}

ClientSession::Slot* ClientSession::find(ClientCall call) {
  if (call.place >= slots_.size()) return nullptr;
  Slot& slot = slots_[call.place];
  return slot.self.turn == call.turn && !slot.is_free && !slot.over ? &slot : nullptr;
}

const ClientSession::Slot* ClientSession::find(ClientCall call) const {
  return const_cast<ClientSession*>(this)->find(call);
}

ClientCall ClientSession::call(std::string_view path, std::string_view request, Tag tag,
                               Time deadline) {
  Slot& slot = begin(path, tag, deadline);
  slot.is_unary = slot.ends = true;
  append(slot, request);
  submit(slot);
  return slot.self;
}

ClientCall ClientSession::open(std::string_view path, Tag tag, Time deadline,
                               std::vector<ClientField> metadata) {
  ensure(metadata.size() <= most_metadata);
  Slot& slot = begin(path, tag, deadline);
  slot.metadata = std::move(metadata);
  submit(slot);
  return slot.self;
}

bool ClientSession::has_room() const {
  return submitted_ < nghttp2_session_get_remote_settings(session_.get(),
                                                          NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

// In their order, as long as the server allows more.
void ClientSession::submit_waiting() {
  while (!waiting_.empty() && (!takes_calls() || has_room())) {
    Slot* const slot = find(waiting_.front());
    waiting_.pop_front();
    if (slot != nullptr) submit(*slot);
  }
}

void ClientSession::append(Slot& slot, std::string_view message) {
  ensure(message.size() <= std::numeric_limits<std::uint32_t>::max());
  // What was sent of a stream that always has more is let go now and then.
  if (slot.sent > slot.request.size() / 2) {
    slot.request.erase(0, slot.sent);
    slot.sent = 0;
  }
  slot.request += prefix_of(static_cast<std::uint32_t>(message.size()));
  slot.request += message;
}

void ClientSession::resume(Slot& slot) {
  if (std::exchange(slot.waits, false)) nghttp2_session_resume_data(session_.get(), slot.id);
}

void ClientSession::send(ClientCall call, std::string_view message) {
  Slot* const slot = find(call);
  if (slot == nullptr || slot->ends) return;
  append(*slot, message);
  resume(*slot);
}

void ClientSession::half_close(ClientCall call) {
  Slot* const slot = find(call);
  if (slot == nullptr) return;
  slot->ends = true;
  resume(*slot);
}

void ClientSession::cancel(ClientCall call) {
  Slot* const slot = find(call);
  if (slot == nullptr) return;
  slot->over = true;
  --open_;
  unfinished_ -= std::exchange(slot->unfinished, 0);
  if (slot->id == 0) return free(*slot);
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, slot->id, NGHTTP2_CANCEL);
}

void ClientSession::hold(ClientCall call, bool held) {
  Slot* const slot = find(call);
  if (slot == nullptr || slot->is_held == held) return;
  slot->is_held = held;
  if (!held && (slot->id != 0 || slot->server_ended)) ready_.push_back(call);
}

std::uint64_t ClientSession::queued(ClientCall call) const {
  const Slot* const slot = find(call);
  return slot == nullptr ? 0 : slot->request.size() - slot->sent;
}

void ClientSession::received(std::string_view bytes, Time now) {
  if (over_ || closing_) return;
  now_ = now;
  heard_at_ = now;
  pinged_at_ = never;
  const auto done = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (done < 0 && !closing_)
    close(std::string("it does not speak HTTP/2: ") + nghttp2_strerror(static_cast<int>(done)),
          NGHTTP2_PROTOCOL_ERROR);
  settle();
}

// What was to be told and could not be when it was known. Who begins another call meanwhile, and
// another one, hears of it in the next turn.
void ClientSession::settle() {
  submit_waiting();
  const std::size_t count = ready_.size();
  for (std::size_t i = 0; i < count; ++i) {
    Slot* const slot = find(ready_[i]);
    if (slot == nullptr) continue;
    if (slot->id == 0 && !slot->server_ended)
      finish(*slot, {.untouched = true, .why = why_.empty() ? "the server is leaving" : why_});
    else if (!slot->is_held)
      release(*slot);
  }
  ready_.erase(ready_.begin(), ready_.begin() + static_cast<std::ptrdiff_t>(count));
}

void ClientSession::take(std::string& out, std::uint64_t room, Time now) {
  now_ = now;
  settle();
  if (over_) return;
  out_ = &out;
  out_end_ = out.size() + room;
  const int done = nghttp2_session_send(session_.get());
  out_ = nullptr;
  if (done < 0) close(std::string("a call could not be written: ") + nghttp2_strerror(done), 0);
  const bool has_ended = nghttp2_session_want_read(session_.get()) == 0 &&
                         nghttp2_session_want_write(session_.get()) == 0;
  if (has_ended && why_.empty()) why_ = "the server has left";
  over_ = closing_ || has_ended;
  if (over_) end_all();
  settle();
}

// The server is told why, and nothing is heard of it any more.
void ClientSession::close(std::string why, std::uint32_t error) {
  if (closing_) return;
  closing_ = true;
  why_ = std::move(why);
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE, 0, error, nullptr, 0);
  end_all();
}

void ClientSession::lost(const std::string& why) {
  if (over_) return;
  closing_ = over_ = true;
  if (why_.empty()) why_ = why;
  end_all();
}

// Those that begin meanwhile are told in the next turn.
void ClientSession::end_all() {
  for (std::size_t i = 0, count = slots_.size(); i < count; ++i) {
    Slot& slot = slots_[i];
    if (slot.is_free || slot.over) continue;
    finish(slot, {.untouched = !slot.left, .why = why_});
  }
}

Time ClientSession::deadline() const {
  if (!ready_.empty()) return now_;
  if (over_) return never;
  if (closing_) return now_;
  if (open_ == 0) return look_at_;
  return std::min(look_at_, pinged_at_ != never ? later(pinged_at_, options_.ping_within)
                                                : later(heard_at_, options_.ping_after));
}

void ClientSession::tick(Time now) {
  now_ = now;
  if (!closing_ && look_at_ <= now) look_after_calls();
  if (!closing_ && !over_ && open_ > 0) look_after_life();
  settle();
}

void ClientSession::look_after_life() {
  if (pinged_at_ != never && later(pinged_at_, options_.ping_within) <= now_)
    return close("it does not answer any more", NGHTTP2_NO_ERROR);
  if (pinged_at_ != never || later(heard_at_, options_.ping_after) > now_) return;
  pinged_at_ = now_;
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

// All of them, but not for each of them.
void ClientSession::look_after_calls() {
  constexpr std::chrono::milliseconds at_most_every{1};
  look_at_ = never;
  Time next = never;
  for (std::size_t i = 0, count = slots_.size(); i < count; ++i) {
    Slot& slot = slots_[i];
    if (slot.is_free || slot.over) continue;
    if (slot.deadline <= now_)
      fail(slot, "it did not answer in time");
    else
      next = std::min(next, slot.deadline);
  }
  // Calls that began meanwhile have set it.
  look_at_ = std::min(look_at_, next);
  if (look_at_ != never) look_at_ = std::max(look_at_, now_ + at_most_every);
}

}  // namespace bowline::rpc
