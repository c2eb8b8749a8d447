// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/members_known.h"

#include <utility>

namespace bowline::apps {
namespace {

using etcdserverpb::Member;

std::unexpected<Error> wrong(std::string what) {
  return std::unexpected(Error{Fault::not_found, std::move(what)});
}

// Why there is no answer, in a sentence.
template <class Response>
std::string why_of(const Asked<Response>& asked) {
  if (const auto* no = std::get_if<NotDone>(&asked)) return no->why;
  return std::get<MaybeDone>(asked).why;
}

}  // namespace

Asked<etcdserverpb::MemberListResponse> members_of(const ClientSession& session) {
  return session.client.ask<etcdserverpb::MemberListResponse>(
      "/etcdserverpb.Cluster/MemberList", etcdserverpb::MemberListRequest(), Effect::none);
}

std::string name_of(const Member& member) {
  return member.name().empty() ? hex_of(member.id()) : member.name();
}

Result<Member> find_member(const etcdserverpb::MemberListResponse& all,
                           const std::string& name_or_id) {
  const Member* found = nullptr;
  std::string names;
  for (const Member& one : all.members()) {
    if (hex_of(one.id()) == name_or_id) return one;
    names += (names.empty() ? "" : ", ") + name_of(one);
    if (one.name() != name_or_id || name_or_id.empty()) continue;
    if (found != nullptr)
      return wrong("there is more than one member '" + name_or_id + "': say its id");
    found = &one;
  }
  if (found != nullptr) return *found;
  return wrong("there is no member '" + name_or_id + "', only " + names);
}

EtcdClient client_of(const ClientSession& session, const Member& member) {
  EtcdClient::Options options = session.client.options();
  std::string urls;
  for (const std::string& url : member.clienturls()) urls += (urls.empty() ? "" : ",") + url;
  options.endpoints = endpoints_in(urls).value_or(std::vector<std::string>{});
  return EtcdClient(std::move(options));
}

Result<EtcdClient> client_of_leader(const ClientSession& session) {
  const auto status = session.client.ask<etcdserverpb::StatusResponse>(
      "/etcdserverpb.Maintenance/Status", etcdserverpb::StatusRequest(), Effect::none);
  const auto* const said = std::get_if<etcdserverpb::StatusResponse>(&status);
  if (said == nullptr) return wrong(why_of(status));
  if (said->leader() == 0) return wrong("etcdserver: no leader");
  const auto all = members_of(session);
  const auto* const members = std::get_if<etcdserverpb::MemberListResponse>(&all);
  if (members == nullptr) return wrong(why_of(all));
  const auto leader = find_member(*members, hex_of(said->leader()));
  if (!leader) return wrong(leader.error().what);
  if (leader->clienturls().empty())
    return wrong("nobody knows where " + name_of(*leader) + ", which leads, can be called");
  return client_of(session, *leader);
}

}  // namespace bowline::apps
