// SPDX-License-Identifier: Apache-2.0
#include "bowline/client/call.h"

#include <optional>
#include <utility>
#include <vector>

namespace bowline::client {
namespace {

std::unexpected<Error> no(std::string why) {
  return std::unexpected(Error{Fault::corrupt, std::move(why)});
}

}  // namespace

Call::Call(env::Loop& loop, env::Network& network, std::string address, wire::Hello here,
           env::Done<> over)
    : loop_(loop), address_(std::move(address)), here_(std::move(here)), over_(std::move(over)) {
  network.connect(address_,
                  life_.guard([this](Result<std::unique_ptr<env::Connection>> connection) {
                    connected(std::move(connection));
                  }));
}

std::uint64_t Call::ask(wire::Asked what, Said said) {
  const std::uint64_t number = ++last_;
  const wire::Version since = wire::since(what);
  std::string frame = wire::frame_of(wire::Ask{number, std::move(what)});
  if (agreed_ >= since) connection_->send(std::exchange(frame, {}));
  waiting_.emplace(number, Waiting{std::move(frame), since, std::move(said)});
  if (agreed_ > 0 && agreed_ < since) loop_.soon(life_.guard([this] { send_waiting(); }));
  return number;
}

// What the other side is too old for, and would not understand, is not sent. Whoever is told may
// ask once more.
void Call::send_waiting() {
  std::vector<Said> too_new;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    Waiting& one = at->second;
    if (one.since > agreed_) {
      too_new.push_back(std::move(one.said));
      at = waiting_.erase(at);
      continue;
    }
    if (!one.frame.empty()) connection_->send(std::exchange(one.frame, {}));
    ++at;
  }
  const wire::Declined no{wire::Why::never,
                          "node " + std::to_string(there_.value) + " speaks version " +
                              std::to_string(agreed_) +
                              " of the protocol with us, in which nobody can ask for that. Upgrade "
                              "the older side first",
                          {},
                          {}};
  for (Said& said : too_new) said(no);
}

bool Call::was_sent(std::uint64_t number) const {
  const auto found = waiting_.find(number);
  return found == waiting_.end() || found->second.frame.empty();
}

void Call::forget(std::uint64_t number) { waiting_.erase(number); }

void Call::connected(Result<std::unique_ptr<env::Connection>> connection) {
  if (!connection) return end(connection.error().what);
  connection_ = *std::move(connection);
  connection_->begin({.received = [this](std::string_view bytes) { received(bytes); },
                      .closed = [this](const Error& why) { end(why.what); }});
  connection_->send(wire::frame_of(here_));
}

void Call::received(std::string_view bytes) {
  const std::weak_ptr<const void> alive = life_.watch();
  while (!ended_ && !bytes.empty()) {
    const Result<std::optional<wire::Frame>> frame = reader_.take(bytes);
    if (!frame) return end(frame.error().what);
    if (!*frame) return;
    const Result<void> good = take(**frame);
    if (alive.expired()) return;
    if (!good) return end(good.error().what);
  }
}

Result<void> Call::take(const wire::Frame& frame) {
  if (frame.kind == wire::FrameKind::refusal) return no(wire::refusal_in(frame));
  if (agreed_ == 0) return greeted(frame);
  Result<wire::Answer> answer = wire::answer_in(frame);
  if (!answer) return std::unexpected(answer.error());
  if (answer->number == 0 || answer->number > last_) return no("it answers what nobody asked");
  auto waiting = waiting_.extract(answer->number);
  if (waiting.empty()) return {};  // too late
  waiting.mapped().said(std::move(answer->what));
  return {};
}

Result<void> Call::greeted(const wire::Frame& frame) {
  const Result<wire::Hello> there = wire::hello_in(frame);
  if (!there) return std::unexpected(there.error());
  const std::optional<env::Identity> proved = connection_->identity();
  if (proved && proved->node != there->self)
    return no("it says that it is node " + std::to_string(there->self.value) +
              ", and its certificate does not name that");
  const Result<wire::Ways> ways = wire::agree(here_, *there);
  if (!ways) return std::unexpected(ways.error());
  agreed_ = ways->out.version;
  there_ = there->self;
  reader_.allow(wire::most_answer_bytes, wire::newest_version);
  send_waiting();
  return {};
}

// Each of them may destroy us, and whoever hears of it may ask elsewhere at once.
void Call::end(const std::string& why) {
  if (std::exchange(ended_, true)) return;
  auto waiting = std::exchange(waiting_, {});
  env::Done<> over = std::move(over_);
  for (auto& [number, one] : waiting) {
    const bool was_sent = one.frame.empty();
    one.said(std::unexpected(Lost{why, was_sent}));
  }
  over();
}

}  // namespace bowline::client
