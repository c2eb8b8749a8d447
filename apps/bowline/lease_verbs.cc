// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/bowline/client_verbs.h"
#include "apps/bowline/columns.h"
#include "apps/bowline/json.h"
#include "apps/bowline/key_view.h"
#include "apps/bowline/numbers.h"
#include "apps/bowline/wal.h"
#include "apps/bowline/words.h"

// bowline lease: keys that end by themselves.
namespace bowline::apps {
namespace {

using etcdserverpb::LeaseKeepAliveResponse;
using etcdserverpb::LeaseTimeToLiveResponse;

constexpr auto pause_before_another = std::chrono::milliseconds(200);

std::string lease_text(std::int64_t id) { return hex_of(static_cast<std::uint64_t>(id)); }
std::string number(std::int64_t value) { return std::to_string(value); }
std::string line(const JsonObject& object) { return object.done().text + "\n"; }

struct LeaseArguments {
  std::string id;
  std::int64_t ttl = 0;
  bool once = false, keys = false;
};
using Given = std::shared_ptr<LeaseArguments>;

// Calls `run` with the id, or says what is wrong with it.
ClientVerbs::Run with_id(const Given& given,
                         std::function<int(const ClientSession&, std::int64_t)> run) {
  return [given, run = std::move(run)](const ClientSession& session) {
    const auto id = id_in(given->id);
    if (id) return run(session, static_cast<std::int64_t>(*id));
    std::fprintf(stderr, "bowline: %s\n", id.error().what.c_str());
    return bad_usage;
  };
}

int grant(const ClientSession& session, const LeaseArguments& given) {
  etcdserverpb::LeaseGrantRequest request;
  request.set_ttl(given.ttl);
  return session.finish(
      session.client.ask<etcdserverpb::LeaseGrantResponse>("/etcdserverpb.Lease/LeaseGrant",
                                                           request, Effect::changes),
      [&](const auto& said) {
        if (session.style == Style::json)
          return line(JsonObject()
                          .add("lease", lease_text(said.id()))
                          .add("seconds", Json{number(said.ttl())}));
        if (session.style == Style::table)
          return columns({{"LEASE", "SECONDS"}, {lease_text(said.id()), number(said.ttl())}});
        return "lease " + lease_text(said.id()) + " granted with TTL(" + number(said.ttl()) +
               "s)\n";
      });
}

int revoke(const ClientSession& session, std::int64_t id) {
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(id);
  return session.finish(session.client.ask<etcdserverpb::LeaseRevokeResponse>(
                            "/etcdserverpb.Lease/LeaseRevoke", request, Effect::changes),
                        [&](const auto&) {
                          if (session.style == Style::json)
                            return line(JsonObject().add("lease", lease_text(id)));
                          if (session.style == Style::table)
                            return columns({{"REVOKED"}, {lease_text(id)}});
                          return "lease " + lease_text(id) + " revoked\n";
                        });
}

std::string table_of(const LeaseTimeToLiveResponse& said, bool with_keys) {
  std::string text =
      columns({{"LEASE", "GRANTED SECONDS", "SECONDS"},
               {lease_text(said.id()), number(said.grantedttl()), number(said.ttl())}});
  if (!with_keys) return text;
  std::vector<Row> keys{{"KEY"}};
  for (const std::string& one : said.keys()) keys.push_back({safe(one, 200)});
  return text + "\n" + columns(keys);
}

std::string text_of(const LeaseTimeToLiveResponse& said, Style style, bool with_keys) {
  if (style == Style::json) {
    std::vector<Json> keys;
    for (const std::string& one : said.keys()) {
      JsonObject key;
      keys.push_back(add_bytes(key, "key", one).done());
    }
    JsonObject object;
    object.add("lease", lease_text(said.id()))
        .add("granted_seconds", Json{number(said.grantedttl())})
        .add("seconds", Json{number(said.ttl())});
    if (with_keys) object.add("keys", keys);
    return line(object);
  }
  if (style == Style::table) return table_of(said, with_keys);
  std::string text = "lease " + lease_text(said.id()) + " granted with TTL(" +
                     number(said.grantedttl()) + "s), remaining(" + number(said.ttl()) + "s)";
  if (with_keys) {
    text += ", attached keys(";
    for (int i = 0; i < said.keys_size(); ++i)
      text += (i == 0 ? "" : " ") + safe(said.keys(i), 200);
    text += ")";
  }
  return text + "\n";
}

int time_to_live(const ClientSession& session, std::int64_t id, bool keys) {
  etcdserverpb::LeaseTimeToLiveRequest request;
  request.set_id(id);
  request.set_keys(keys);
  const auto asked = session.client.ask<LeaseTimeToLiveResponse>(
      "/etcdserverpb.Lease/LeaseTimeToLive", request, Effect::none);
  const auto* const said = std::get_if<LeaseTimeToLiveResponse>(&asked);
  if (said != nullptr && said->ttl() < 0)
    return session.complain(NotDone{"there is no lease " + lease_text(id) + ", or it has ended"});
  return session.finish(asked, [&](const auto& it) { return text_of(it, session.style, keys); });
}

int list(const ClientSession& session) {
  return session.finish(
      session.client.ask<etcdserverpb::LeaseLeasesResponse>(
          "/etcdserverpb.Lease/LeaseLeases", etcdserverpb::LeaseLeasesRequest(), Effect::none),
      [&](const auto& said) {
        if (session.style == Style::json) {
          std::vector<Json> leases;
          for (const auto& one : said.leases()) leases.push_back(Json::of(lease_text(one.id())));
          return line(JsonObject().add("leases", leases));
        }
        if (session.style == Style::table) {
          std::vector<Row> rows{{"LEASE"}};
          for (const auto& one : said.leases()) rows.push_back({lease_text(one.id())});
          return columns(rows);
        }
        std::string text = "found " + number(said.leases_size()) + " leases\n";
        for (const auto& one : said.leases()) text += lease_text(one.id()) + "\n";
        return text;
      });
}

// A third of what is left is early enough for two more attempts.
void sleep_for(std::int64_t ttl) {
  const std::int64_t ms = std::max<std::int64_t>(ttl * 1000 / 3, 100);
  const timespec pause{ms / 1000, ms % 1000 * 1'000'000};
  nanosleep(&pause, nullptr);
}

// Goes on at the next member when one breaks off, as long as the lease may be there still.
class KeepingAlive {
 public:
  KeepingAlive(const ClientSession& session, std::int64_t id, bool once)
      : session_(session), id_(id), once_(once) {}

  int run() {
    while (true) {
      const auto channel = session_.client.connect(breaks_);
      if (!channel) {
        why_ = channel.error().what;
      } else {
        (*channel)->open("/etcdserverpb.Lease/LeaseKeepAlive", std::nullopt, leader_wanted());
        if (const auto status = follow(**channel)) return *status;
      }
      ++breaks_;
      if (is_too_late()) return session_.complain(MaybeDone{why_});
      const timespec pause{0, std::chrono::nanoseconds(pause_before_another).count()};
      nanosleep(&pause, nullptr);
    }
  }

 private:
  // Before the first answer nobody knows how long there is: each member has its turn.
  bool is_too_late() const {
    if (!ends_at_) return once_ || breaks_ >= session_.client.options().endpoints.size();
    return std::chrono::steady_clock::now() >= *ends_at_;
  }
  std::optional<int> follow(GrpcChannel& channel) {
    etcdserverpb::LeaseKeepAliveRequest request;
    request.set_id(id_);
    while (true) {
      channel.send(request.SerializeAsString());
      auto heard =
          channel.next(std::chrono::steady_clock::now() + session_.client.options().within);
      if (const auto* end = std::get_if<CallEnd>(&heard)) return broke(*end);
      if (std::holds_alternative<GrpcChannel::Late>(heard)) {
        why_ = "the member did not answer in time";
        return std::nullopt;
      }
      LeaseKeepAliveResponse said;
      if (!said.ParseFromString(std::get<std::string>(heard)))
        return session_.complain(MaybeDone{"the answer cannot be read"});
      if (said.ttl() <= 0)
        return session_.complain(NotDone{"lease " + lease_text(id_) + " expired or revoked"});
      tell(said.ttl());
      if (once_) return all_is_well;
      sleep_for(said.ttl());
    }
  }
  std::optional<int> broke(const CallEnd& end) {
    if (end.status && end.status->code != rpc::Code::unavailable)
      return session_.complain(end, Effect::changes);
    why_ = end.status ? end.status->message : end.why;
    return std::nullopt;
  }
  void tell(std::int64_t ttl) {
    ends_at_ = std::chrono::steady_clock::now() + std::chrono::seconds(ttl);
    if (session_.style == Style::json) {
      ClientSession::say(
          line(JsonObject().add("lease", lease_text(id_)).add("seconds", Json{number(ttl)})));
    } else if (session_.style == Style::table) {
      ClientSession::say(columns({{lease_text(id_), number(ttl) + " seconds"}}));
    } else {
      ClientSession::say("lease " + lease_text(id_) + " keepalived with TTL(" + number(ttl) +
                         ")\n");
    }
    std::fflush(stdout);
  }

  const ClientSession& session_;
  std::int64_t id_;
  bool once_;
  std::size_t breaks_ = 0;
  std::string why_;                                               // the last one broke off
  std::optional<std::chrono::steady_clock::time_point> ends_at_;  // if nobody keeps it alive
};

}  // namespace

void add_lease_verbs(ClientVerbs& verbs) {
  CLI::App& family = *verbs.add_family("lease", "Leases: keys that end by themselves");
  const Given given = std::make_shared<LeaseArguments>();
  verbs
      .add(family, "grant", "A new lease",
           [given](const ClientSession& session) { return grant(session, *given); })
      ->add_option("TTL", given->ttl, "In seconds")
      ->required()
      ->check(at_least(1));
  verbs.add(family, "list", "All leases", list);
  const auto add = [&](const char* name, const char* what, auto run) {
    CLI::App* const verb = verbs.add(family, name, what, with_id(given, std::move(run)));
    verb->add_option("ID", given->id, "Of the lease")->required();
    return verb;
  };
  add("revoke", "End a lease, and delete its keys", revoke);
  add("timetolive", "How long it has still to live",
      [given](const ClientSession& session, std::int64_t id) {
        return time_to_live(session, id, given->keys);
      })
      ->add_flag("--keys", given->keys, "And which keys it has");
  add("keep-alive", "Keep a lease alive, until this is interrupted",
      [given](const ClientSession& session, std::int64_t id) {
        return KeepingAlive(session, id, given->once).run();
      })
      ->add_flag("--once", given->once, "And end");
}

}  // namespace bowline::apps
