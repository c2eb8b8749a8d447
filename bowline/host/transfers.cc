// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/transfers.h"

#include <algorithm>
#include <limits>
#include <ranges>

#include "bowline/base/ensure.h"
#include "bowline/wire/parcel.h"

namespace bowline::host {
namespace {

// Each of those who may fetch is given something in every second, whatever the pace is.
std::uint64_t part_bytes(const Transfers::Options& options) {
  if (options.bytes_per_second == 0) return std::numeric_limits<std::uint64_t>::max();
  return std::max<std::uint64_t>(options.bytes_per_second / options.most_givings, 1);
}

}  // namespace

Transfers::Transfers(env::Env env, env::Network& network, SnapshotStore& snapshots,
                     wire::Hello here, Options options, Hooks hooks)
    : env_(env),
      network_(network),
      snapshots_(snapshots),
      here_(std::move(here)),
      options_(options),
      hooks_(std::move(hooks)),
      pace_(env, options.bytes_per_second) {
  here_.purpose = wire::Purpose::snapshots;
}

Transfers::~Transfers() {
  for (auto& [group, fetch] : fetches_) env_.loop.drop(fetch.timer);
}

// ---- fetching

void Transfers::fetch(GroupId group, const Source& from, const raft::Base& base,
                      env::Done<Result<raft::Base>> done) {
  if (fetches_.contains(group)) return later(std::move(done), Fault::exists, "one is under way");
  std::vector<Source> sources;
  if (!from.address.empty()) sources.push_back(from);
  if (base.membership != nullptr)
    for (const raft::Member& member : base.membership->members) {
      const std::string address(member.address.view());
      const bool known = member.id == from.node && !from.address.empty();
      if (member.id == here_.self || address.empty() || known) continue;
      const auto place = member.id == from.node ? sources.begin() : sources.end();
      sources.insert(place, {member.id, address});
    }
  if (sources.empty()) return later(std::move(done), Fault::not_found, "no member has an address");
  Fetch& fetch = fetches_[group];
  fetch.wanted = base.id;
  fetch.sources = std::move(sources);
  fetch.done = std::move(done);
  fetch.timer = env_.loop.timer([this, group] { look(group); });
  wait_for_turn(group);
}

// Whoever has to try again comes behind the others: who cannot be reached must not keep them.
void Transfers::wait_for_turn(GroupId group) {
  const std::uint64_t turn = ++numbers_;
  fetches_.at(group).turn = turn;
  waiting_.emplace(turn, group);
  next_turns();
}

void Transfers::next_turns() {
  while (under_way_ < options_.fetches_at_once && !waiting_.empty()) {
    const GroupId group = waiting_.extract(waiting_.begin()).mapped();
    fetches_.at(group).turn = 0;
    call(group);
  }
}

void Transfers::later(env::Done<Result<raft::Base>> done, Fault fault, const char* why) {
  env_.loop.soon(life_.guard([done = std::move(done), fault, why]() mutable {
    done(std::unexpected(Error{fault, why}));
  }));
}

Transfers::Fetch* Transfers::find(GroupId group, std::uint64_t number) {
  const auto found = fetches_.find(group);
  return found == fetches_.end() || found->second.number != number ? nullptr : &found->second;
}

std::optional<Fetching::Progress> Transfers::progress(GroupId group) const {
  const auto found = fetches_.find(group);
  if (found == fetches_.end()) return std::nullopt;
  const auto& fetching = found->second.fetching;
  return fetching == nullptr ? Fetching::Progress{} : fetching->progress();
}

std::vector<GroupId> Transfers::fetching() const {
  const auto groups = std::views::keys(fetches_);
  return {groups.begin(), groups.end()};
}

std::vector<std::pair<NodeId, std::uint64_t>> Transfers::given() const {
  std::vector<std::pair<NodeId, std::uint64_t>> all;
  all.reserve(gifts_.size());
  for (const auto& [number, gift] : gifts_)
    all.emplace_back(gift.link->there().self, gift.giving->given_bytes());
  return all;
}

void Transfers::call(GroupId group) {
  Fetch& fetch = fetches_.at(group);
  fetch.number = ++numbers_;
  ++under_way_;
  fetch.seen_bytes = 0;
  const Source& source = fetch.sources[fetch.tries++ % fetch.sources.size()];
  env_.loop.set(fetch.timer, env_.clock.now() + options_.stalled_after);
  network_.connect(source.address,
                   life_.guard([this, group, number = fetch.number](
                                   Result<std::unique_ptr<env::Connection>> connection) {
                     connected(group, number, std::move(connection));
                   }));
}

void Transfers::connected(GroupId group, std::uint64_t number,
                          Result<std::unique_ptr<env::Connection>> connection) {
  Fetch* const fetch = find(group, number);
  if (fetch == nullptr) return;
  if (!connection) return failed(group, number);
  wire::Hello hello = here_;
  hello.wanted = fetch->sources[(fetch->tries - 1) % fetch->sources.size()].node;
  fetch->link =
      std::make_unique<Link>(*std::move(connection), std::move(hello), wire::most_parcel_bytes);
  fetch->link->begin(
      {.agreed =
           [this, group, number] {
             if (Fetch* const agreed_on = find(group, number)) agreed(group, *agreed_on);
           },
       .came = [this, group, number](const wire::Frame& frame) { came(group, number, frame); },
       .ended = [this, group, number](const std::string&) { failed(group, number); },
       .drained = {}});
}

void Transfers::agreed(GroupId group, Fetch& fetch) {
  fetch.seen_bytes = came_so_far(fetch);  // to say hello is no beginning
  fetch.fetching =
      std::make_unique<Fetching>(snapshots_, env_.loop, *fetch.link, group, fetch.wanted,
                                 [this, group, number = fetch.number](Result<raft::Base> result) {
                                   ended(group, number, std::move(result));
                                 });
  fetch.fetching->begin();
}

void Transfers::came(GroupId group, std::uint64_t number, const wire::Frame& frame) {
  Fetch* const fetch = find(group, number);
  if (fetch == nullptr || fetch->fetching == nullptr) return;
  const Result<wire::Parcel> parcel = wire::parcel_in(frame);
  if (!parcel || wire::group_of(*parcel) != group) return failed(group, number);
  fetch->fetching->hear(*parcel);
}

// From the other node, and of what an earlier life left.
std::uint64_t Transfers::came_so_far(const Fetch& fetch) {
  const std::uint64_t kept = fetch.fetching == nullptr ? 0 : fetch.fetching->progress().bytes;
  return kept + (fetch.link == nullptr ? 0 : fetch.link->received_bytes());
}

// Does it go on? The other node may hang, and its kernel answer for it. Or it is time to try again.
void Transfers::look(GroupId group) {
  Fetch& fetch = fetches_.at(group);
  if (fetch.number == 0) return wait_for_turn(group);
  const std::uint64_t bytes = came_so_far(fetch);
  if (bytes == fetch.seen_bytes) return failed(group, fetch.number);
  fetch.seen_bytes = bytes;
  env_.loop.set(fetch.timer, env_.clock.now() + options_.stalled_after);
}

// What came so far need not come again. A try that got something is none that failed.
void Transfers::failed(GroupId group, std::uint64_t number) {
  Fetch* const fetch = find(group, number);
  if (fetch == nullptr) return;
  const bool went_on = fetch->fetching != nullptr && fetch->fetching->progress().fetched_bytes > 0;
  hang_up(*fetch);
  if (went_on) fetch->tries = 0;
  if (fetch->tries >= options_.rounds * fetch->sources.size())
    return finish(group, std::unexpected(Error{Fault::unreachable, "no member gives a snapshot"}));
  env_.loop.set(fetch->timer, env_.clock.now() + options_.again_after);
  next_turns();
}

void Transfers::ended(GroupId group, std::uint64_t number, Result<raft::Base> result) {
  if (find(group, number) == nullptr) return;
  if (!result && result.error().fault != Fault::io && result.error().fault != Fault::full)
    return failed(group, number);
  finish(group, std::move(result));
}

void Transfers::hang_up(Fetch& fetch) {
  if (std::exchange(fetch.number, 0) != 0) --under_way_;
  if (fetch.turn != 0) waiting_.erase(std::exchange(fetch.turn, 0));
  bury(std::move(fetch.link), std::move(fetch.fetching), nullptr);
}

void Transfers::finish(GroupId group, Result<raft::Base> result) {
  auto fetch = fetches_.extract(group);
  hang_up(fetch.mapped());
  env_.loop.drop(fetch.mapped().timer);
  env_.loop.soon(life_.guard([done = std::move(fetch.mapped().done),
                              result = std::move(result)]() mutable { done(std::move(result)); }));
  next_turns();
}

void Transfers::stop(GroupId group) {
  const auto fetch = fetches_.find(group);
  if (fetch == fetches_.end()) return;
  hang_up(fetch->second);
  env_.loop.drop(fetch->second.timer);
  fetches_.erase(fetch);
  next_turns();
}

void Transfers::forget(GroupId group) {
  stop(group);
  for (auto& [number, gift] : gifts_) gift.giving->forget(group);
}

// ---- giving

void Transfers::serve(std::unique_ptr<Link> link) {
  if (gifts_.size() >= options_.most_givings) {
    link->send(wire::refusal_frame("too many fetch snapshots from this node: try another"));
    return bury(std::move(link), nullptr, nullptr);
  }
  const std::uint64_t number = ++numbers_;
  Gift& gift = gifts_[number];
  gift.link = std::move(link);
  gift.giving = std::make_unique<Giving>(
      snapshots_, pace_, *gift.link,
      Giving::Terms{.why_not = [this, to = gift.link->there().self](
                                   GroupId group) { return hooks_.why_not(to, group); },
                    .part_bytes = part_bytes(options_)});
  gift.link->change({.agreed = {},
                     .came = [this, number](const wire::Frame& frame) { heard(number, frame); },
                     .ended = [this, number](const std::string&) { gone(number); },
                     .drained =
                         [this, number] {
                           const auto given = gifts_.find(number);
                           if (given != gifts_.end()) given->second.giving->drained();
                         }});
}

void Transfers::heard(std::uint64_t number, const wire::Frame& frame) {
  const auto gift = gifts_.find(number);
  if (gift == gifts_.end()) return;
  const Result<wire::Parcel> parcel = wire::parcel_in(frame);
  if (!parcel || !gift->second.giving->hear(*parcel)) gone(number);
}

void Transfers::gone(std::uint64_t number) {
  auto gift = gifts_.extract(number);
  if (gift.empty()) return;
  const NodeId to = gift.mapped().link->there().self;
  const std::set<GroupId> groups = gift.mapped().giving->wanted();
  bury(std::move(gift.mapped().link), nullptr, std::move(gift.mapped().giving));
  hooks_.given(to, groups);
}

void Transfers::bury(std::unique_ptr<Link> link, std::unique_ptr<Fetching> fetching,
                     std::unique_ptr<Giving> giving) {
  if (link != nullptr) link->leave();
  if (dead_.empty()) env_.loop.soon(life_.guard([this] { dead_.clear(); }));
  dead_.push_back({std::move(fetching), std::move(giving), std::move(link)});
}

}  // namespace bowline::host
