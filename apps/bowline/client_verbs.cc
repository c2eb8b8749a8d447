// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/client_verbs.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "apps/bowline/json.h"
#include "apps/bowline/wal.h"

namespace bowline::apps {
namespace {

constexpr double most_seconds = 1e9;  // thirty years

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
    Advice{
        "database space exceeded",
        "Delete and compact what is not needed; then `bowline alarm disarm` takes the alarm back"},
    Advice{
        "corrupt cluster",
        "`bowline alarm list` shows whose data are different: remove that member, `bowline alarm "
        "disarm`, and add it anew with an empty directory"},
    Advice{"lease not found", "`bowline lease list` shows which there are"},
    Advice{"member not found", "`bowline member list` shows which there are"},
    Advice{"not leader", "Ask the leader: `bowline status` shows who it is"},
    Advice{"before it said anything", "If it speaks TLS, write https://"},
    Advice{"does not speak HTTP/2", "Is that the port for clients? With TLS, write https://"},
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

// A time that the clock can count; empty: it is one.
std::string is_a_while(const std::string& text) {
  double seconds = 0;
  if (CLI::detail::lexical_cast(text, seconds) && seconds >= 0.001 && seconds <= most_seconds)
    return "";
  return "'" + text + "' is no time to wait: say seconds, from 0.001 to 1000000000";
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

std::vector<rpc::ClientField> leader_wanted() { return {{"hasleader", "true"}}; }

ClientVerbs::ClientVerbs(CLI::App& app) : app_(app) {
  add_key_verbs(*this);
  add_txn_verb(*this);
  add_watch_verb(*this);
  add_lease_verbs(*this);
  add_member_verbs(*this);
  add_cluster_verbs(*this);
  add_snapshot_verbs(*this);
  add_alarm_verbs(*this);
  add_check_verb(*this);
}

CLI::App* ClientVerbs::add_family(const std::string& name, const std::string& what) {
  CLI::App* const family = app_.add_subcommand(name, what);
  family->require_subcommand(1);
  return family;
}

void ClientVerbs::add_tls_options(CLI::App& verb) {
  verb.add_option("--cacert", tls_.authorities,
                  "With https: the authorities to trust, a PEM file (ETCDCTL_CACERT)");
  verb.add_option("--cert", tls_.certificate,
                  "With https: who we are, a certificate as a PEM file (ETCDCTL_CERT)");
  verb.add_option("--key", tls_.key, "With https: the certificate's key (ETCDCTL_KEY)");
  verb.add_option("--servername", tls_.server_name,
                  "With https: the name in the server's certificate, if not its address");
  verb.add_flag("--insecure-skip-tls-verify", tls_.believes_anybody,
                "With https: believe whoever answers (ETCDCTL_INSECURE_SKIP_TLS_VERIFY)");
}

CLI::App* ClientVerbs::add(CLI::App& under, const std::string& name, const std::string& what,
                           Run run) {
  CLI::App* const verb = under.add_subcommand(name, what);
  verb->add_option(
      "--endpoints", endpoints_,
      "Members to ask: HOST:PORT,https://HOST:PORT,...; 127.0.0.1:2379 if neither this "
      "nor BOWLINE_ENDPOINTS nor ETCDCTL_ENDPOINTS says");
  add_tls_options(*verb);
  verb->add_option("--within", within_, "Seconds for an answer")
      ->check(is_a_while)
      ->capture_default_str();
  add_output_option(*verb, style_);
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

// What is on the command line counts more.
void ClientVerbs::take_environment() {
  const auto take = [](std::string& to, const std::string& name) {
    for (const char* family : {"BOWLINE_", "ETCDCTL_"}) {
      const char* const said = std::getenv((family + name).c_str());
      if (to.empty() && said != nullptr) to = said;
    }
  };
  take(endpoints_, "ENDPOINTS");
  take(tls_.authorities, "CACERT");
  take(tls_.certificate, "CERT");
  take(tls_.key, "KEY");
  std::string believes = tls_.believes_anybody ? "true" : "";
  take(believes, "INSECURE_SKIP_TLS_VERIFY");
  tls_.believes_anybody = believes == "true" || believes == "1";
  if (endpoints_.empty()) endpoints_ = "127.0.0.1:2379";
}

int ClientVerbs::run() {
  take_environment();
  const auto wrong = [](const std::string& what) {
    std::fprintf(stderr, "bowline: %s\n", what.c_str());
    return bad_usage;
  };
  const auto endpoints = endpoints_in(endpoints_, tls_.is_given() ? Unsaid::tls : Unsaid::plain);
  if (!endpoints) return wrong(endpoints.error().what);
  const auto tls = ClientTls::open(tls_);
  if (!tls) return wrong(tls.error().what);
  EtcdClient::Options options;
  options.endpoints = *endpoints;
  options.tls = *tls;
  options.within = std::chrono::milliseconds(static_cast<std::int64_t>(within_ * 1000));
  EtcdClient client(options);
  for (const Verb& one : verbs_)
    if (one.app->parsed()) return one.run({client, style_});
  return bad_usage;
}

}  // namespace bowline::apps
