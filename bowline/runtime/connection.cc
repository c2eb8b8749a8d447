// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/connection.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "bowline/base/ensure.h"
#include "bowline/runtime/fault.h"
#include "bowline/runtime/loop_asio.h"

namespace bowline::runtime {
namespace {

using asio::ip::tcp;

constexpr int rounds = 16;                    // of receiving, before others have their turn
constexpr std::size_t pieces_at_once = 64;    // that one call of the kernel takes
constexpr std::chrono::seconds ask_again{1};  // an idle peer that did not answer,
constexpr int ask_times = 3;                  // so often

// Each of them only makes it faster, or notices sooner that a peer is gone: none may fail on Linux,
// and the connection works without.
void set(int socket, int level, int name, int value) {
  (void)::setsockopt(socket, level, name, &value, sizeof value);
}

void set_options(int socket, const NetworkOptions& options) {
  const auto idle = std::chrono::ceil<std::chrono::seconds>(options.keep_alive);
  set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, options.unsent_bytes);
  set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(socket, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(idle.count()));
  set(socket, IPPROTO_TCP, TCP_KEEPINTVL, static_cast<int>(ask_again.count()));
  set(socket, IPPROTO_TCP, TCP_KEEPCNT, ask_times);
}

bool is_for_later(int number) { return number == EAGAIN || number == EINTR; }

}  // namespace

Stream::Stream(Traffic& traffic, tcp::socket socket, std::string peer)
    : traffic_(traffic),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      place_(traffic.add(*this)) {
  set_options(socket_.native_handle(), traffic.options);
}

void Stream::begin(env::Connection::Hooks hooks) {
  ensure(!hooks_.has_value());
  hooks_ = std::move(hooks);
  wait_to_receive();
}

void Stream::hold(bool held) {
  is_held_ = held;
  wait_to_receive();
}

void Stream::wait_to_receive() {
  if (is_over_ || is_held_ || !hooks_ || is_waiting_to_receive_) return;
  is_waiting_to_receive_ = true;
  socket_.async_wait(tcp::socket::wait_read, [weak = weak_from_this()](const asio::error_code&) {
    const std::shared_ptr<Stream> self = weak.lock();
    if (self == nullptr) return;
    self->is_waiting_to_receive_ = false;
    self->receive();
    self->wait_to_receive();
  });
}

// A hook may hold or end it.
void Stream::receive() {
  std::vector<char>& memory = traffic_.received;
  for (int round = 0; round < rounds && !is_held_ && !is_over_; ++round) {
    const ssize_t count =
        ::recv(socket_.native_handle(), memory.data(), memory.size(), MSG_DONTWAIT);
    if (count == 0) return close({Fault::unreachable, peer_ + " ended the connection"});
    if (count < 0 && is_for_later(errno)) return;
    if (count < 0) return close(system_error(errno, "the connection to " + peer_ + " broke"));
    const auto bytes = static_cast<std::size_t>(count);
    hooks_->received(std::string_view(memory.data(), bytes));
    if (bytes < memory.size()) return;  // there is no more: not worth asking the kernel for it
  }
}

void Stream::send(std::string bytes) {
  if (is_over_ || broken_ || bytes.empty()) return;
  std::size_t sent = 0;
  if (queue_.empty()) {
    const ssize_t count =
        ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && !is_for_later(errno))
      return fail(system_error(errno, "the connection to " + peer_ + " broke"));
    sent = count < 0 ? 0 : static_cast<std::size_t>(count);
    if (sent == bytes.size()) return;
    sent_of_first_ = sent;
    wait_to_send();
  }
  queued_ += bytes.size() - sent;
  queue_.push_back(std::move(bytes));
}

void Stream::wait_to_send() {
  socket_.async_wait(tcp::socket::wait_write, [weak = weak_from_this()](const asio::error_code&) {
    if (const std::shared_ptr<Stream> self = weak.lock()) self->send_queued();
  });
}

void Stream::send_queued() {
  if (is_over_ || broken_) return;
  std::array<iovec, pieces_at_once> pieces{};
  const std::size_t count = std::min(pieces.size(), queue_.size());
  for (std::size_t i = 0; i < count; ++i) pieces[i] = {queue_[i].data(), queue_[i].size()};
  pieces[0].iov_base = queue_[0].data() + sent_of_first_;
  pieces[0].iov_len -= sent_of_first_;
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = count;
  const ssize_t result = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (result < 0 && !is_for_later(errno))
    return fail(system_error(errno, "the connection to " + peer_ + " broke"));
  auto sent = result < 0 ? 0 : static_cast<std::size_t>(result);
  queued_ -= sent;
  for (sent += sent_of_first_; !queue_.empty() && sent >= queue_.front().size();) {
    sent -= queue_.front().size();
    queue_.pop_front();
  }
  sent_of_first_ = sent;
  if (!queue_.empty()) return wait_to_send();
  if (hooks_ && hooks_->drained) hooks_->drained();
}

void Stream::feel_pulse(Time now) {
  if (broken_ || !pulse_.is_lost(socket_.native_handle(), now, traffic_.options.peer_timeout))
    return;
  // The kernel shall not go on trying when the socket is closed.
  asio::error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  fail({Fault::timeout, peer_ + " does not answer any more"});
}

// Called from within anything. The socket can be received from now, if only to find its end: thus
// whoever begins later is told, too.
void Stream::fail(Error why) {
  broken_ = std::move(why);
  asio::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  traffic_.loop.soon([weak = weak_from_this()] {
    if (const std::shared_ptr<Stream> self = weak.lock()) self->give_up();
  });
}

// The other side may have said why before it closed.
void Stream::give_up() {
  if (is_over_ || !hooks_) return;
  receive();
  if (!is_over_) close({});
}

void Stream::close(Error why) {
  leave();
  asio::error_code ignored;
  socket_.close(ignored);
  hooks_->closed(broken_ ? *broken_ : std::move(why));
}

void Stream::end() {
  if (is_over_) return;
  leave();
  traffic_.farewells.take(std::move(socket_));
}

void Stream::leave() {
  is_over_ = true;
  queue_.clear();
  queued_ = 0;
  traffic_.remove(place_);
}

}  // namespace bowline::runtime
