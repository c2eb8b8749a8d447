// SPDX-License-Identifier: Apache-2.0
// bowline: for who runs a cluster. It administers groups, looks into logs, shows what nodes wrote,
// makes the last survivor of a group the whole of it, and is a server that speaks etcd's API.
#include <CLI/CLI.hpp>

#include "apps/bowline/group.h"
#include "apps/bowline/log_view.h"
#include "apps/bowline/recover.h"
#include "apps/bowline/serve.h"
#include "apps/bowline/wal.h"

int main(int argc, char** argv) {
  CLI::App app{"Raft, for people who want to know what it does to their data"};
  app.require_subcommand(1);
  bowline::apps::WalVerbs wal(app);
  bowline::apps::LogViewVerb log_view(app);
  bowline::apps::RecoverVerb recover(app);
  bowline::apps::GroupVerbs group(app);
  bowline::apps::ServeVerb serve(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bowline::apps::bad_usage;
  }
  if (serve.parsed()) return serve.run();
  if (group.parsed()) return group.run();
  if (log_view.parsed()) return log_view.run();
  return recover.parsed() ? recover.run() : wal.run();
}
