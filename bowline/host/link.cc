// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/link.h"

#include <utility>

#include "bowline/wire/ask.h"

namespace bowline::host {

// Anybody can say anything, but who has a certificate speaks for the node that it names only.
Result<void> is_proved(const std::optional<env::Identity>& proved, const wire::Hello& said) {
  if (!proved) return {};
  const auto no = [](std::string why) -> Result<void> {
    return std::unexpected(Error{Fault::corrupt, std::move(why)});
  };
  if (said.purpose == wire::Purpose::admin && proved->admin.empty())
    return no("it asks to administer, and its certificate names node " +
              std::to_string(proved->node.value) +
              ". Give it one with a URI like bowline://CLUSTER/admin/NAME");
  if (said.self && !proved->node)
    return no("it says that it is node " + std::to_string(said.self.value) +
              ", and its certificate names the admin " + proved->admin);
  if (proved->node != said.self)
    return no("it says that it is node " + std::to_string(said.self.value) +
              ", and its certificate names node " + std::to_string(proved->node.value) +
              ". Give it the certificate of its own id");
  if (!said.cluster_name.empty() && said.cluster_name != proved->cluster)
    return no("it says that it is of the cluster " + said.cluster_name +
              ", and its certificate names " + proved->cluster);
  return {};
}

Link::Link(std::unique_ptr<env::Connection> connection, wire::Hello here,
           std::uint32_t most_frame_bytes)
    : connection_(std::move(connection)),
      here_(std::move(here)),
      most_frame_bytes_(most_frame_bytes),
      reader_(wire::most_hello_bytes) {}

void Link::begin(Hooks hooks) {
  hooks_ = std::move(hooks);
  connection_->begin({.received = [this](std::string_view bytes) { received(bytes); },
                      .closed = [this](const Error& why) { end(why.what); },
                      .drained =
                          [this] {
                            if (!over_ && hooks_.drained) hooks_.drained();
                          }});
  connection_->send(wire::frame_of(here_));
}

// Frame by frame, because the first one says how large the others may be, and each of them may be
// the end of us.
void Link::received(std::string_view bytes) {
  const std::weak_ptr<const void> alive = life_.watch();
  received_bytes_ += bytes.size();
  while (!over_ && !bytes.empty()) {
    Result<std::optional<wire::Frame>> frame = reader_.take(bytes);
    if (!frame) return end(frame.error().what);
    if (!*frame) return;
    take(**frame);
    if (alive.expired()) return;
  }
}

void Link::take(const wire::Frame& frame) {
  if (frame.kind == wire::FrameKind::refusal) {
    return end("it was refused: " + wire::refusal_in(frame));
  }
  if (agreed()) return hooks_.came(frame);
  if (const Result<void> good = greeted(frame); !good) {
    connection_->send(wire::refusal_frame(good.error().what));
    return end(good.error().what);
  }
  auto agreed = std::move(hooks_.agreed);  // it may change the hooks
  agreed();
}

Result<void> Link::greeted(const wire::Frame& frame) {
  Result<wire::Hello> there = wire::hello_in(frame);
  if (!there) return std::unexpected(there.error());
  if (Result<void> proved = is_proved(connection_->identity(), *there); !proved) return proved;
  Result<wire::Ways> ways = wire::agree(here_, *there);
  if (!ways) return std::unexpected(ways.error());
  there_ = *std::move(there);
  ways_ = *std::move(ways);
  const bool asks = there_.purpose == wire::Purpose::admin;
  reader_.allow(asks ? wire::most_ask_bytes : most_frame_bytes_, ways_->in.version);
  return {};
}

void Link::end(std::string why) {
  if (std::exchange(over_, true)) return;
  hooks_.ended(std::move(why));
}

}  // namespace bowline::host
