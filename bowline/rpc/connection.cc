// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/connection.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "bowline/rpc/http1.h"
#include "bowline/rpc/http2.h"

namespace bowline::rpc {
namespace {

constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Until it knows what is spoken; then it only passes on.
class EitherSession final : public Session {
 public:
  EitherSession(Router& router, const Limits& limits, std::string peer, Time now, Wakes wakes)
      : router_(router),
        limits_(limits),
        peer_(std::move(peer)),
        begun_at_(now),
        wakes_(std::move(wakes)) {}

  void received(std::string_view bytes, Time now) override {
    if (spoken_) return spoken_->received(bytes, now);
    if (over_) return;
    first_ += bytes;
    const std::size_t common = std::min(first_.size(), preface.size());
    const bool may_be_http2 = first_.compare(0, common, preface, 0, common) == 0;
    if (may_be_http2 && common < preface.size()) return;
    const auto make = may_be_http2 ? make_http2 : make_http1;
    spoken_ = make(router_, limits_, std::move(peer_), begun_at_, std::move(wakes_));
    if (drains_) spoken_->drain(now);
    spoken_->received(std::exchange(first_, {}), now);
  }

  void take(std::string& out, std::uint64_t room, Time now) override {
    if (spoken_) spoken_->take(out, room, now);
  }

  void tick(Time now) override {
    if (spoken_) return spoken_->tick(now);
    over_ = over_ || deadline() <= now;
  }

  Time deadline() const override {
    if (spoken_) return spoken_->deadline();
    return over_ ? never : later(begun_at_, limits_.first_within);
  }

  // Whoever has said nothing yet is owed nothing.
  void drain(Time now) override {
    if (spoken_) return spoken_->drain(now);
    drains_ = true;
    over_ = over_ || first_.empty();
  }

  bool over() const override { return spoken_ ? spoken_->over() : over_; }
  bool holds() const override { return spoken_ && spoken_->holds(); }
  std::uint64_t queued() const override { return spoken_ ? spoken_->queued() : 0; }
  std::uint64_t held() const override { return spoken_ ? spoken_->held() : first_.size(); }
  std::uint64_t calls() const override { return spoken_ ? spoken_->calls() : 0; }
  std::string why() const override {
    if (spoken_) return spoken_->why();
    return drains_ ? "" : "it connected and said nothing";
  }

 private:
  Router& router_;
  Limits limits_;
  std::string peer_;
  Time begun_at_;
  Wakes wakes_;
  std::string first_;  // a part of the preface
  std::unique_ptr<Session> spoken_;
  bool drains_ = false;
  bool over_ = false;
};

}  // namespace

std::unique_ptr<Session> make_connection(Router& router, const Limits& limits, std::string peer,
                                         Time now, Session::Wakes wakes) {
  return std::make_unique<EitherSession>(router, limits, std::move(peer), now, std::move(wakes));
}

}  // namespace bowline::rpc
