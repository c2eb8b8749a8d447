// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/weather.h"

#include <algorithm>

#include "bowline/sim/members.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t last_part = 255;  // an episode ends; 0: it begins

std::uint32_t part_of(std::size_t episode, std::uint32_t part) {
  return static_cast<std::uint32_t>(episode << 8) | part;
}

}  // namespace

Weather::Weather(World& world)
    : world_(world), running_(world.plan().episodes.size()), downs_(world.sites()) {
  const std::vector<Episode>& episodes = world.plan().episodes;
  for (std::size_t i = 0; i < episodes.size(); ++i)
    world_.call_at(episodes[i].at, *this, part_of(i, 0));
}

void Weather::called(std::uint32_t what) {
  if (frozen_) return;
  const std::size_t i = what >> 8;
  const std::uint32_t part = what & 255;
  const Episode& episode = world_.plan().episodes[i];
  Running& running = running_[i];
  if (part == 0) {
    running.begun = begin(episode, running);
    if (!running.begun) return put_off(i);
    ++world_.counters().troubles_begun[static_cast<std::size_t>(episode.trouble)];
    world_.note({Note::What::episode_begun, pick(episode.node), peer_of(episode), episode.id});
    world_.call_at(world_.now() + episode.lasts, *this, part_of(i, last_part));
    const std::uint32_t parts = parts_of(episode, running);
    const std::uint32_t of = episode.trouble == Trouble::swizzle ? 20 : parts;
    for (std::uint32_t k = 1; k <= parts; ++k)
      world_.call_at(world_.now() + episode.lasts * k / of, *this, part_of(i, k));
  } else if (part == last_part) {
    world_.note({Note::What::episode_ended, pick(episode.node), peer_of(episode), episode.id});
    ++world_.counters().troubles_ended[static_cast<std::size_t>(episode.trouble)];
    end(episode, running);
  } else {
    if (episode.trouble == Trouble::coup) return coup_goes_on(episode, running, part);
    if (episode.trouble == Trouble::mute) return mute_goes_on(episode, running, part);
    if (episode.trouble == Trouble::ruin) return ruin_goes_on(episode, part);
    go_on(episode, running, part);
  }
}

// What it is meant for is not there (the node is down already, nobody leads): a plan has enough
// troubles, and so should what came of it. But what destroys something waits for no chance: often
// there is none because nothing more may be lost.
void Weather::put_off(std::size_t i) {
  constexpr Duration later = std::chrono::seconds(2);
  const Trouble trouble = world_.plan().episodes[i].trouble;
  if (trouble == Trouble::wipe || trouble == Trouble::rot || trouble == Trouble::ruin) return;
  if (world_.now() + later < world_.plan().weather_ends)
    world_.call_at(world_.now() + later, *this, part_of(i, 0));
}

// How often an episode wants to be called again before its end.
std::uint32_t Weather::parts_of(const Episode& episode, const Running& running) {
  if (episode.trouble == Trouble::coup) return 100;
  if (episode.trouble == Trouble::mute) return 40;
  if (episode.trouble == Trouble::ruin) return 100;
  if (episode.trouble != Trouble::swizzle) return 0;
  return static_cast<std::uint32_t>(running.nodes.size());
}

NodeId Weather::peer_of(const Episode& episode) const {
  const std::uint64_t count = world_.sites();
  if (count == 1) return NodeId{1};
  const std::uint64_t apart = 1 + episode.peer % (count - 1);
  return NodeId{1 + (episode.node % count + apart) % count};
}

bool Weather::begin(const Episode& episode, Running& running) {
  switch (episode.trouble) {
    case Trouble::cut_one_way:
    case Trouble::cut:
    case Trouble::partition:
    case Trouble::clog:
    case Trouble::swizzle:
    case Trouble::storm: return world_.sites() > 1 && begin_links(episode, running);
    case Trouble::crash:
    case Trouble::kill:
    case Trouble::blackout:
    case Trouble::pause:
    case Trouble::wipe:
    case Trouble::ruin: return begin_lives(episode, running);
    case Trouble::coup: return begin_coup(episode, running);
    case Trouble::mute: return begin_mute(episode, running);
    case Trouble::slow_disk:
    case Trouble::rot:
    case Trouble::full:
    case Trouble::skew: return begin_disks(episode, running);
    case Trouble::suspicion:
    case Trouble::unreachable: return begin_hints(episode);
  }
  return false;
}

bool Weather::begin_links(const Episode& episode, Running& running) {
  const NodeId node = pick(episode.node);
  const NodeId peer = peer_of(episode);
  const Time end = world_.now() + episode.lasts;
  if (episode.trouble == Trouble::clog) {
    world_.network().clog(node, peer, end);
    if (!episode.one_way) world_.network().clog(peer, node, end);
    return true;
  }
  if (episode.trouble == Trouble::storm) {
    storm(episode, true);
    return true;
  }
  if (episode.trouble == Trouble::swizzle) {
    Prng prng = dice(episode);
    running.nodes = shuffled(prng);
    running.nodes.resize(1 + prng.below(running.nodes.size()));
    return true;
  }
  if (episode.trouble == Trouble::partition) {
    running.cuts = severed(episode);
  } else {
    running.cuts.emplace_back(node, peer);
    if (episode.trouble == Trouble::cut) running.cuts.emplace_back(peer, node);
  }
  for (const auto& [from, to] : running.cuts) world_.cut_one_way(from, to);
  return !running.cuts.empty();
}

// All links of one node after the other clog, and open in another order: what found most bugs in
// FoundationDB.
void Weather::go_on(const Episode& episode, Running& running, std::uint32_t part) {
  const NodeId node = running.nodes[part - 1];
  const std::uint64_t order = Prng(episode.amount + part).below(running.nodes.size());
  const Duration rest = episode.lasts / 2 + episode.lasts / 20 * static_cast<std::int64_t>(order);
  for (std::uint64_t i = 1; i <= world_.sites(); ++i) {
    const NodeId other{i};
    if (other == node) continue;
    world_.network().clog(node, other, world_.now() + rest);
    if (!episode.one_way) world_.network().clog(other, node, world_.now() + rest);
  }
}

void Weather::storm(const Episode& episode, bool begins) {
  Prng prng = dice(episode);
  const auto lost_ppm = static_cast<std::uint32_t>(prng.below(600'000));
  const Duration slower = 1ms * static_cast<std::int64_t>(prng.below(300));
  const bool everywhere = prng.chance(50);
  const NodeId node = pick(episode.node);
  for (std::uint64_t i = 1; i <= world_.sites(); ++i) {
    for (std::uint64_t k = 1; k <= world_.sites(); ++k) {
      if (i == k || (!everywhere && NodeId{i} != node && NodeId{k} != node)) continue;
      if (begins) {
        world_.network().add_storm(NodeId{i}, NodeId{k}, lost_ppm, slower);
      } else {
        world_.network().remove_storm(NodeId{i}, NodeId{k}, lost_ppm, slower);
      }
    }
  }
}

void Weather::down(NodeId id, Crash how, Running& running) {
  world_.crash(id, how);
  ++downs_[id.value - 1];
  running.nodes.push_back(id);
}

bool Weather::begin_lives(const Episode& episode, Running& running) {
  const NodeId node = pick(episode.node);
  switch (episode.trouble) {
    case Trouble::crash:
      if (episode.amount % 2 == 1) return ambush(episode);
      down(victim(episode), Crash::power, running);
      return true;
    case Trouble::kill: down(victim(episode), Crash::kill, running); return true;
    case Trouble::blackout:
      for (std::uint64_t i = 1; i <= world_.sites(); ++i) down(NodeId{i}, Crash::power, running);
      return true;
    case Trouble::pause:
      if (!world_.up(node)) return false;
      running.nodes.push_back(node);
      world_.pause(node);
      return true;
    case Trouble::wipe:
      if (!may_be_wiped(world_, node)) return false;
      world_.wipe(node);
      ++downs_[node.value - 1];
      running.nodes.push_back(node);
      return true;
    case Trouble::ruin: return begin_ruin(episode);
    default: return false;
  }
}

bool Weather::begin_disks(const Episode& episode, Running& running) {
  const NodeId node = pick(episode.node);
  running.nodes.push_back(node);
  switch (episode.trouble) {
    case Trouble::slow_disk: world_.slow_disk(node, slowness(episode)); return true;
    case Trouble::rot: return rot(episode);
    case Trouble::full: world_.fill_disk(node); return true;
    case Trouble::skew: {
      const auto rate = static_cast<std::int64_t>(episode.amount % 201) - 100;
      world_.change_clock(node, rate);
      return true;
    }
    default: return false;
  }
}

Duration Weather::slowness(const Episode& episode) {
  return 1ms * (std::int64_t{1} << (episode.amount % 15));  // up to 16 election timeouts
}

bool Weather::begin_hints(const Episode& episode) {
  const NodeId node = pick(episode.node);
  if (world_.sites() == 1) return false;
  if (episode.trouble == Trouble::suspicion) {
    world_.suspect(node, peer_of(episode));
  } else {
    world_.report_lost(node, peer_of(episode));
  }
  return true;
}

bool Weather::rot(const Episode& episode) {
  const Site& site = *world_.site(pick(episode.node));
  if (site.durable.lines.empty()) return false;
  Prng prng = dice(episode);
  const Index at = site.durable.base.id.index + prng.below(site.durable.lines.size()) + 1;
  return world_.rot(site.id, at,
                    {.wide = prng.chance(65), .noticed = prng.chance(50), .dice = prng.next()});
}

void Weather::end(const Episode& episode, Running& running) {
  for (const auto& [from, to] : running.cuts) world_.heal_one_way(from, to);
  if (episode.trouble == Trouble::storm) storm(episode, false);
  if (episode.trouble == Trouble::mute) end_mute(running);
  if (episode.trouble == Trouble::ruin) end_ruin();
  for (const NodeId node : running.nodes) {
    switch (episode.trouble) {
      case Trouble::crash:
      case Trouble::kill:
      case Trouble::blackout:
      case Trouble::wipe:
        if (--downs_[node.value - 1] == 0) world_.start(node);
        break;
      case Trouble::pause: world_.resume(node); break;
      case Trouble::slow_disk: world_.speed_up_disk(node, slowness(episode)); break;
      case Trouble::full: world_.clear_disk(node); break;
      case Trouble::skew:
        world_.change_clock(node, world_.plan().clock_permille[node.value - 1]);
        break;
      default: break;
    }
  }
}

}  // namespace bowline::sim
