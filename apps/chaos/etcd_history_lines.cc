// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_history_lines.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <vector>

#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::chaos {
namespace {

using Kind = EtcdCall::Kind;

constexpr std::array<std::string_view, 3> fates = {"done", "refused", "unknown"};
constexpr std::array<std::string_view, 4> steps = {"opens", "says", "hears", "breaks"};

template <class Message>
std::string text(const std::string& bytes) {
  Message message;
  message.ParseFromString(bytes);
  return message.GetDescriptor()->name() + " {" + message.ShortDebugString() + "}";
}

template <class Request, class Response>
std::string both(const EtcdCall& call) {
  const std::string said = call.error.empty() ? text<Response>(call.response) : call.error;
  return text<Request>(call.request) + " -> " +
         (call.fate == EtcdCall::Fate::done
              ? said
              : std::string(fates.at(static_cast<std::size_t>(call.fate))));
}

std::string text_of(const EtcdCall& call) {
  using namespace etcdserverpb;
  switch (call.kind) {
    case Kind::put: return both<PutRequest, PutResponse>(call);
    case Kind::erase: return both<DeleteRangeRequest, DeleteRangeResponse>(call);
    case Kind::txn: return both<TxnRequest, TxnResponse>(call);
    case Kind::range: return both<RangeRequest, RangeResponse>(call);
    case Kind::compact: return both<CompactionRequest, CompactionResponse>(call);
    case Kind::grant: return both<LeaseGrantRequest, LeaseGrantResponse>(call);
    case Kind::revoke: return both<LeaseRevokeRequest, LeaseRevokeResponse>(call);
    case Kind::keep_alive: return both<LeaseKeepAliveRequest, LeaseKeepAliveResponse>(call);
    case Kind::time_to_live: return both<LeaseTimeToLiveRequest, LeaseTimeToLiveResponse>(call);
  }
  return {};
}

}  // namespace

void write_lines(const EtcdHistory& history, const std::string& path) {
  std::ofstream file(path);
  std::vector<const EtcdCall*> calls;
  calls.reserve(history.calls.size());
  for (const EtcdCall& call : history.calls) calls.push_back(&call);
  std::ranges::sort(calls, {}, [](const EtcdCall* call) { return call->called; });
  for (const EtcdCall* call : calls)
    file << "[" << call->called << ", " << call->ended << "] client " << call->client
         << " at member " << call->member + 1 << " (life " << call->life << "): " << text_of(*call)
         << "\n";
  for (const WatchStory& story : history.stories)
    for (const WatchStep& step : story.steps) {
      const bool is_his = step.kind == WatchStep::Kind::said;
      file << "[" << step.at << "] " << story.name << " at member " << step.member + 1 << " (life "
           << step.life << ") " << steps.at(static_cast<std::size_t>(step.kind)) << " "
           << (is_his ? text<etcdserverpb::WatchRequest>(step.message)
                      : text<etcdserverpb::WatchResponse>(step.message))
           << "\n";
    }
}

}  // namespace bowline::chaos
