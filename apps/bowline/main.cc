// SPDX-License-Identifier: Apache-2.0
// bowline: for who runs a cluster. It is a server that speaks etcd's API, and a client of it;
// administers groups, looks into logs, shows what nodes wrote, and makes the last survivor of a
// group the whole of it.
#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/bowline/client_verbs.h"
#include "apps/bowline/completion.h"
#include "apps/bowline/group.h"
#include "apps/bowline/log_view.h"
#include "apps/bowline/recover.h"
#include "apps/bowline/serve.h"
#include "apps/bowline/snapshot_restore.h"
#include "apps/bowline/wal.h"

int main(int argc, char** argv) {
  CLI::App app{"Raft, for people who want to know what it does to their data"};
  app.require_subcommand(1);
  bowline::apps::ClientVerbs client(app);
  bowline::apps::WalVerbs wal(app);
  bowline::apps::LogViewVerb log_view(app);
  bowline::apps::RecoverVerb recover(app);
  bowline::apps::GroupVerbs group(app);
  bowline::apps::ServeVerb serve(app);
  bowline::apps::CompletionVerb completion(app);
  bowline::apps::SnapshotRestoreVerb restore(*app.get_subcommand("snapshot"));
  try {
    std::vector<std::string> words(argv, argv + argc);
    bowline::apps::ServeVerb::read_as_go_does(words);
    std::vector<const char*> pointers(words.size());
    std::ranges::transform(words, pointers.begin(), &std::string::c_str);
    app.parse(argc, pointers.data());
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bowline::apps::bad_usage;
  }
  if (serve.parsed()) return serve.run();
  if (restore.parsed()) return restore.run();
  if (client.parsed()) return client.run();
  if (completion.parsed()) return completion.run();
  if (group.parsed()) return group.run();
  if (log_view.parsed()) return log_view.run();
  return recover.parsed() ? recover.run() : wal.run();
}
