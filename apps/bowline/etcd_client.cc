// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/etcd_client.h"

#include <algorithm>
#include <array>
#include <sstream>

namespace bowline::apps {
namespace {

// Of answers whose code alone does not say that nothing was done.
constexpr std::array<std::string_view, 5> not_done{
    "etcdserver: rpc not supported for learner", "etcdserver: no leader",
    "etcdserver: too many requests", "etcdserver: unhealthy cluster",
    "etcdserver: re-configuration failed due to not enough started members"};
// And of these, those that another member may answer otherwise.
constexpr std::size_t other_elsewhere = 3;

}  // namespace

Verdict verdict_of(const CallEnd& end) {
  if (!end.status) return end.untouched ? Verdict::elsewhere : Verdict::unknown;
  const auto known = std::ranges::find(not_done, end.status->message);
  if (known != not_done.end())
    return known - not_done.begin() < static_cast<std::ptrdiff_t>(other_elsewhere)
               ? Verdict::elsewhere
               : Verdict::refused;
  switch (end.status->code) {
    case rpc::Code::invalid_argument:
    case rpc::Code::not_found:
    case rpc::Code::already_exists:
    case rpc::Code::permission_denied:
    case rpc::Code::resource_exhausted:
    case rpc::Code::failed_precondition:
    case rpc::Code::out_of_range:
    case rpc::Code::unimplemented:
    case rpc::Code::unauthenticated: return Verdict::refused;
    default: return Verdict::unknown;
  }
}

EtcdClient::EtcdClient(Options options)
    : options_(std::move(options)), channels_(options_.endpoints.size()) {}

Asked<std::string> EtcdClient::ask_bytes(std::string_view path, const std::string& request,
                                         Effect effect) {
  const Until until = std::chrono::steady_clock::now() + options_.within;
  std::string tried;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const std::size_t at = (first_ + i) % channels_.size();
    const auto note = [&](const std::string& why) { tried += (tried.empty() ? "" : "; ") + why; };
    if (!channels_[at] || channels_[at]->is_broken()) {
      const Until dialled = std::chrono::steady_clock::now() + options_.dial_within;
      auto made = GrpcChannel::connect(options_.endpoints[at], options_.tls.get(),
                                       std::min(until, dialled));
      if (!made) {
        note(made.error().what);
        continue;
      }
      channels_[at] = *std::move(made);
    }
    auto heard = channels_[at]->call(path, request, until);
    if (auto* answer = std::get_if<std::string>(&heard)) {
      first_ = at;
      return std::move(*answer);
    }
    const CallEnd& end = std::get<CallEnd>(heard);
    // After a call that broke, nobody knows what the connection is good for.
    if (!end.status) channels_[at].reset();
    const std::string why = end.status ? end.status->message : end.why;
    const Verdict verdict = verdict_of(end);
    if (verdict == Verdict::refused) return NotDone{why};
    if (verdict == Verdict::unknown && effect == Effect::changes) return MaybeDone{why};
    note(why);
  }
  return NotDone{tried};
}

Result<std::unique_ptr<GrpcChannel>> EtcdClient::connect(std::size_t attempt) const {
  std::string tried;
  for (std::size_t i = 0; i < options_.endpoints.size(); ++i) {
    const std::string& one = options_.endpoints[(first_ + attempt + i) % options_.endpoints.size()];
    auto made = GrpcChannel::connect(one, options_.tls.get(),
                                     std::chrono::steady_clock::now() + options_.dial_within);
    if (made) return made;
    tried += (tried.empty() ? "" : "; ") + made.error().what;
  }
  return std::unexpected(Error{Fault::unreachable, tried});
}

Result<std::vector<std::string>> endpoints_in(const std::string& text, Unsaid unsaid) {
  const auto wrong = [](const std::string& what) {
    return std::unexpected(Error{Fault::not_found, "--endpoints: " + what});
  };
  constexpr std::string_view http = "http://";
  constexpr std::string_view https = "https://";
  std::vector<std::string> endpoints;
  std::istringstream parts(text);
  for (std::string one; std::getline(parts, one, ',');) {
    const std::string given = one;
    const bool has_tls =
        one.starts_with(https) || (!one.starts_with(http) && unsaid == Unsaid::tls);
    if (one.starts_with(http)) one.erase(0, http.size());
    if (one.starts_with(https)) one.erase(0, https.size());
    if (one.ends_with('/')) one.pop_back();
    if (one.empty() || one.contains('/'))
      return wrong("'" + given + "' is no address; write 127.0.0.1:2379");
    if (one.find(':') == std::string::npos) one += ":2379";
    endpoints.push_back(has_tls ? std::string(https) + one : one);
  }
  if (endpoints.empty()) return wrong("name one at least, such as 127.0.0.1:2379");
  return endpoints;
}

}  // namespace bowline::apps
