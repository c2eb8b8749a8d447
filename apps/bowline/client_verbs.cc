// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/client_verbs.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <string_view>

#include "apps/bowline/json.h"
#include "apps/bowline/wal.h"

namespace bowline::apps {
namespace {

constexpr int nobody_knows = 3;

struct Advice {
  std::string_view part;  // of what went wrong
  std::string_view what;  // to do
};
constexpr std::array advices{
    Advice{"Connection refused",
           "Is a server running there? `bowline serve` starts one, and --endpoints names others"},
    Advice{"has no port", "Write HOST:PORT"},
    Advice{"did not answer in time",
           "`bowline endpoint-health` says who does; --within gives more time"},
    Advice{"no leader", "A majority of the members has to be up: see `bowline endpoint-health`"},
    Advice{"request timed out",
           "A majority of the members has to be up: see `bowline endpoint-health`"},
    Advice{"has been compacted",
           "Ask for a later revision; `bowline status` shows the present one"},
    Advice{"future revision", "`bowline status` shows the present revision"},
    Advice{"database space exceeded",
           "Delete or compact what is not needed, then take the alarm back"},
    Advice{"lease not found", "`bowline lease list` shows which there are"},
    Advice{"member not found", "`bowline member list` shows which there are"},
    Advice{"not leader", "Ask the leader: `bowline status` shows who it is"},
    Advice{"does not speak HTTP/2", "Is that the port for clients, and without TLS?"},
};

std::string with_advice(const std::string& why) {
  for (const Advice& one : advices)
    if (why.contains(one.part)) return why + ". " + std::string(one.what);
  return why;
}

int complain_as(Style style, const char* outcome, const std::string& sentence,
                const std::string& why, int status) {
  if (style == Style::json) {
    const Json json = JsonObject().add("outcome", outcome).add("why", why).done();
    std::printf("%s\n", json.text.c_str());
  } else {
    std::fprintf(stderr, "bowline: %s: %s\n", sentence.c_str(), with_advice(why).c_str());
  }
  return status;
}

}  // namespace

int ClientSession::say(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  return all_is_well;
}

int ClientSession::complain(const NotDone& no) const {
  return complain_as(style, "not done", "not done", no.why, something_is_wrong);
}

int ClientSession::complain(const MaybeDone& maybe) const {
  return complain_as(style, "maybe done", "maybe done, nobody knows: look before you ask again",
                     maybe.why, nobody_knows);
}

int ClientSession::complain(const CallEnd& end, Effect effect) const {
  const std::string why = end.status ? end.status->message : end.why;
  if (effect == Effect::changes && verdict_of(end) == Verdict::unknown)
    return complain(MaybeDone{why});
  return complain(NotDone{why});
}

ClientVerbs::ClientVerbs(CLI::App& app) : app_(app) {
  add_key_verbs(*this);
  add_txn_verb(*this);
  add_watch_verb(*this);
  add_lease_verbs(*this);
  add_member_verbs(*this);
  add_cluster_verbs(*this);
  add_snapshot_verbs(*this);
  add_check_verb(*this);
}

CLI::App* ClientVerbs::add_family(const std::string& name, const std::string& what) {
  CLI::App* const family = app_.add_subcommand(name, what);
  family->require_subcommand(1);
  return family;
}

CLI::App* ClientVerbs::add(CLI::App& under, const std::string& name, const std::string& what,
                           Run run) {
  CLI::App* const verb = under.add_subcommand(name, what);
  verb->add_option("--endpoints", endpoints_, "Members to ask: HOST:PORT,HOST:PORT,...")
      ->envname("BOWLINE_ENDPOINTS")
      ->capture_default_str();
  verb->add_option("--within", within_, "Seconds for an answer")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  verb->add_option("-o,--output", style_, "plain, table or json")
      ->check(CLI::IsMember({"plain", "table", "json"}))
      ->capture_default_str();
  verb->footer(
      "Ends with 0: done.\n"
      "          1: not done, and it never will be; or nobody answered.\n"
      "          2: this cannot be asked for.\n"
      "          3: maybe done, nobody knows. Look before you ask again.");
  verbs_.push_back({verb, std::move(run)});
  return verb;
}

bool ClientVerbs::parsed() const {
  for (const Verb& one : verbs_)
    if (one.app->parsed()) return true;
  return false;
}

int ClientVerbs::run() {
  const auto endpoints = endpoints_in(endpoints_);
  if (!endpoints) {
    std::fprintf(stderr, "bowline: %s\n", endpoints.error().what.c_str());
    return bad_usage;
  }
  EtcdClient::Options options;
  options.endpoints = *endpoints;
  options.within = std::chrono::milliseconds(static_cast<std::int64_t>(within_ * 1000));
  EtcdClient client(options);
  const Style style = style_ == "json"    ? Style::json
                      : style_ == "table" ? Style::table
                                          : Style::plain;
  for (const Verb& one : verbs_)
    if (one.app->parsed()) return one.run({client, style});
  return bad_usage;
}

}  // namespace bowline::apps
