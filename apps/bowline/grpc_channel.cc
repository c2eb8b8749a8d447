// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/grpc_channel.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <unistd.h>

namespace bowline::apps {
namespace {

constexpr std::string_view https = "https://";
constexpr std::uint64_t most_message_bytes = 1UL << 30U;
constexpr std::uint64_t most_taken_bytes = 1UL << 20U;

// A server whose machine is gone says nothing. etcd sends away who asks more often than each 5 s.
constexpr Duration ping_after = std::chrono::seconds(10);
constexpr Duration ping_within = std::chrono::seconds(5);

Time time_of(Until until) {
  return {std::chrono::duration_cast<Duration>(until.time_since_epoch())};
}
Time now() { return time_of(std::chrono::steady_clock::now()); }

Until until_of(Time time) {
  return Until(std::chrono::duration_cast<Until::duration>(time.since_start));
}

}  // namespace

Result<std::unique_ptr<GrpcChannel>> GrpcChannel::connect(const std::string& endpoint,
                                                          const ClientTls* tls, Until until) {
  const bool is_secure = endpoint.starts_with(https);
  const std::string address = is_secure ? endpoint.substr(https.size()) : endpoint;
  const auto connected = connected_to(address, until);
  if (!connected) return std::unexpected(connected.error());
  if (!is_secure)
    return std::make_unique<GrpcChannel>(std::make_unique<ClientSocket>(*connected), address,
                                         "http");
  if (tls == nullptr) {
    ::close(*connected);
    return std::unexpected(Error{Fault::unreachable, "no TLS is set up for " + endpoint});
  }
  auto greeted = tls->greet(*connected, address, until);
  if (!greeted) return std::unexpected(greeted.error());
  auto channel = std::make_unique<GrpcChannel>(*std::move(greeted), address, "https");
  if (const auto heard = channel->await_first_word(until); !heard)
    return std::unexpected(heard.error());
  return channel;
}

GrpcChannel::GrpcChannel(std::unique_ptr<ClientSocket> socket, std::string address,
                         std::string scheme)
    : socket_(std::move(socket)),
      address_(std::move(address)),
      session_(
          {.authority = address_,
           .scheme = std::move(scheme),
           .most_message_bytes = most_message_bytes,
           .most_unfinished_bytes = most_message_bytes,
           .ping_after = ping_after,
           .ping_within = ping_within},
          {.message =
               [this](rpc::ClientSession::Tag tag, std::string_view message) {
                 if (tag == tag_) messages_.emplace_back(message);
               },
           .ended =
               [this](rpc::ClientSession::Tag tag, const CallEnd& end, std::string_view answer) {
                 if (tag != tag_) return;
                 if (is_unary_ && end.status && end.status->ok()) messages_.emplace_back(answer);
                 end_ = end;
               }},
          now()) {}

// With TLS 1.3 we greet before the server has looked at our certificate: until it says something,
// it may still send us away, and then nothing shall have been asked of it.
Result<void> GrpcChannel::await_first_word(Until until) {
  while (!has_heard_ && flush()) {
    if (!socket_->wait(until, sent_ < out_.size())) lose("it said nothing in time");
    if (!broken_) static_cast<void>(receive());
  }
  if (!broken_) return {};
  return std::unexpected(
      Error{Fault::unreachable, "cannot connect to https://" + address_ + ": " + session_.why()});
}

void GrpcChannel::forget_call() {
  if (!end_) session_.cancel(call_);
  ++tag_;
  messages_.clear();
  end_.reset();
  left_ = false;
}

void GrpcChannel::open(std::string_view path, std::optional<Until> deadline,
                       std::vector<rpc::ClientField> metadata) {
  forget_call();
  session_.tick(now());
  is_unary_ = false;
  call_ = session_.open(path, tag_, deadline ? time_of(*deadline) : never, std::move(metadata));
}

void GrpcChannel::send(std::string_view message) { session_.send(call_, message); }

void GrpcChannel::half_close() { session_.half_close(call_); }

void GrpcChannel::cancel() {
  session_.cancel(call_);
  if (!broken_) static_cast<void>(flush());
}

void GrpcChannel::lose(const std::string& why) {
  broken_ = true;
  session_.lost(why);
}

bool GrpcChannel::flush() {
  while (true) {
    if (sent_ == out_.size()) {
      out_.clear();
      sent_ = 0;
      session_.take(out_, most_taken_bytes, now());
      if (out_.empty() && session_.over()) return lose(session_.why()), false;
      if (out_.empty()) return true;
    }
    const auto count = socket_->send(std::string_view(out_).substr(sent_));
    if (!count) {
      // What it said before is still to be heard.
      while (receive()) {}
      return lose(count.error().what), false;
    }
    if (*count == 0) return true;
    sent_ += *count;
    left_ = true;
  }
}

// One piece of it. False: there was none.
bool GrpcChannel::receive() {
  std::array<char, 64UL << 10U> bytes{};
  const auto count = socket_->receive(bytes);
  if (!count) return lose(count.error().what), false;
  if (*count == 0) return false;
  has_heard_ = true;
  session_.received({bytes.data(), *count}, now());
  return true;
}

CallEnd GrpcChannel::end_of_call() {
  CallEnd end = *end_;
  if (end.status) return end;
  end.untouched = end.untouched || !left_;
  end.why = address_ + ": " + end.why;
  if (broken_ && !has_heard_) end.why += " before it said anything";
  return end;
}

std::variant<std::string, CallEnd, GrpcChannel::Late> GrpcChannel::next(Until until) {
  while (true) {
    if (!messages_.empty()) {
      std::string message = std::move(messages_.front());
      messages_.pop_front();
      return message;
    }
    if (end_) return end_of_call();
    if (broken_ || !flush()) {
      session_.tick(now());
      if (end_ || !messages_.empty()) continue;
      return CallEnd{.untouched = !left_, .why = address_ + ": " + session_.why()};
    }
    if (end_ || !messages_.empty()) continue;
    const Time due = session_.deadline();
    if (socket_->wait(std::min(until, until_of(due)), sent_ < out_.size())) {
      static_cast<void>(receive());
    } else if (due <= now()) {
      session_.tick(now());
    } else if (std::chrono::steady_clock::now() >= until) {
      return Late{};
    }
  }
}

std::variant<std::string, CallEnd> GrpcChannel::call(std::string_view path,
                                                     std::string_view request, Until until) {
  forget_call();
  session_.tick(now());
  is_unary_ = true;
  call_ = session_.call(path, request, tag_, time_of(until));
  auto heard = next(Until::max());
  if (auto* const answer = std::get_if<std::string>(&heard)) return std::move(*answer);
  return std::get<CallEnd>(std::move(heard));
}

}  // namespace bowline::apps
