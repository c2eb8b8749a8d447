// SPDX-License-Identifier: Apache-2.0
// bowline: for who runs a cluster. It administers groups, looks into logs, and shows what nodes
// wrote.
#include <CLI/CLI.hpp>

#include "apps/bowline/group.h"
#include "apps/bowline/log_view.h"
#include "apps/bowline/wal.h"

int main(int argc, char** argv) {
  CLI::App app{"Raft, for people who want to know what it does to their data"};
  app.require_subcommand(1);
  bowline::apps::WalVerbs wal(app);
  bowline::apps::LogViewVerb log_view(app);
  bowline::apps::GroupVerbs group(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bowline::apps::bad_usage;
  }
  if (group.parsed()) return group.run();
  return log_view.parsed() ? log_view.run() : wal.run();
}
