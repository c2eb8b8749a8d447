// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/relay.h"

#include <algorithm>
#include <future>
#include <optional>
#include <vector>

#include "bowline/wire/hello.h"

namespace bowline::chaos {
namespace {

constexpr std::uint64_t most_waiting_bytes = 4 << 20;

}  // namespace

Relay::Relay() : network_(loop_), timer_(loop_.timer([this] { pass_on_all(); })) {
  thread_ = std::thread([this] { loop_.run(); });
}

Relay::~Relay() {
  loop_.stop();
  thread_.join();
  pipes_.clear();
  listeners_.clear();
}

void Relay::ask(std::function<void()> work) {
  std::promise<void> promise;
  std::future<void> done = promise.get_future();
  loop_.post([&] {
    work();
    promise.set_value();
  });
  done.get();
}

Result<std::string> Relay::stand_in_for(NodeId node) {
  std::promise<Result<std::string>> promise;
  std::future<Result<std::string>> address = promise.get_future();
  loop_.post([&] {
    const auto opened = [&](Result<std::unique_ptr<env::Listener>> listener) {
      if (!listener) return promise.set_value(std::unexpected(listener.error()));
      listeners_[node] = *std::move(listener);
      promise.set_value(listeners_[node]->address());
    };
    network_.listen(
        "127.0.0.1:0",
        [this, node](std::unique_ptr<env::Connection> connection) {
          came(node, std::move(connection));
        },
        opened);
  });
  return address.get();
}

void Relay::lead(NodeId node, std::string address) {
  ask([this, node, address = std::move(address)] { places_[node] = address; });
}

void Relay::is_called(NodeId node, NodeId by_itself) {
  ask([this, node, by_itself] { by_own_name_[by_itself] = node; });
}

void Relay::cut(NodeId from, NodeId to) {
  ask([this, from, to] { way(from, to).is_cut = true; });
}

void Relay::delay(NodeId from, NodeId to, Duration duration) {
  ask([this, from, to, duration] { way(from, to).delay = duration; });
}

void Relay::refuse(NodeId one, NodeId other) {
  ask([this, one, other] { way(one, other).is_refused = way(other, one).is_refused = true; });
  reset(one, other);
}

void Relay::reset(NodeId one, NodeId other) {
  ask([this, one, other] {
    std::erase_if(pipes_, [&](const auto& pipe) { return concerns(pipe.second, one, other); });
  });
}

void Relay::mend() {
  ask([this] {
    ways_.clear();
    pass_on_all();
  });
}

bool Relay::concerns(const Pipe& pipe, NodeId one, NodeId other) const {
  return (pipe.ids[caller] == one && pipe.ids[called] == other) ||
         (pipe.ids[caller] == other && pipe.ids[called] == one);
}

void Relay::came(NodeId to, std::unique_ptr<env::Connection> connection) {
  const std::uint64_t id = ++last_pipe_;
  Pipe& pipe = pipes_[id];
  pipe.ids[called] = to;
  pipe.ends[caller] = std::move(connection);
  begin(id, caller);
}

void Relay::begin(std::uint64_t id, std::size_t end) {
  pipes_.at(id).ends[end]->begin({
      .received = [this, id, end](std::string_view bytes) { received(id, end, bytes); },
      .closed = [this, id](const Error&) { pipes_.erase(id); },
  });
}

void Relay::received(std::uint64_t id, std::size_t end, std::string_view bytes) {
  Pipe& pipe = pipes_.at(id);
  if (!pipe.ids[caller] && !learn_caller(pipe, bytes)) {
    pipes_.erase(id);
    return;
  }
  const Way& its = way(pipe.ids[end], pipe.ids[1 - end]);
  if (its.is_refused) {
    pipes_.erase(id);
    return;
  }
  Lane& lane = pipe.lanes[end];
  lane.pieces.push_back({loop_.clock().now() + its.delay, std::string(bytes)});
  lane.bytes += bytes.size();
  if (lane.bytes > most_waiting_bytes && !lane.is_held) {
    lane.is_held = true;
    pipe.ends[end]->hold(true);
  }
  pass_on(pipe, end);
  // The last thing: it may end the pipe.
  if (pipe.ids[caller] && pipe.ends[called] == nullptr && !pipe.is_connecting) connect(id);
}

// False: this is no node.
bool Relay::learn_caller(Pipe& pipe, std::string_view bytes) {
  std::vector<wire::Frame> frames;
  if (!pipe.hello.feed(bytes, frames)) return false;
  if (frames.empty()) return true;
  const Result<wire::Hello> hello = wire::hello_in(frames.front());
  if (!hello) return false;
  const auto known = by_own_name_.find(hello->self);
  pipe.ids[caller] = known == by_own_name_.end() ? hello->self : known->second;
  return true;
}

void Relay::connect(std::uint64_t id) {
  Pipe& pipe = pipes_.at(id);
  const std::string& place = places_[pipe.ids[called]];
  if (place.empty()) {
    pipes_.erase(id);
    return;
  }
  pipe.is_connecting = true;
  network_.connect(place, [this, id](Result<std::unique_ptr<env::Connection>> connected) {
    const auto found = pipes_.find(id);
    if (found == pipes_.end()) return;
    if (!connected) {
      pipes_.erase(found);
      return;
    }
    found->second.ends[called] = *std::move(connected);
    begin(id, called);
    pass_on(found->second, caller);
  });
}

void Relay::pass_on(Pipe& pipe, std::size_t end) {
  Lane& lane = pipe.lanes[end];
  const std::unique_ptr<env::Connection>& to = pipe.ends[1 - end];
  if (to == nullptr || way(pipe.ids[end], pipe.ids[1 - end]).is_cut) return;
  const Time now = loop_.clock().now();
  while (!lane.pieces.empty() && lane.pieces.front().due <= now) {
    lane.bytes -= lane.pieces.front().bytes.size();
    to->send(std::move(lane.pieces.front().bytes));
    lane.pieces.pop_front();
  }
  if (lane.is_held && lane.bytes < most_waiting_bytes / 2) {
    lane.is_held = false;
    pipe.ends[end]->hold(false);
  }
  if (!lane.pieces.empty()) loop_.set(timer_, now + std::chrono::milliseconds(1));
}

void Relay::pass_on_all() {
  for (auto& [id, pipe] : pipes_)
    for (const std::size_t end : {caller, called}) pass_on(pipe, end);
}

}  // namespace bowline::chaos
