// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_errands.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::chaos {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t one_push = 1 << 20;

// An answer of HTTP/1.1, whole; empty: there is none.
std::string page(const std::string& address, const std::string& path) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{.tv_sec = 2, .tv_usec = 0};
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  std::string said;
  const std::string request =
      "GET " + path + " HTTP/1.1\r\nhost: " + address + "\r\nconnection: close\r\n\r\n";
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
      ::send(socket, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    std::array<char, 4096> part{};
    for (ssize_t n = 0; (n = ::recv(socket, part.data(), part.size(), 0)) > 0;)
      said.append(part.data(), static_cast<std::size_t>(n));
  }
  ::close(socket);
  return said;
}

template <class Message>
std::optional<Message> read(const std::optional<std::string>& bytes) {
  Message message;
  if (!bytes || !message.ParseFromString(*bytes)) return std::nullopt;
  return message;
}

}  // namespace

std::optional<std::string> EtcdErrands::ask(std::size_t member, std::string_view path,
                                            const std::string& request, milliseconds patience) {
  auto line = journal_.member(member).dial();
  if (!line) return std::nullopt;
  auto heard = line->channel->call(path, request, std::chrono::steady_clock::now() + patience);
  if (auto* answer = std::get_if<std::string>(&heard)) return std::move(*answer);
  return std::nullopt;
}

std::optional<std::size_t> EtcdErrands::leader() {
  for (std::size_t member = 0; member < journal_.size(); ++member) {
    const auto status = read<etcdserverpb::StatusResponse>(
        ask(member, "/etcdserverpb.Maintenance/Status", {}, milliseconds(500)));
    if (status && status->leader() != 0 && status->leader() == status->header().member_id())
      return member;
  }
  return std::nullopt;
}

bool EtcdErrands::move_leader(std::uint64_t dice) {
  const auto from = leader();
  if (!from) return false;
  const std::size_t to = (*from + 1 + dice % (journal_.size() - 1)) % journal_.size();
  etcdserverpb::MoveLeaderRequest request;
  request.set_targetid(journal_.member(to).own_name().value);
  return ask(*from, "/etcdserverpb.Maintenance/MoveLeader", request.SerializeAsString())
      .has_value();
}

// A put that is never made: no key has a version like this. Several at a time, so that the log does
// not let go of the first meanwhile.
void EtcdErrands::push_log(std::size_t bytes) {
  constexpr std::size_t at_once = 4;
  etcdserverpb::TxnRequest txn;
  etcdserverpb::Compare& compare = *txn.add_compare();
  compare.set_key("never");
  compare.set_target(etcdserverpb::Compare::VERSION);
  compare.set_result(etcdserverpb::Compare::GREATER);
  compare.set_version(1'000'000);
  etcdserverpb::PutRequest& put = *txn.add_success()->mutable_request_put();
  put.set_key("never");
  put.set_value(std::string(one_push, 'x'));
  const std::string request = txn.SerializeAsString();
  std::vector<std::thread> threads;
  threads.reserve(at_once);
  for (std::size_t i = 0; i < at_once; ++i)
    threads.emplace_back([&] { push(request, bytes / one_push / at_once); });
  for (std::thread& one : threads) one.join();
}

// What does not arrive is not worth another attempt.
void EtcdErrands::push(const std::string& request, std::size_t times) {
  const auto to = leader();
  auto line = to ? journal_.member(*to).dial() : std::nullopt;
  for (std::size_t i = 0; line && i < times; ++i) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    const auto heard = line->channel->call("/etcdserverpb.KV/Txn", request, until);
    if (std::holds_alternative<apps::CallEnd>(heard)) return;
  }
}

bool EtcdErrands::has_full_disk(std::size_t member) {
  return page(journal_.member(member).client_address(), "/v1/status")
      .contains("\"disk_full\":true");
}

bool EtcdErrands::has_room(std::size_t member) {
  return page(journal_.member(member).client_address(), "/v1/status")
      .contains("\"disk_full\":false");
}

std::string EtcdErrands::compare_sums(std::int64_t revision, milliseconds patience) {
  etcdserverpb::HashKVRequest request;
  request.set_revision(revision);
  std::set<std::pair<std::uint32_t, std::int64_t>> sums;
  for (std::size_t member = 0; member < journal_.size(); ++member) {
    const auto hash = read<etcdserverpb::HashKVResponse>(
        ask(member, "/etcdserverpb.Maintenance/HashKV", request.SerializeAsString(), patience));
    if (!hash) return "member " + std::to_string(member + 1) + " has no sum to compare";
    sums.insert({hash->hash(), hash->compact_revision()});
  }
  return sums.size() == 1 ? "" : "the members have different sums over the same keys (I21)";
}

std::string EtcdErrands::leases_left() {
  for (std::size_t member = 0; member < journal_.size(); ++member) {
    const auto leases =
        read<etcdserverpb::LeaseLeasesResponse>(ask(member, "/etcdserverpb.Lease/LeaseLeases", {}));
    if (!leases) return "a member does not say which leases there are";
    if (!leases->leases().empty())
      return "lease " + std::to_string(leases->leases(0).id()) + " does not end (I17)";
    etcdserverpb::RangeRequest all;
    all.set_key(std::string(1, '\0'));
    all.set_range_end(std::string(1, '\0'));
    const auto keys = read<etcdserverpb::RangeResponse>(
        ask(member, "/etcdserverpb.KV/Range", all.SerializeAsString()));
    if (!keys) return "a member does not say which keys there are";
    for (const mvccpb::KeyValue& one : keys->kvs())
      if (one.lease() != 0)
        return "the keys of lease " + std::to_string(one.lease()) + ", which is over, stay (I17)";
  }
  return {};
}

// ---- snapshots

EtcdSnapshots::EtcdSnapshots(const EtcdJournal& journal, std::string program, std::string directory)
    : journal_(journal), program_(std::move(program)), directory_(std::move(directory)) {
  thread_ = std::thread([this] { run(); });
}

void EtcdSnapshots::stop() {
  stops_ = true;
  if (thread_.joinable()) thread_.join();
}

// While the members are treated badly many of these end without one.
void EtcdSnapshots::run() {
  for (std::size_t number = 0; !stops_; ++number) {
    const std::string file = directory_ + "/saved" + std::to_string(number) + ".db";
    const std::string command = program_ + " snapshot save --endpoints=" +
                                journal_.member(number % journal_.size()).client_address() + " " +
                                file + " >>" + directory_ + "/saving.log 2>&1 </dev/null";
    if (std::system(command.c_str()) == 0) {
      ++saved_;
      if (!last_.empty()) std::filesystem::remove(last_);
      last_ = file;
    } else {
      std::filesystem::remove(file);
    }
    for (int i = 0; i < 20 && !stops_; ++i) std::this_thread::sleep_for(milliseconds(50));
  }
}

}  // namespace bowline::chaos
