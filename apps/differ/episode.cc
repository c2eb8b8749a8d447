// SPDX-License-Identifier: Apache-2.0
#include "apps/differ/episode.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::differ {
namespace {

using namespace etcdserverpb;

constexpr std::size_t most_reads_at_once = 16;
constexpr std::int64_t lease_that_expires = 7999;
constexpr std::string_view all_keys("\0", 1);

std::int64_t revision_in(const Method& method, const Said& said) {
  if (said.code != 0 || method.response == nullptr) return 0;
  const std::unique_ptr<Message> message(method.response->New());
  const auto* const field = message->GetDescriptor()->FindFieldByName("header");
  if (field == nullptr || !message->ParseFromString(said.message)) return 0;
  return static_cast<const ResponseHeader&>(message->GetReflection()->GetMessage(*message, field))
      .revision();
}

std::array<std::string, 2> both(const Message& message) {
  const std::string bytes = message.SerializeAsString();
  return {bytes, bytes};
}

}  // namespace

Episode::Episode(Peer& ours, Peer& theirs, Release release, const Steps& steps, Tally& tally,
                 double patience_seconds)
    : sides_{Side{ours, {}, 0, {}, {}}, Side{theirs, {}, 0, {}, {}}},
      release_(release),
      steps_(steps),
      tally_(tally),
      patience_(patience_seconds),
      watches_(std::ranges::any_of(
          steps, [](const Step& step) { return step.kind == Step::Kind::open; })) {}

void Episode::fail(const std::string& what, std::string kind) {
  if (kind.empty()) kind = what.substr(0, what.find('\n'));
  if (!found_) found_ = Difference{step_, what, std::move(kind)};
}

std::optional<Difference> Episode::run() {
  prepare();
  for (step_ = 0; step_ < steps_.size() && !found_; ++step_) carry_out(steps_[step_]);
  if (!found_) settle_calls();
  if (!found_ && watches_) {
    settle_watches();
    compare_streams();
  }
  for (Side& side : sides_) {
    side.streams.push_back(std::move(side.witness));
    for (const Side::Stream& stream : side.streams)
      if (stream.is_open && !side.peer.is_gone()) side.peer.hang_up(stream.place);
  }
  return std::move(found_);
}

bool Episode::wait(const std::function<bool()>& done) {
  if (wait_for_both(sides_[0].peer, sides_[1].peer, patience_, done)) return true;
  if (sides_[0].peer.is_gone()) fail("our server is gone, or has closed the connection");
  if (sides_[1].peer.is_gone()) fail("their server is gone, or has closed the connection");
  return false;
}

// ---- calls

bool Episode::ask(const Method& method, const std::array<std::string, 2>& bytes, std::size_t slot) {
  Asked asked{step_, &method, bytes, {}, slot};
  for (std::size_t i = 0; i < 2; ++i) asked.calls[i] = sides_[i].peer.call(method.path, bytes[i]);
  asked_.push_back(std::move(asked));
  ++requests_;
  if (method.only_reads && asked_.size() < most_reads_at_once) return true;
  return settle_calls();
}

bool Episode::ask(std::string_view path, const Message& message) {
  return ask(method_of(path), both(message)) && settle_calls();
}

bool Episode::settle_calls() {
  const bool in_time = wait([this] {
    return std::ranges::all_of(asked_, [this](const Asked& asked) {
      return sides_[0].peer.said(asked.calls[0]).is_over &&
             sides_[1].peer.said(asked.calls[1]).is_over;
    });
  });
  const std::size_t now = step_;
  for (const Asked& asked : asked_) {
    step_ = asked.step;
    note_lease(asked);
    const Exchange exchange{*asked.method, asked.bytes[0], sides_[0].peer.said(asked.calls[0]),
                            sides_[1].peer.said(asked.calls[1])};
    if (!in_time && !(exchange.ours.is_over && exchange.theirs.is_over))
      fail(std::string(exchange.ours.is_over ? "they" : "we") + " do not answer in time\n" +
           (asked.step < steps_.size() ? text(steps_[asked.step]) : std::string()));
    if (const auto what = difference(exchange, sides_[0].names, sides_[1].names, tally_, release_))
      fail(*what, std::string(asked.method->path) + std::to_string(exchange.ours.code) + "/" +
                      std::to_string(exchange.theirs.code));
    learn(asked);
  }
  step_ = now;
  asked_.clear();
  if (in_time)
    for (Side& side : sides_) side.peer.forget_calls();
  return !found_;
}

void Episode::learn(const Asked& asked) {
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t seen = revision_in(*asked.method, sides_[i].peer.said(asked.calls[i]));
    sides_[i].revision = std::max(sides_[i].revision, seen);
  }
  CompactionRequest compact;
  if (asked.method->path.ends_with("/Compact") && compact.ParseFromString(asked.bytes[0]) &&
      sides_[0].peer.said(asked.calls[0]).code == 0)
    compacted_ = compact.revision();
}

// An id that the servers chose: it gets its slot, or one behind those that steps know.
void Episode::note_lease(const Asked& asked) {
  LeaseGrantRequest request;
  if (!asked.method->path.ends_with("/LeaseGrant") || !request.ParseFromString(asked.bytes[0]) ||
      request.id() != 0)
    return;
  for (std::size_t i = 0; i < 2; ++i) {
    LeaseGrantResponse response;
    const Said& said = sides_[i].peer.said(asked.calls[i]);
    if (said.code != 0 || !response.ParseFromString(said.message)) continue;
    auto& leases = sides_[i].names.leases;
    if (asked.slot != no_slot) {
      leases.push_back(std::exchange(leases[asked.slot], response.id()));
    } else {
      leases.push_back(response.id());
    }
  }
}

// Everything that was goes; then the store has one key, and no past.
void Episode::prepare() {
  DeleteRangeRequest erase;
  erase.set_key(std::string(all_keys));
  erase.set_range_end(std::string(all_keys));
  if (!ask("/etcdserverpb.KV/DeleteRange", erase)) return;
  const Method& leases = method_of("/etcdserverpb.Lease/LeaseLeases");
  std::array<std::size_t, 2> calls{};
  for (std::size_t i = 0; i < 2; ++i) calls[i] = sides_[i].peer.call(leases.path, {});
  const auto over = [&] {
    return sides_[0].peer.said(calls[0]).is_over && sides_[1].peer.said(calls[1]).is_over;
  };
  if (!wait(over)) return fail("cannot list the leases");
  std::array<std::vector<std::int64_t>, 2> ids;
  for (std::size_t i = 0; i < 2; ++i) {
    LeaseLeasesResponse response;
    if (response.ParseFromString(sides_[i].peer.said(calls[i]).message))
      for (const LeaseStatus& lease : response.leases()) ids[i].push_back(lease.id());
  }
  if (ids[0].size() != ids[1].size()) return fail("they do not have as many leases");
  for (std::size_t i = 0; i < ids[0].size(); ++i) {
    LeaseRevokeRequest one;
    LeaseRevokeRequest other;
    one.set_id(ids[0][i]);
    other.set_id(ids[1][i]);
    if (!ask(method_of("/etcdserverpb.Lease/LeaseRevoke"),
             {one.SerializeAsString(), other.SerializeAsString()}))
      return;
  }
  PutRequest put;
  put.set_key("base");
  if (!ask("/etcdserverpb.KV/Put", put)) return;
  CompactionRequest compact;
  compact.set_revision(sides_[1].revision);
  if (!ask("/etcdserverpb.KV/Compact", compact)) return;
  for (Side& side : sides_) side.names.base = side.revision;
  if (!watches_) return;
  Step step;
  step.kind = Step::Kind::open;
  open(step);
}

// ---- steps

void Episode::carry_out(const Step& step) {
  switch (step.kind) {
    case Step::Kind::open: return open(step);
    case Step::Kind::say: return say(step);
    case Step::Kind::hang_up: return hang_up(step);
    case Step::Kind::expire: return expire();
    case Step::Kind::call: break;
  }
  std::array<std::string, 2> bytes = {bytes_for(step, sides_[0].names),
                                      bytes_for(step, sides_[1].names)};
  if (!why_not(*step.method, bytes[0], release_).empty()) return;
  if (!step.method->only_reads && !settle_calls()) return;
  // What is compacted under a watch that is behind is a matter of chance.
  if (step.method->path.ends_with("/Compact")) {
    settle_watches();
    catch_up();
  }
  if (!found_) ask(*step.method, bytes, step.slot);
}

void Episode::expire() {
  if (!settle_calls()) return;
  LeaseGrantRequest grant;
  grant.set_id(lease_that_expires);
  grant.set_ttl(1);
  if (!ask("/etcdserverpb.Lease/LeaseGrant", grant)) return;
  for (const char* key : {"expires/1", "expires/2"}) {
    PutRequest put;
    put.set_key(key);
    put.set_lease(lease_that_expires);
    if (!ask("/etcdserverpb.KV/Put", put)) return;
  }
  // Each at its own time. It has ended where it is not listed any more: that question is compared
  // only then.
  const Method& list = method_of("/etcdserverpb.KV/Range");
  RangeRequest range;
  range.set_key("expires/1");
  range.set_range_end("expires/3");
  std::array<std::size_t, 2> calls{};
  std::array<bool, 2> ended{};
  const auto again = [&](std::size_t i) {
    calls[i] = sides_[i].peer.call(list.path, range.SerializeAsString());
  };
  again(0);
  again(1);
  const bool in_time = wait([&] {
    for (std::size_t i = 0; i < 2; ++i) {
      const Said& said = sides_[i].peer.said(calls[i]);
      RangeResponse response;
      if (ended[i] || !said.is_over) continue;
      ended[i] = said.code == 0 && response.ParseFromString(said.message) && response.count() == 0;
      if (!ended[i]) again(i);
    }
    return ended[0] && ended[1];
  });
  if (!in_time) return fail("a lease of a second does not end");
  ask("/etcdserverpb.KV/Range", range);
}

}  // namespace bowline::differ
