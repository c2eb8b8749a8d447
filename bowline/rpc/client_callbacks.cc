// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/rpc/client_session.h"
#include "bowline/rpc/client_slot.h"
#include "bowline/rpc/framing.h"

// Between nghttp2 and the client's session: what it calls, how it is set up, how a call begins.
namespace bowline::rpc {
namespace {

ClientSession& client_of(void* user) { return *static_cast<ClientSession*>(user); }

std::string_view letters(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv client_field(std::string_view name, std::string_view value, int flags) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), static_cast<std::uint8_t>(flags)};
}

// What is there as long as the session need not be copied.
constexpr int name_stays = NGHTTP2_NV_FLAG_NO_COPY_NAME;
constexpr int both_stay = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;

}  // namespace

struct ClientSession::Callbacks {
  static Slot* slot_of(nghttp2_session* session, std::int32_t id) {
    return static_cast<Slot*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static std::ptrdiff_t send(nghttp2_session*, const std::uint8_t* bytes, std::size_t size, int,
                             void* user) {
    ClientSession& self = client_of(user);
    if (self.out_->size() >= self.out_end_) return NGHTTP2_ERR_WOULDBLOCK;
    self.out_->append(letters(bytes, size));
    return static_cast<std::ptrdiff_t>(size);
  }

  static std::ptrdiff_t read(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t room,
                             std::uint32_t* flags, nghttp2_data_source* source, void*) {
    Slot& slot = *static_cast<Slot*>(source->ptr);
    const std::size_t count = std::min(room, slot.request.size() - slot.sent);
    if (count == 0 && !slot.ends) {
      slot.waits = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    std::ranges::copy(std::string_view(slot.request).substr(slot.sent, count), to);
    slot.sent += count;
    if (slot.sent == slot.request.size()) {
      if (slot.ends) *flags |= NGHTTP2_DATA_FLAG_EOF;
      slot.request.clear();
      slot.sent = 0;
    }
    return static_cast<std::ptrdiff_t>(count);
  }

  static int header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) {
    ClientSession& self = client_of(user);
    Slot* const slot = slot_of(session, frame->hd.stream_id);
    if (slot == nullptr || slot->over || self.closing_) return 0;
    self.header(*slot, letters(name, name_size), letters(value, value_size));
    return 0;
  }

  static int data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                  const std::uint8_t* bytes, std::size_t size, void* user) {
    ClientSession& self = client_of(user);
    nghttp2_session_consume_connection(session, size);
    Slot* const slot = slot_of(session, id);
    if (slot == nullptr || self.closing_) return 0;
    self.data(*slot, letters(bytes, size));
    return 0;
  }

  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    client_of(user).framed(*frame);
    return 0;
  }

  static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
    client_of(user).begun(*head);
    return 0;
  }

  static int sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    client_of(user).sent(*frame);
    return 0;
  }

  static int not_sent(nghttp2_session*, const nghttp2_frame* frame, int, void* user) {
    client_of(user).not_sent(*frame);
    return 0;
  }

  static int closed(nghttp2_session* session, std::int32_t id, std::uint32_t error, void* user) {
    if (Slot* const slot = slot_of(session, id)) client_of(user).closed(*slot, error);
    return 0;
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* all = nullptr;
    ensure(nghttp2_session_callbacks_new(&all) == 0);
    nghttp2_session_callbacks_set_send_callback(all, send);
    nghttp2_session_callbacks_set_on_header_callback(all, header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(all, frame);
    nghttp2_session_callbacks_set_on_begin_frame_callback(all, begin_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(all, sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(all, not_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(all, closed);
    return all;
  }

  static nghttp2_option* make_options(const ClientOptions& options) {
    nghttp2_option* option = nullptr;
    ensure(nghttp2_option_new(&option) == 0);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_max_outbound_ack(option, 1000);
#ifdef BOWLINE_NGHTTP2_LIMITS_CONTINUATIONS
    nghttp2_option_set_max_continuations(option, std::size_t{options.continuations} + 1);
#endif
    (void)options;
    return option;
  }
};

ClientSession::ClientSession(ClientOptions options, ClientHooks hooks, Time now)
    : options_(std::move(options)),
      hooks_(std::move(hooks)),
      now_(now),
      heard_at_(now),
      controls_(options_.controls_a_second, options_.controls_at_once) {
  const std::unique_ptr<nghttp2_session_callbacks, decltype(&nghttp2_session_callbacks_del)>
      callbacks(Callbacks::make(), nghttp2_session_callbacks_del);
  const std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)> option(
      Callbacks::make_options(options_), nghttp2_option_del);
  nghttp2_session* session = nullptr;
  ensure(nghttp2_session_client_new2(&session, callbacks.get(), this, option.get()) == 0);
  session_.reset(session);
  const std::array settings = {
      nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options_.stream_window},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options_.most_header_bytes}};
  ensure(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) ==
         0);
  ensure(nghttp2_session_set_local_window_size(
             session, NGHTTP2_FLAG_NONE, 0,
             static_cast<std::int32_t>(options_.connection_window)) == 0);
}

void ClientSession::submit(Slot& slot) {
  if (!takes_calls()) return ready_.push_back(slot.self);
  if (!has_room()) return waiting_.push_back(slot.self);
  std::string timeout;
  constexpr std::size_t always = 7;
  std::array<nghttp2_nv, always + 1 + most_metadata> head = {
      client_field(":method", "POST", both_stay),
      client_field(":scheme", options_.scheme, both_stay),
      client_field(":path", slot.path, both_stay),
      client_field(":authority", options_.authority, both_stay),
      client_field("content-type", "application/grpc", both_stay),
      client_field("te", "trailers", both_stay),
      client_field("user-agent", options_.user_agent, both_stay)};
  std::size_t count = always;
  if (slot.deadline != never) {
    timeout = encode_timeout(std::max(slot.deadline - now_, Duration(1)));
    // Each of them is another one: not worth a place in what the compression remembers.
    head[count++] = client_field("grpc-timeout", timeout, name_stays | NGHTTP2_NV_FLAG_NO_INDEX);
  }
  for (const ClientField& one : slot.metadata)
    head[count++] = client_field(one.name, one.value, both_stay);
  nghttp2_data_provider body{};
  body.source.ptr = &slot;
  body.read_callback = Callbacks::read;
  const std::int32_t id =
      nghttp2_submit_request(session_.get(), nullptr, head.data(), count, &body, &slot);
  if (id > 0) {
    slot.id = id;
    ++submitted_;
    return;
  }
  // A connection has two milliards of them.
  is_leaving_ = true;
  if (why_.empty()) why_ = "all numbers of calls of this connection are used up";
  ready_.push_back(slot.self);
}

}  // namespace bowline::rpc
