// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/golden_script.h"

#include <algorithm>
#include <map>
#include <utility>

#include "bowline/raft/golden_words.h"
#include "bowline/raft/golden_world.h"
#include "bowline/words/describe.h"

namespace bowline::raft::golden {
namespace {

constexpr std::size_t any_number = 1 << 20;

class Player {
 public:
  void direct(const std::string& line);
  World& world() { return world_; }

 private:
  using Act = void (Player::*)(Words&);
  static const std::map<std::string, Act>& acts();

  Node& node(Words& words) { return node(words.node()); }
  Node& node(NodeId id) {
    const auto found = world_.nodes.find(id);
    if (found == world_.nodes.end()) throw Nonsense{"there is no such node"};
    return found->second;
  }
  Node& running(Words& words) {
    Node& found = node(words);
    if (!found.core) throw Nonsense{"that node is down"};
    return found;
  }
  Node& at(Words& words) {
    words.need("at");
    return running(words);
  }
  Ticket ticket(Words& words) {
    const Ticket one{words.number()};
    world_.referee.asked(one);
    return one;
  }

  // the group, and time
  void group(Words&);
  bool group_option(Words&);
  void start(Words&);
  void settle(Words& words) { world_.settle(words.take("until") ? words.rest() : ""); }
  void run(Words& words) { world_.run(words.duration()); }
  void advance(Words& words) { world_.advance(words.duration()); }
  void jump(Words& words) { world_.now = world_.now + words.duration(); }
  void wake(Words& words) { world_.wake(running(words)); }
  // the network
  std::vector<Mail> taken(Words&);
  void deliver(Words&);
  void drop(Words&);
  void delay(Words&);
  void repeat(Words&);
  void release(Words&);
  void cut(Words&);
  void heal(Words&) { world_.cuts.clear(); }
  void inject(Words&);
  // disks and crashes
  void persist(Words&);
  void hold(Words&);
  void free(Words&);
  void crash(Words&);
  void restart(Words&);
  void wipe(Words& words) { world_.wipe(node(words)); }
  void damage(Words&);
  void unreadable(Words&);
  // hints
  void campaign(Words& words) { world_.step(running(words), Campaign{}); }
  void forget(Words&);
  template <class Hint>
  void tell_of(Words&);  // a peer
  void full(Words& words) { world_.step(running(words), Fullness{true}); }
  void room(Words& words) { world_.step(running(words), Fullness{false}); }
  void stall(Words& words) { world_.step(running(words), Stalled{true}); }
  void answer(Words& words) { world_.step(running(words), Stalled{false}); }
  // clients
  void write(Words&);
  void barrier(Words&);
  void read(Words&);
  void reconfigure(Words&);
  void cancel(Words&);
  void recover(Words&);
  void transfer(Words&);
  // snapshots, questions
  void compact(Words&);
  void restored(Words&);
  void restore(Words&);
  void snapshot(Words&);
  void why(Words&);
  void state(Words&);
  void live(Words&) { world_.live(std::chrono::seconds(60)); }

  World world_;
};

const std::map<std::string, Player::Act>& Player::acts() {
  static const std::map<std::string, Act> all{
      {"advance", &Player::advance},
      {"answer", &Player::answer},
      {"barrier", &Player::barrier},
      {"campaign", &Player::campaign},
      {"cancel", &Player::cancel},
      {"compact", &Player::compact},
      {"contact", &Player::tell_of<Contact>},
      {"crash", &Player::crash},
      {"cut", &Player::cut},
      {"damage", &Player::damage},
      {"delay", &Player::delay},
      {"deliver", &Player::deliver},
      {"drop", &Player::drop},
      {"forget", &Player::forget},
      {"free", &Player::free},
      {"full", &Player::full},
      {"group", &Player::group},
      {"heal", &Player::heal},
      {"hold", &Player::hold},
      {"inject", &Player::inject},
      {"jump", &Player::jump},
      {"live", &Player::live},
      {"persist", &Player::persist},
      {"read", &Player::read},
      {"reconfigure", &Player::reconfigure},
      {"recover", &Player::recover},
      {"release", &Player::release},
      {"repeat", &Player::repeat},
      {"restart", &Player::restart},
      {"restore", &Player::restore},
      {"restored", &Player::restored},
      {"room", &Player::room},
      {"run", &Player::run},
      {"settle", &Player::settle},
      {"snapshot", &Player::snapshot},
      {"stall", &Player::stall},
      {"start", &Player::start},
      {"state", &Player::state},
      {"suspect", &Player::tell_of<Suspect>},
      {"transfer", &Player::transfer},
      {"unreachable", &Player::tell_of<Unreachable>},
      {"unreadable", &Player::unreadable},
      {"wake", &Player::wake},
      {"why", &Player::why},
      {"wipe", &Player::wipe},
      {"write", &Player::write},
  };
  return all;
}

void Player::direct(const std::string& line) {
  Words words(line);
  const bool quiet = words.take("quietly");
  const std::string verb = words.word();
  const auto act = acts().find(verb);
  if (act == acts().end()) throw Nonsense{"there is no direction '" + verb + "'"};
  (this->*act->second)(words);
  if (!words.done()) throw Nonsense{"too many words: " + words.rest()};
  if (quiet) world_.told.clear();
}

// ---- the group

bool Player::group_option(Words& words) {
  Options& options = world_.options;
  const auto milliseconds = [](const std::string& n) {
    return Duration(std::chrono::milliseconds(number_in(n)));
  };
  if (words.take("lease")) return options.lease_reads = true;
  if (words.take("no-pre-vote")) return options.pre_vote = false, true;
  if (words.take("no-check-quorum")) return options.check_quorum = false, true;
  if (words.take("stop-on-removal")) return options.stop_on_removal = true;
  if (auto v = words.value("hibernate")) return options.hibernate_after = milliseconds(*v), true;
  if (auto v = words.value("election")) return options.election = milliseconds(*v), true;
  if (auto v = words.value("heartbeat")) return options.heartbeat = milliseconds(*v), true;
  if (auto v = words.value("window")) return options.inflight_messages = number_in(*v), true;
  if (auto v = words.value("window-bytes")) return options.inflight_bytes = number_in(*v), true;
  if (auto v = words.value("span")) return options.span_entries = number_in(*v), true;
  if (auto v = words.value("span-bytes")) return options.span_bytes = number_in(*v), true;
  if (auto v = words.value("entry")) return options.entry_bytes = number_in(*v), true;
  if (auto v = words.value("uncommitted")) return options.uncommitted_bytes = number_in(*v), true;
  if (auto v = words.value("reads")) return options.pending_reads = number_in(*v), true;
  return false;
}

void Player::group(Words& words) {
  auto membership = std::make_shared<Membership>();
  membership->cluster = world_.cluster;
  for (const Wanted& one : words.many_wanted())
    membership->members.push_back({.id = one.id,
                                   .now = one.standing,
                                   .goal = one.standing,
                                   .priority = one.priority,
                                   .address = {},
                                   .metadata = {}});
  while (!words.done())
    if (!group_option(words)) throw Nonsense{"'" + words.rest() + "' is no option"};
  if (const std::string fault = world_.options.fault(); !fault.empty()) {
    world_.tell("these options cannot work: " + fault);
    return;
  }
  for (const Member& member : membership->members) world_.create(member.id, {{}, membership, {}});
}

void Player::start(Words& words) { world_.create(words.node(), Base{}); }

// ---- the network

// The messages between two nodes that are meant; they are no longer on their way.
std::vector<Mail> Player::taken(Words& words) {
  const std::string pair = words.word();
  const auto arrow = pair.find("->");
  if (arrow == std::string::npos) throw Nonsense{"say 1->2"};
  const std::string from = pair.substr(0, arrow);
  const std::string to = pair.substr(arrow + 2);
  const std::string kind = words.done() || words.at_number() ? "" : words.word();
  const std::size_t most = words.done() ? any_number : words.number();
  const auto is = [](const std::string& wanted, NodeId id) {
    return wanted == "*" || NodeId{number_in(wanted)} == id;
  };
  std::vector<Mail> taken;
  std::erase_if(world_.mail, [&](const Mail& one) {
    const bool meant = taken.size() < most && is(from, one.from) && is(to, one.to) &&
                       text(one.message).contains(kind);
    if (meant) taken.push_back(one);
    return meant;
  });
  if (taken.empty()) throw Nonsense{"there is no such message"};
  return taken;
}

void Player::deliver(Words& words) {
  for (const Mail& one : taken(words)) world_.deliver(one);
}

void Player::drop(Words& words) {
  for (const Mail& one : taken(words))
    world_.tell("lost " + std::to_string(one.from.value) + "->" + std::to_string(one.to.value) +
                ": " + text(one.message));
}

void Player::delay(Words& words) {
  for (Mail& one : taken(words)) world_.delayed.push_back(std::move(one));
}

void Player::repeat(Words& words) {
  for (const Mail& one : taken(words)) {
    world_.mail.push_back(one);
    world_.mail.push_back(one);
  }
}

void Player::release(Words&) {
  for (Mail& one : std::exchange(world_.delayed, {})) world_.mail.push_back(std::move(one));
}

void Player::cut(Words& words) {
  std::vector<std::vector<NodeId>> sides(1);
  bool one_way = false;
  while (!words.done()) {
    const bool arrow = words.take("->");
    one_way = one_way || arrow;
    if (arrow || words.take("|")) sides.emplace_back();
    sides.back().push_back(words.node());
  }
  for (std::size_t a = 0; a < sides.size(); ++a)
    for (std::size_t b = one_way ? a + 1 : 0; b < sides.size(); ++b)
      for (const NodeId from : sides[a])
        for (const NodeId to : sides[b])
          if (a != b) world_.cuts.insert({from, to});
  std::erase_if(world_.mail,
                [&](const Mail& one) { return world_.cuts.contains({one.from, one.to}); });
}

void Player::inject(Words& words) {
  Node& to = running(words);
  words.need("<");
  const NodeId from = words.node();
  Message message = message_in(words);
  const auto known = world_.nodes.find(from);
  if (!message.from && known != world_.nodes.end()) message.from = known->second.incarnation;
  if (!message.from) message.from = {from.value * 10 + 1};
  world_.lie(to, from, std::move(message));
}

// ---- disks and crashes

void Player::persist(Words& words) {
  Node& one = running(words);
  world_.persist(one, words.done() ? any_number : words.number());
}

void Player::hold(Words& words) {
  words.need("disk");
  node(words).disk_held = true;
}

void Player::free(Words& words) {
  words.need("disk");
  node(words).disk_held = false;
}

void Player::crash(Words& words) {
  Node& one = running(words);
  world_.crash(one, words.take("keeping") ? words.number() : 0);
}

void Player::restart(Words& words) {
  Node& one = node(words);
  if (words.take("of")) one.cluster = {words.number()};
  world_.start(one);
}

void Player::damage(Words& words) {
  Node& one = node(words);
  if (one.core) throw Nonsense{"that node runs: say unreadable"};
  const auto [first, last] = words.stretch();
  for (Index i = first; i <= last; i = i.next()) one.disk.lost.insert(i);
}

void Player::unreadable(Words& words) {
  Node& one = running(words);
  const auto [first, last] = words.stretch();
  for (Index i = first; i <= last; i = i.next()) {
    one.disk.lost.insert(i);
    one.written.lost.insert(i);
  }
  world_.step(one, Unreadable{first, last});
}

// ---- hints

void Player::forget(Words& words) {
  words.need("leader");
  world_.step(running(words), ForgetLeader{});
}

template <class Hint>
void Player::tell_of(Words& words) {
  const NodeId peer = words.node();
  words.need("at");
  while (words.at_number()) world_.step(running(words), Hint{peer});
}

// ---- clients

void Player::write(Words& words) {
  const Ticket one = ticket(words);
  world_.referee.asked_to_write(one);
  Node& where = at(words);
  std::size_t count = 1;
  std::string value = "write " + std::to_string(one.value);
  Propose propose{.ticket = one, .commands = {}};
  while (!words.done()) {
    if (auto size = words.value("size")) {
      value.resize(number_in(*size), '.');
    } else if (words.take("in")) {
      propose.expected = {number_in(words.word().substr(1))};
    } else {
      count = number_in(words.word().substr(1));
    }
  }
  for (std::size_t i = 0; i < count; ++i) propose.commands.push_back(Bytes::copy(value));
  world_.step(where, std::move(propose));
}

void Player::barrier(Words& words) {
  const Ticket one = ticket(words);
  world_.step(at(words), Barrier{one});
}

void Player::read(Words& words) {
  const Ticket one{words.number()};
  world_.referee.asked_to_read(world_, one);
  Node& where = at(words);
  const ReadKind kind = words.take("lease")    ? ReadKind::lease
                        : words.take("verify") ? ReadKind::verify
                                               : ReadKind::linearizable;
  world_.step(where, Read{one, kind});
}

void Player::reconfigure(Words& words) {
  Reconfigure change{.ticket = ticket(words), .wanted = {}, .expected = {}};
  Node& where = at(words);
  change.wanted = words.many_wanted();
  if (words.take("if")) change.expected = Index{number_in(words.word().substr(1))};
  world_.step(where, std::move(change));
}

void Player::cancel(Words& words) {
  const Ticket one = ticket(words);
  world_.step(at(words), CancelChange{one});
}

void Player::recover(Words& words) {
  const Ticket one = ticket(words);
  Node& where = at(words);
  words.need("as");
  world_.step(where, Recover{one, where.cluster = world_.cluster = {words.number()}});
}

void Player::transfer(Words& words) {
  const Ticket one = ticket(words);
  Node& where = at(words);
  world_.step(where, Transfer{one, words.take("to") ? words.node() : NodeId{}});
}

// ---- snapshots

void Player::compact(Words& words) {
  Node& one = running(words);
  words.need("through");
  const Index through{words.number()};
  if (through > one.core->commit()) throw Nonsense{"that is not committed"};
  if (through > one.snapshot.id.index) one.snapshot = one.core->base_at(through);
  world_.step(one, Compacted{through});
}

void Player::restored(Words& words) {
  Node& one = running(words);
  if (!one.restoring) throw Nonsense{"that node fetches no snapshot"};
  world_.restored(one);
}

void Player::restore(Words& words) {
  words.need("failed");
  Node& one = running(words);
  one.restoring.reset();
  world_.step(one, RestoreFailed{});
}

void Player::snapshot(Words& words) {
  words.need("ended");
  const NodeId to = words.node();
  world_.step(at(words), SnapshotEnded{to});
}

// ---- questions

void Player::why(Words& words) {
  const std::uint64_t first = words.number();
  const bool about_index = !words.done();
  const Core& core = about_index ? *at(words).core : *node(NodeId{first}).core;
  std::string answer =
      about_index ? text(core.why_not_committed({first})) : text(core.why_not_leading());
  for (auto end = answer.find('\n'); end != std::string::npos; end = answer.find('\n', end + 1))
    answer.insert(end + 1, "    ");
  world_.tell(answer);
}

void Player::state(Words& words) {
  const NodeId only = words.done() ? NodeId{} : words.node();
  for (const auto& [id, one] : world_.nodes) {
    if (only && id != only) continue;
    std::string line = one.core ? text(*one.core) : std::to_string(id.value) + " is down";
    for (auto end = line.find('\n'); end != std::string::npos; end = line.find('\n', end + 1))
      line.insert(end + 1, "    ");
    world_.tell(line);
  }
}

}  // namespace

Played play(std::string_view story) {
  Player player;
  Played played;
  std::size_t seen = 0;
  const auto note = [&](const std::string& line) {
    const auto& all = player.world().referee.violations();
    for (; seen < all.size(); ++seen) {
      played.text += "    !!! " + all[seen] + "\n";
      played.violations.push_back(line + ": " + all[seen]);
    }
  };
  while (!story.empty()) {
    const std::size_t end = std::min(story.find('\n'), story.size());
    const std::string line(story.substr(0, end));
    story.remove_prefix(std::min(end + 1, story.size()));
    if (line.starts_with("    ")) continue;
    played.text += line + "\n";
    if (line.empty() || line.starts_with('#')) continue;
    try {
      player.direct(line);
    } catch (const Nonsense& nonsense) {
      player.world().referee.violated(nonsense.why);
    }
    played.text += std::exchange(player.world().told, {});
    note(line);
  }
  return played;
}

}  // namespace bowline::raft::golden
