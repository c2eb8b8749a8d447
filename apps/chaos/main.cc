// SPDX-License-Identifier: Apache-2.0
// bowline-chaos: three servers, clients, and what may befall them; and then a verdict.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/chaos/clients.h"
#include "apps/chaos/etcd_run.h"
#include "apps/chaos/faults.h"
#include "apps/chaos/journals.h"
#include "apps/chaos/relay.h"
#include "apps/chaos/server.h"
#include "apps/chaos/small_disk.h"
#include "bowline/check/against_log.h"
#include "bowline/check/describe.h"
#include "bowline/check/linearizable.h"

namespace bowline::chaos {
namespace {

namespace fs = std::filesystem;
using Steady = std::chrono::steady_clock;

struct Arguments {
  std::string server = (fs::read_symlink("/proc/self/exe").parent_path() / "kv_server").string();
  std::string directory;
  std::uint64_t seed = 1;
  double seconds = 60;
  std::size_t clients = 6;
  double recovery = 60;
  bool stale_reads = false;
};

void declare_all(CLI::App& app, Arguments& arguments) {
  app.add_option("--seconds", arguments.seconds, "How long")->capture_default_str();
  app.add_option("--seed", arguments.seed, "What befalls them, and what clients do")
      ->capture_default_str();
  app.add_option("--clients", arguments.clients, "How many at once")->capture_default_str();
  app.add_option("--recovery", arguments.recovery,
                 "Within so many seconds after the faults a write must be done")
      ->capture_default_str();
  app.add_option("--directory", arguments.directory,
                 "Keep all here; else in a temporary one, kept only if something is wrong");
}

void declare(CLI::App& app, Arguments& arguments) {
  declare_all(app, arguments);
  app.add_option("--server", arguments.server, "The program kv_server")->capture_default_str();
  app.add_flag("--test-stale-reads", arguments.stale_reads,
               "Servers that read without asking, which must be found");
}

void declare_etcd(CLI::App& app, Arguments& arguments) {
  arguments.server = (fs::path(arguments.server).parent_path() / "bowline").string();
  declare_all(app, arguments);
  app.add_option("--server", arguments.server, "The program bowline")->capture_default_str();
}

class Run {
 public:
  Run(const Arguments& arguments, std::string directory)
      : arguments_(arguments), directory_(std::move(directory)) {}

  // Empty: all is well; else why not, for people.
  std::string all();

 private:
  Result<void> start();
  Result<void> strike(Faults&, Clients&);
  std::string judge(const Clients&);
  void keep_history(const check::History&) const;

  const Arguments& arguments_;
  std::string directory_;
  Relay relay_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::map<NodeId, std::string> addresses_;
};

Result<void> Run::start() {
  std::string peers;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const Result<std::string> address = relay_.stand_in_for(NodeId{id});
    if (!address) return std::unexpected(address.error());
    peers += (id == 1 ? "" : ",") + std::to_string(id) + "=" + *address;
  }
  for (std::uint64_t id = 1; id <= 3; ++id) {
    // Snapshots are small and often, so that nodes which were away have to fetch them.
    Server::Options options{.program = arguments_.server,
                            .id = NodeId{id},
                            .peers = peers,
                            .directory = directory_,
                            .more = {"--snapshot-entries", "400", "--keep-entries", "50"}};
    if (arguments_.stale_reads) options.more.emplace_back("--test-stale-reads");
    Server& server = *servers_.emplace_back(std::make_unique<Server>(options));
    if (Result<void> started = server.start(); !started) return started;
    relay_.lead(server.id(), server.peer_address());
    addresses_[server.id()] = server.client_address();
  }
  return {};
}

Result<void> Run::strike(Faults& faults, Clients& clients) {
  const auto limit = [](double seconds) {
    return Steady::now() +
           std::chrono::duration_cast<Steady::duration>(std::chrono::duration<double>(seconds));
  };
  // No fault before something works.
  const auto patience = limit(arguments_.recovery);
  while (clients.done() == 0 && Steady::now() < patience)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const auto until = limit(arguments_.seconds);
  while (Steady::now() < until)
    if (Result<void> round = faults.round([](Duration d) { std::this_thread::sleep_for(d); });
        !round)
      return round;
  return {};
}

std::string Run::all() {
  if (const Result<void> started = start(); !started) return started.error().what;
  std::vector<Victim*> victims;
  victims.reserve(servers_.size());
  for (const auto& server : servers_) victims.push_back(server.get());
  Faults faults(victims, relay_, arguments_.seed);
  Clients clients({.servers = addresses_, .seed = arguments_.seed, .count = arguments_.clients});
  const Result<void> struck = strike(faults, clients);
  clients.stop();
  if (!struck) return struck.error().what;
  const Duration patience =
      std::chrono::duration_cast<Duration>(std::chrono::duration<double>(arguments_.recovery));
  const bool recovered = clients.look_at_all(patience);
  for (const auto& server : servers_) server->kill();
  std::printf("seed %llu: %llu faults (%s)\n", static_cast<unsigned long long>(arguments_.seed),
              static_cast<unsigned long long>(faults.sum()), faults.counts().c_str());
  std::string fault = judge(clients);
  if (!fault.empty()) return fault;
  return recovered ? "" : "nothing got done after the faults had ended, for as long as we waited";
}

std::string Run::judge(const Clients& clients) {
  Journals journals;
  std::string fault;
  for (const auto& server : servers_)
    if (const Result<void> read = journals.read(server->journal()); !read)
      fault = read.error().what;
  const check::History history = journals.place(clients.history());
  std::array<std::size_t, 3> fates{};
  for (const check::Operation& operation : history)
    ++fates.at(static_cast<std::size_t>(operation.fate));
  const check::Verdict search = check::linearizable(history);
  const check::Verdict log = check::against_log(history);
  std::printf(
      "%zu done, %zu refused, %zu unknown; %zu entries; by a search %s (%llu steps), "
      "against the log %s\n",
      fates[0], fates[1], fates[2], journals.entries(), check::describe(search.ruling).c_str(),
      static_cast<unsigned long long>(search.steps), check::describe(log.ruling).c_str());
  if (fault.empty() && !search.good()) fault = search.why;
  if (fault.empty() && !log.good()) fault = log.why;
  if (!fault.empty()) keep_history(history);
  return fault;
}

void Run::keep_history(const check::History& history) const {
  std::ofstream file(directory_ + "/history.txt");
  for (std::size_t i = 0; i < history.size(); ++i) file << check::describe(history[i], i) << "\n";
}

// A directory for all that is left of it, and in the end the verdict of `play`.
int with_directory(const Arguments& arguments,
                   const std::function<std::string(const std::string& directory)>& play) {
  std::string directory = arguments.directory;
  if (directory.empty()) {
    directory = (fs::temp_directory_path() / "bowline-chaos-XXXXXX").string();
    if (mkdtemp(directory.data()) == nullptr)
      return std::fprintf(stderr, "bowline-chaos: cannot make %s\n", directory.c_str()), 2;
  } else {
    fs::create_directories(directory);
  }
  const std::string fault = play(directory);
  if (fault.empty()) {
    if (arguments.directory.empty()) fs::remove_all(directory);
    return std::puts("verdict: all is well"), 0;
  }
  std::printf("verdict: NOT WELL: %s\nall of it is in %s\n", fault.c_str(), directory.c_str());
  return 1;
}

int run(const Arguments& arguments) {
  return with_directory(
      arguments, [&](const std::string& directory) { return Run(arguments, directory).all(); });
}

int run_with_etcd(const Arguments& arguments) {
  const std::string apart = keep_mounts_to_ourselves();
  return with_directory(arguments, [&](const std::string& directory) {
    return run_etcd({.program = arguments.server,
                     .directory = directory,
                     .seed = arguments.seed,
                     .seconds = arguments.seconds,
                     .clients = arguments.clients,
                     .recovery = arguments.recovery,
                     .no_mounts = apart});
  });
}

}  // namespace
}  // namespace bowline::chaos

int main(int count, char** words) {
  CLI::App app("Treats three servers badly, and checks what clients saw", "bowline-chaos");
  bowline::chaos::Arguments arguments;
  bowline::chaos::declare(app, arguments);
  bowline::chaos::Arguments of_etcd;
  CLI::App& etcd = *app.add_subcommand("etcd", "Likewise three `bowline serve`, by etcd's API");
  bowline::chaos::declare_etcd(etcd, of_etcd);
  CLI11_PARSE(app, count, words);
  return etcd.parsed() ? bowline::chaos::run_with_etcd(of_etcd) : bowline::chaos::run(arguments);
}
