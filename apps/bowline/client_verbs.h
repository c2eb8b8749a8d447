// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/bowline/etcd_client.h"
#include "apps/bowline/key_words.h"
#include "apps/bowline/style.h"

namespace bowline::apps {

// What a verb has to work with, once it runs.
struct ClientSession {
  EtcdClient& client;
  Style style;

  // Prints, and says how the program ends: 0.
  static int say(const std::string& text);
  // Says in a sentence what became of it and what to do, and how the program ends: 1 or 3.
  int complain(const NotDone&) const;
  int complain(const MaybeDone&) const;
  int complain(const CallEnd&, Effect) const;

  template <class Response, class Text>
  int finish(const Asked<Response>& asked, Text text) const {
    if (const auto* no = std::get_if<NotDone>(&asked)) return complain(*no);
    if (const auto* maybe = std::get_if<MaybeDone>(&asked)) return complain(*maybe);
    return say(text(std::get<Response>(asked)));
  }
};

// The verbs that speak to servers, as any client of etcd's API would.
// A stream says so: a member that has lost the others ends it, and another one may serve us.
std::vector<rpc::ClientField> leader_wanted();

class ClientVerbs {
 public:
  explicit ClientVerbs(CLI::App&);
  bool parsed() const;
  int run();

  // For those who add some. `run` returns how the program ends.
  using Run = std::function<int(const ClientSession&)>;
  CLI::App& app() { return app_; }
  CLI::App* add(CLI::App& under, const std::string& name, const std::string& what, Run);
  // One that has verbs of its own.
  CLI::App* add_family(const std::string& name, const std::string& what);

 private:
  struct Verb {
    CLI::App* app;
    Run run;
  };
  void add_tls_options(CLI::App& verb);
  void take_environment();

  CLI::App& app_;
  std::vector<Verb> verbs_;
  std::string endpoints_;  // empty: 127.0.0.1:2379
  ClientTlsOptions tls_;
  double within_ = 5;
  Style style_ = Style::plain;
};

void add_key_verbs(ClientVerbs&);
void add_txn_verb(ClientVerbs&);
void add_watch_verb(ClientVerbs&);
void add_lease_verbs(ClientVerbs&);
void add_member_verbs(ClientVerbs&);
void add_cluster_verbs(ClientVerbs&);
void add_snapshot_verbs(ClientVerbs&);
void add_alarm_verbs(ClientVerbs&);
void add_check_verb(ClientVerbs&);

}  // namespace bowline::apps
