// SPDX-License-Identifier: Apache-2.0
// kv_server: one member or more of a group that keeps a map.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <sys/stat.h>

#include "examples/kv/addresses.h"
#include "examples/kv/kv_node.h"

namespace bowline::examples::kv {
namespace {

struct Arguments {
  std::vector<std::uint64_t> ids;
  std::string peers, clients;
  std::string directory = "kv-data";
  std::string listen;
  std::uint64_t snapshot_entries = 100'000, keep_entries = 10'000;
  bool journal = false;
  bool test_stale_reads = false;
};

void declare(CLI::App& app, Arguments& arguments) {
  app.add_option("--id", arguments.ids, "Which member this is; given three times, it is three")
      ->required();
  app.add_option("--peers", arguments.peers, "All members: 1=HOST:PORT,2=HOST:PORT,...")
      ->required();
  app.add_option("--clients", arguments.clients, "Where each takes clients: 1=HOST:PORT,...")
      ->required();
  app.add_option("--directory", arguments.directory, "What they keep; a directory for each in it")
      ->capture_default_str();
  app.add_option("--listen", arguments.listen, "HOST:PORT, if it is not what peers call");
  app.add_option("--snapshot-entries", arguments.snapshot_entries, "A snapshot after so many")
      ->capture_default_str();
  app.add_option("--keep-entries", arguments.keep_entries, "So many stay in the log behind it")
      ->capture_default_str();
  app.add_flag("--journal", arguments.journal, "Note each command that is applied, for a checker");
  app.add_flag("--test-stale-reads", arguments.test_stale_reads,
               "Read without asking anybody, which is wrong: for tests of checkers");
}

int fail(const std::string& why) {
  std::fprintf(stderr, "kv_server: %s\n", why.c_str());
  return 1;
}

Result<std::unique_ptr<KvNode>> start(const Arguments& arguments, NodeId id,
                                      const std::map<NodeId, std::string>& peers,
                                      const std::string& clients) {
  const std::string place = arguments.directory + "/" + std::to_string(id.value);
  KvOptions options{.id = id, .directory = place, .advertise = peers.at(id)};
  options.listen = arguments.listen.empty() ? peers.at(id) : arguments.listen;
  options.clients = {.listen = clients, .stale_reads = arguments.test_stale_reads};
  options.group.snapshot_entries = arguments.snapshot_entries;
  options.group.keep_entries = arguments.keep_entries;
  if (arguments.journal) options.journal = place + ".journal";
  Result<std::unique_ptr<KvNode>> node = KvNode::open(options);
  if (!node) return std::unexpected(node.error());
  if (Result<void> started = (*node)->start(peers); !started)
    return std::unexpected(started.error());
  return node;
}

int run(const Arguments& arguments) {
  const auto peers = parse_addresses(arguments.peers);
  if (!peers) return fail("--peers: " + peers.error().what);
  const auto clients = parse_addresses(arguments.clients);
  if (!clients) return fail("--clients: " + clients.error().what);
  if (!arguments.listen.empty() && arguments.ids.size() != 1)
    return fail("--listen is one address, for one member: leave it out");
  // Before there are threads: they would take the signals that we wait for.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  ::umask(077);  // what is kept is nobody else's business
  std::error_code ignored;
  std::filesystem::create_directories(arguments.directory, ignored);
  std::vector<std::unique_ptr<KvNode>> nodes;
  for (const std::uint64_t number : arguments.ids) {
    const NodeId id{number};
    if (!peers->contains(id) || !clients->contains(id))
      return fail("--id " + std::to_string(number) + " is not in --peers, or not in --clients");
    Result<std::unique_ptr<KvNode>> node = start(arguments, id, *peers, clients->at(id));
    if (!node) return fail(node.error().what);
    std::printf("%llu peers %s clients %s\n", static_cast<unsigned long long>(number),
                (*node)->peer_address().c_str(), (*node)->client_address().c_str());
    nodes.push_back(*std::move(node));
  }
  std::fflush(stdout);
  int signal = 0;
  sigwait(&ends, &signal);
  return 0;
}

}  // namespace
}  // namespace bowline::examples::kv

int main(int count, char** words) {
  CLI::App app("A map that is replicated", "kv_server");
  bowline::examples::kv::Arguments arguments;
  bowline::examples::kv::declare(app, arguments);
  CLI11_PARSE(app, count, words);
  return bowline::examples::kv::run(arguments);
}
