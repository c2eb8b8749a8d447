// SPDX-License-Identifier: Apache-2.0
// kv: the map from a command line.
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "examples/kv/addresses.h"
#include "examples/kv/clerk.h"
#include "examples/kv/lock.h"

namespace bowline::examples::kv {
namespace {

constexpr int not_done = 1;
constexpr int nobody_knows = 3;

struct Arguments {
  std::string servers;
  double patience = 10;
  std::string key, value, command;
  std::optional<std::uint64_t> version;
};

void declare(CLI::App& app, Arguments& arguments) {
  app.require_subcommand(1);
  app.add_option("--servers", arguments.servers, "Where they take clients: 1=HOST:PORT,2=...")
      ->required();
  app.add_option("--patience", arguments.patience, "Seconds until it gives up")
      ->capture_default_str();
  const auto verb = [&](const char* name, const char* what) {
    CLI::App* sub = app.add_subcommand(name, what);
    sub->add_option("key", arguments.key)->required();
    return sub;
  };
  verb("get", "Print its value");
  CLI::App* put = verb("put", "Set it");
  put->add_option("value", arguments.value)->required();
  put->add_option("--at", arguments.version, "Only if it has this version; 0: only if it is new");
  verb("append", "Add to its value")->add_option("value", arguments.value)->required();
  verb("remove", "Remove it");
  verb("lock", "Run a command while nobody else holds this lock")
      ->add_option("command", arguments.command)
      ->required();
}

int tell(const Reply& reply) {
  if (reply.fate == Reply::Fate::refused)
    return std::fputs("kv: not done: nobody took it; do the servers run?\n", stderr), not_done;
  if (reply.fate == Reply::Fate::maybe || !reply.answer)
    return std::fputs("kv: it may have been done; look before you ask again\n", stderr),
           nobody_knows;
  const Answer& answer = *reply.answer;
  if (answer.kind == Answer::Kind::absent)
    return std::fputs("kv: there is no such key\n", stderr), not_done;
  if (answer.kind == Answer::Kind::mismatch) {
    std::fprintf(stderr, "kv: not done: it has version %llu\n",
                 static_cast<unsigned long long>(answer.version));
    return not_done;
  }
  return 0;
}

int under_lock(Clerk& clerk, const Arguments& arguments, std::uint64_t drawn) {
  std::string host(256, '\0');
  gethostname(host.data(), host.size() - 1);
  Lock lock(
      clerk, arguments.key,
      host.c_str() + std::string(":") + std::to_string(getpid()) + ":" + std::to_string(drawn));
  if (!lock.acquire()) return tell({.fate = Reply::Fate::refused});
  const int status = std::system(arguments.command.c_str());
  if (!lock.release()) std::fputs("kv: the lock could not be given back\n", stderr);
  return status == 0 ? 0 : not_done;
}

int run(const std::string& verb, const Arguments& arguments) {
  const auto servers = parse_addresses(arguments.servers);
  if (!servers) return std::fprintf(stderr, "kv: %s\n", servers.error().what.c_str()), not_done;
  const std::uint64_t drawn = std::random_device()();
  Clerk clerk({.servers = *servers,
               .patience = std::chrono::duration_cast<Duration>(
                   std::chrono::duration<double>(arguments.patience)),
               .seed = drawn});
  if (verb == "lock") return under_lock(clerk, arguments, drawn);
  if (verb == "get") {
    const Reply reply = clerk.get(arguments.key);
    if (const int status = tell(reply); status != 0) return status;
    std::printf("%s\n", reply.answer->value.c_str());
    return 0;
  }
  Reply reply;
  if (verb == "put" && arguments.version) {
    reply = clerk.put_at(arguments.key, *arguments.version, arguments.value);
  } else if (verb == "put") {
    reply = clerk.put(arguments.key, arguments.value);
  } else if (verb == "append") {
    reply = clerk.append(arguments.key, arguments.value);
  } else {
    reply = clerk.remove(arguments.key);
  }
  if (const int status = tell(reply); status != 0) return status;
  std::printf("version %llu\n", static_cast<unsigned long long>(reply.answer->version));
  return 0;
}

}  // namespace
}  // namespace bowline::examples::kv

int main(int count, char** words) {
  CLI::App app("A map that is replicated", "kv");
  bowline::examples::kv::Arguments arguments;
  bowline::examples::kv::declare(app, arguments);
  CLI11_PARSE(app, count, words);
  return bowline::examples::kv::run(app.get_subcommands().front()->get_name(), arguments);
}
