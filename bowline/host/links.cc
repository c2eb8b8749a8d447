// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/links.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::host {
namespace {

std::string node(NodeId id) { return "node " + std::to_string(id.value); }

}  // namespace

Links::Links(env::Loop& loop, env::Clock& clock, env::Network& network, wire::Hello here,
             Options options, std::uint64_t seed, Hooks hooks)
    : loop_(loop),
      clock_(clock),
      network_(network),
      here_(std::move(here)),
      options_(options),
      prng_(seed),
      hooks_(std::move(hooks)),
      strangers_timer_(loop.timer([this] { expire_strangers(); })) {}

Links::~Links() {
  loop_.drop(strangers_timer_);
  for (auto& [id, peer] : peers_)
    if (peer.has_timer) loop_.drop(peer.timer);
}

void Links::listen(const std::string& address, env::Done<Result<void>> done) {
  network_.listen(address, life_.guard([this](std::unique_ptr<env::Connection> connection) {
    accepted(std::move(connection));
  }),
                  life_.guard([this, done = std::move(done)](
                                  Result<std::unique_ptr<env::Listener>> listener) mutable {
                    if (!listener) return done(std::unexpected(listener.error()));
                    listener_ = *std::move(listener);
                    if (here_.address.empty()) here_.address = listener_->address();
                    done({});
                  }));
}

std::string Links::address() const { return listener_ == nullptr ? "" : listener_->address(); }

Links::Peer* Links::find(NodeId id) {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : &found->second;
}

const Links::Peer* Links::find(NodeId id) const {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : &found->second;
}

Links::Peer& Links::peer(NodeId id) {
  Peer& peer = peers_[id];
  if (!std::exchange(peer.has_timer, true)) peer.timer = loop_.timer([this, id] { due(id); });
  return peer;
}

void Links::know(NodeId id, std::string address) {
  if (id == here_.self || address.empty()) return;
  Peer& known = peer(id);
  if (known.address == address) return;
  known.address = std::move(address);
  known.failures = 0;
  call(id);
}

void Links::forget(NodeId id) {
  Peer* const known = find(id);
  if (known == nullptr) return;
  bury(std::move(known->called));
  bury(std::move(known->caller));
  loop_.drop(known->timer);
  peers_.erase(id);
}

std::vector<NodeId> Links::peers() const {
  const auto ids = std::views::keys(peers_);
  return {ids.begin(), ids.end()};
}

const std::string* Links::address_of(NodeId id) const {
  const Peer* const known = find(id);
  return known == nullptr || known->address.empty() ? nullptr : &known->address;
}

Link* Links::used(NodeId id, const Peer& peer) const {
  const auto good = [](const std::unique_ptr<Link>& link) {
    return link != nullptr && link->agreed() ? link.get() : nullptr;
  };
  Link* const ours = good(peer.called);
  Link* const theirs = good(peer.caller);
  const bool ours_first = here_.self < id;
  if (ours_first) return ours != nullptr ? ours : theirs;
  return theirs != nullptr ? theirs : ours;
}

const wire::Way* Links::way_to(NodeId id) const {
  const Peer* const peer = find(id);
  const Link* const link = peer == nullptr ? nullptr : used(id, *peer);
  return link == nullptr ? nullptr : &link->ways().out;
}

std::uint64_t Links::epoch(NodeId id) const {
  const Peer* const peer = find(id);
  return peer == nullptr ? 0 : peer->epoch;
}

void Links::send(NodeId id, std::string frame) {
  Peer* const peer = find(id);
  Link* const link = peer == nullptr ? nullptr : used(id, *peer);
  if (link == nullptr) return;
  peer->traffic.sent_bytes += frame.size();
  link->send(std::move(frame));
}

Links::Traffic Links::traffic(NodeId id) const {
  const Peer* const peer = find(id);
  return peer == nullptr ? Traffic{} : peer->traffic;
}

std::uint64_t Links::queued(NodeId id) const {
  const Peer* const peer = find(id);
  const Link* const link = peer == nullptr ? nullptr : used(id, *peer);
  return link == nullptr ? 0 : link->queued();
}

// Its timer: a call that nobody speaks on, a connection too many, or time to call again.
void Links::due(NodeId id) {
  Peer& peer = *find(id);
  if (peer.called != nullptr && !peer.called->agreed()) {
    bury(std::move(peer.called));
    return failed(id, peer);
  }
  const bool two = peer.called != nullptr && peer.caller != nullptr;
  if (two && here_.self < id) return bury(std::move(peer.caller));
  call(id);
}

// Unless it is being called already, or is connected.
void Links::call(NodeId id) {
  Peer& peer = *find(id);
  if (peer.address.empty() || peer.calling || peer.called != nullptr) return;
  if (used(id, peer) != nullptr) return;
  peer.calling = true;
  network_.connect(peer.address,
                   life_.guard([this, id](Result<std::unique_ptr<env::Connection>> connection) {
                     called(id, std::move(connection));
                   }));
}

void Links::called(NodeId id, Result<std::unique_ptr<env::Connection>> connection) {
  Peer* const peer = find(id);
  if (peer == nullptr) return;
  peer->calling = false;
  if (!connection) {
    tell(node(id), connection.error().what);
    return failed(id, *peer);
  }
  wire::Hello hello = here_;
  hello.wanted = id;
  peer->called =
      std::make_unique<Link>(*std::move(connection), std::move(hello), options_.most_frame_bytes);
  // Somebody who takes calls but never speaks.
  loop_.set(peer->timer, clock_.now() + options_.hello_within);
  peer->called->begin(hooks_of(id, *peer->called, true));
}

Link::Hooks Links::hooks_of(NodeId id, Link& link, bool ours) {
  return {.agreed = [this, id, &link] { agreed(id, *find(id), link); },
          .came =
              [this, id, &link](const wire::Frame& frame) {
                find(id)->traffic.received_bytes += wire::frame_head_bytes + frame.body->size();
                hooks_.letters(id, frame, link.ways().in);
              },
          .ended =
              [this, id, &link, ours](const std::string& why) {
                if (!link.agreed()) tell(node(id) + " at " + link.peer(), why);
                Peer& peer = *find(id);
                ended(id, ours ? peer.called : peer.caller, &link);
              },
          .drained =
              [this, id, &link] {
                if (used(id, *find(id)) == &link) hooks_.drained(id);
              }};
}

void Links::failed(NodeId id, Peer& peer) {
  if (used(id, peer) != nullptr) return;
  ++peer.traffic.failures;
  if (!is_needed(id)) return vanished(id);
  call_later(id, peer);
  if (peer.boot == 0 || std::exchange(peer.gone, true)) return;
  hooks_.lost(id);
}

// The more often it failed, the later; and not all that wait for the same node at the same moment.
void Links::call_later(NodeId, Peer& peer) {
  Duration wait = options_.retry_floor;
  for (std::uint32_t i = 0; i < peer.failures && wait < options_.retry_most; ++i) wait *= 2;
  wait = std::min(wait, options_.retry_most);
  wait += Duration(prng_.below(static_cast<std::uint64_t>(wait.count()) / 2 + 1));
  ++peer.failures;
  loop_.set(peer.timer, clock_.now() + wait);
}

void Links::accepted(std::unique_ptr<env::Connection> connection) {
  if (strangers_.size() >= options_.most_strangers) {  // the one that has been silent for longest
    bury(std::move(strangers_.begin()->second.link));
    strangers_.erase(strangers_.begin());
  }
  const std::uint64_t number = ++last_stranger_;
  Stranger& stranger = strangers_[number];
  stranger.since = clock_.now();
  stranger.link = std::make_unique<Link>(std::move(connection), here_, options_.most_frame_bytes);
  if (strangers_.size() == 1) loop_.set(strangers_timer_, clock_.now() + options_.hello_within);
  stranger.link->begin({.agreed = [this, number] { greeted(number); },
                        .came = {},
                        .ended =
                            [this, number](const std::string& why) {
                              tell(strangers_[number].link->peer(), why);
                              bury(std::move(strangers_[number].link));
                              strangers_.erase(number);
                            },
                        .drained = {}});
}

void Links::expire_strangers() {
  const Time now = clock_.now();
  while (!strangers_.empty() && strangers_.begin()->second.since + options_.hello_within <= now) {
    bury(std::move(strangers_.begin()->second.link));
    strangers_.erase(strangers_.begin());
  }
  if (!strangers_.empty())
    loop_.set(strangers_timer_, strangers_.begin()->second.since + options_.hello_within);
}

// It has said who it is. A newer call takes the place of an older one: whoever calls again has
// given that up.
void Links::greeted(std::uint64_t number) {
  auto stranger = strangers_.extract(number);
  if (stranger.empty()) return;  // too late
  std::unique_ptr<Link> link = std::move(stranger.mapped().link);
  if (link->there().purpose != wire::Purpose::letters) return hooks_.other(std::move(link));
  const NodeId id = link->there().self;
  const bool room = find(id) != nullptr || peers_.size() < options_.most_peers;
  if (!room || id == here_.self) return bury(std::move(link));
  Peer& known = peer(id);
  // A newcomer knows nobody, and has to find back to whoever called it.
  if (known.address.empty()) known.address = link->there().address;
  bury(std::move(known.caller));
  known.caller = std::move(link);
  known.caller->change(hooks_of(id, *known.caller, false));
  agreed(id, known, *known.caller);
}

void Links::agreed(NodeId id, Peer& peer, const Link& link) {
  const std::uint64_t boot = link.there().boot;
  const bool back = peer.boot == 0 || peer.gone;
  const bool anew = peer.boot != 0 && peer.boot != boot && !peer.gone;
  // What leads to the process that was there before leads nowhere, even if it does not know yet.
  if (anew) bury(std::move(&link == peer.called.get() ? peer.caller : peer.called));
  peer.boot = boot;
  peer.gone = false;
  peer.since = clock_.now();
  peer.epoch = ++epochs_;
  // Of two connections the lower id ends the one that it did not begin; but not before the other
  // side had time to see that there are two.
  const bool calls =
      peer.called != nullptr && !peer.called->agreed();  // which it has to end in time
  const bool spare = peer.called != nullptr && peer.caller != nullptr && here_.self < id;
  if (!calls) loop_.set(peer.timer, spare ? clock_.now() + options_.spare_lives : never);
  if (anew) hooks_.lost(id);
  if ((anew || back) && hooks_.up) hooks_.up(id);
  hooks_.met(id);
}

void Links::ended(NodeId id, std::unique_ptr<Link>& which, const Link* link) {
  if (which.get() != link) return;  // another one took its place
  Peer& peer = *find(id);
  const bool was_used = used(id, peer) == link;
  const bool spoke = which->agreed();
  bury(std::move(which));
  if (was_used) {
    peer.epoch = ++epochs_;
    ++peer.traffic.failures;
    hooks_.broke(id);
  }
  if (used(id, peer) != nullptr) return;
  if (peer.address.empty() || !is_needed(id)) return vanished(id);
  if (!spoke) return failed(id, peer);
  // At once: if that fails, it is gone. Unless it ends each time as soon as it has begun.
  if (peer.since + options_.short_life > clock_.now()) return call_later(id, peer);
  peer.failures = 0;
  call(id);
}

// One that called us, and that we cannot call; or one that nobody needs.
void Links::vanished(NodeId id) {
  const Peer& peer = *find(id);
  if (peer.called != nullptr || peer.caller != nullptr) return;
  const bool told = peer.boot == 0 || peer.gone;
  forget(id);
  if (!told) hooks_.lost(id);
  if (hooks_.forgotten && !is_needed(id)) hooks_.forgotten(id);
}

void Links::tell(const std::string& who, const std::string& why) {
  if (hooks_.told) hooks_.told(who, why);
}

void Links::bury(std::unique_ptr<Link> link) {
  if (link == nullptr) return;
  link->leave();
  if (dead_.empty()) loop_.soon(life_.guard([this] { dead_.clear(); }));
  dead_.push_back(std::move(link));
}

}  // namespace bowline::host
