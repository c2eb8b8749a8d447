// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_clients.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <variant>

#include "apps/sim/kv_requests.h"
#include "bowline/etcd/checks.h"
#include "bowline/etcd/errors.h"

namespace bowline::chaos {
namespace {

using etcd::Wrong;
using Kind = EtcdCall::Kind;
using Fate = EtcdCall::Fate;
using std::chrono::milliseconds;

constexpr std::array<std::string_view, 9> paths = {"/etcdserverpb.KV/Put",
                                                   "/etcdserverpb.KV/DeleteRange",
                                                   "/etcdserverpb.KV/Txn",
                                                   "/etcdserverpb.KV/Range",
                                                   "/etcdserverpb.KV/Compact",
                                                   "/etcdserverpb.Lease/LeaseGrant",
                                                   "/etcdserverpb.Lease/LeaseRevoke",
                                                   "/etcdserverpb.Lease/LeaseKeepAlive",
                                                   "/etcdserverpb.Lease/LeaseTimeToLive"};

bool is_one_of(const std::string& message, std::span<const Wrong> all) {
  return std::ranges::any_of(all, [&](Wrong one) { return message == etcd::text_of(one); });
}

// By what the server says of it.
Fate fate_of(const apps::CallEnd& end) {
  constexpr std::array never{Wrong::too_many_requests, Wrong::no_leader};
  constexpr std::array answers{Wrong::key_not_found, Wrong::value_provided,  Wrong::lease_provided,
                               Wrong::compacted,     Wrong::future_revision, Wrong::lease_not_found,
                               Wrong::lease_exists};
  if (!end.status) return end.untouched ? Fate::refused : Fate::unknown;
  if (is_one_of(end.status->message, never)) return Fate::refused;
  return is_one_of(end.status->message, answers) ? Fate::done : Fate::unknown;
}

template <class Message>
std::string bytes_of(const Message& message) {
  return message.SerializeAsString();
}

}  // namespace

std::optional<EtcdCall> EtcdClerk::ask(Kind kind, std::size_t member, std::string request) {
  EtcdMember::Line& line = lines_[member];
  if (!line.channel || line.channel->is_broken()) {
    auto dialled = journal_.member(member).dial();
    if (!dialled) return std::nullopt;
    line = *std::move(dialled);
  }
  EtcdCall call;
  call.client = number_;
  call.kind = kind;
  call.request = std::move(request);
  call.member = member;
  call.life = line.life;
  call.called = EtcdJournal::now();
  auto heard = line.channel->call(paths.at(static_cast<std::size_t>(kind)), call.request,
                                  std::chrono::steady_clock::now() + patience_);
  call.ended = EtcdJournal::now();
  if (auto* answer = std::get_if<std::string>(&heard)) {
    call.fate = Fate::done;
    call.response = std::move(*answer);
  } else {
    const auto& end = std::get<apps::CallEnd>(heard);
    call.fate = fate_of(end);
    if (call.fate == Fate::done) call.error = end.status->message;
    // After a call that broke, nobody knows what the connection is good for.
    if (!end.status) line.channel.reset();
  }
  journal_.add(call);
  return call;
}

struct EtcdClients::Client {
  std::uint64_t number = 0;
  kv::RandomRequests random;
  std::uint64_t serial = 0;
  std::string value() {
    std::string text = "v" + std::to_string(number) + "." + std::to_string(++serial);
    if (random.prng().chance(3)) text.resize(3000, '.');
    return text;
  }
};

namespace {

// Every value is another one, so what wrote it is known; a lease is one that there may be; and what
// is read is the present.
template <class Make, class Lease>
void settle(etcdserverpb::PutRequest& put, Make& value, Lease& lease) {
  if (!put.ignore_value()) put.set_value(value());
  if (put.lease() != 0) put.set_lease(lease());
}

template <class Make, class Lease>
void settle(etcdserverpb::TxnRequest& txn, Make& value, Lease& lease) {
  for (auto* branch : {txn.mutable_success(), txn.mutable_failure()})
    for (etcdserverpb::RequestOp& op : *branch) {
      if (op.has_request_put()) settle(*op.mutable_request_put(), value, lease);
      if (op.has_request_range()) op.mutable_request_range()->set_revision(0);
      if (op.has_request_txn()) settle(*op.mutable_request_txn(), value, lease);
    }
}

}  // namespace

EtcdClients::EtcdClients(EtcdJournal& journal, std::uint64_t seed, std::size_t count)
    : journal_(journal) {
  for (std::uint64_t number = 1; number <= count; ++number)
    threads_.emplace_back([this, number, seed] { run(number, seed); });
}

void EtcdClients::stop() {
  stops_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

// Each has a member that it likes, and goes to the others now and then. Some have so little
// patience that they often do not know what became of it.
void EtcdClients::run(std::uint64_t number, std::uint64_t seed) {
  Client client{number, kv::RandomRequests(seed * 1000 + number)};
  Prng& prng = client.random.prng();
  EtcdClerk clerk(journal_, number, milliseconds(number % 3 == 0 ? 250 : 3000));
  while (!stops_) {
    const std::size_t home = number % journal_.size();
    const std::size_t member = prng.chance(70) ? home : prng.below(journal_.size());
    Wish wish = draw(client);
    const auto call = clerk.ask(wish.kind, member, std::move(wish.request));
    // The machine is for the servers, too.
    std::this_thread::sleep_for(milliseconds(call ? 1 + prng.below(12) : 30));
  }
}

EtcdClients::Wish EtcdClients::draw(Client& client) {
  Prng& prng = client.random.prng();
  const std::int64_t now = journal_.through();
  const std::int64_t recent = std::max<std::int64_t>(now - 150, 1);
  client.random.now_at(now, recent);
  const std::uint64_t dice = prng.below(1000);
  if (dice < 350) {
    etcdserverpb::RangeRequest range;
    do {
      range = apps::message_of(client.random.range());
    } while (etcd::check(range));
    if (range.revision() != 0 && range.revision() < recent) range.set_revision(recent);
    range.set_serializable(prng.chance(35));
    return {Kind::range, bytes_of(range)};
  }
  if (dice < 355) {
    etcdserverpb::CompactionRequest compaction;
    compaction.set_revision(now - static_cast<std::int64_t>(prng.below(60)));
    compaction.set_physical(prng.chance(20));
    return {Kind::compact, bytes_of(compaction)};
  }
  return dice < 500 ? draw_lease(client) : draw_write(client);
}

EtcdClients::Wish EtcdClients::draw_write(Client& client) {
  Prng& prng = client.random.prng();
  auto value = [&] { return client.value(); };
  auto lease = [&] { return journal_.lease(prng.next()); };
  while (true) {
    if (prng.chance(25)) {
      etcdserverpb::PutRequest put;
      put.set_key("many/" + std::to_string(prng.below(60)));
      put.set_lease(prng.chance(30) ? 1 : 0);
      settle(put, value, lease);
      return {Kind::put, bytes_of(put)};
    }
    const kv::Command command = client.random.command(1);
    if (const auto* one = std::get_if<kv::Put>(&command)) {
      etcdserverpb::PutRequest put = apps::message_of(*one);
      settle(put, value, lease);
      if (!etcd::check(put)) return {Kind::put, bytes_of(put)};
    } else if (const auto* erase = std::get_if<kv::DeleteRange>(&command)) {
      const auto message = apps::message_of(*erase);
      if (!etcd::check(message)) return {Kind::erase, bytes_of(message)};
    } else if (const auto* many = std::get_if<kv::Txn>(&command)) {
      auto txn = apps::message_of(*many);
      settle(txn, value, lease);
      if (!etcd::check(txn, etcd::RequestLimits{}.txn_ops)) return {Kind::txn, bytes_of(txn)};
    }
  }
}

EtcdClients::Wish EtcdClients::draw_lease(Client& client) {
  Prng& prng = client.random.prng();
  const std::int64_t known = journal_.lease(prng.next());
  const std::uint64_t dice = prng.below(100);
  if (dice < 25 || known == 0) {
    etcdserverpb::LeaseGrantRequest grant;
    const std::uint64_t id = client.number * 100'000'000 + ++client.serial;
    grant.set_id(static_cast<std::int64_t>(id));
    grant.set_ttl(static_cast<std::int64_t>(1 + prng.below(6)));
    journal_.remember(grant.id());
    return {Kind::grant, bytes_of(grant)};
  }
  if (dice < 40) {
    etcdserverpb::LeaseRevokeRequest revoke;
    revoke.set_id(known);
    return {Kind::revoke, bytes_of(revoke)};
  }
  if (dice < 85) {
    etcdserverpb::LeaseKeepAliveRequest keep;
    keep.set_id(known);
    return {Kind::keep_alive, bytes_of(keep)};
  }
  etcdserverpb::LeaseTimeToLiveRequest look;
  look.set_id(known);
  look.set_keys(true);
  return {Kind::time_to_live, bytes_of(look)};
}

}  // namespace bowline::chaos
