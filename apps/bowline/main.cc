// SPDX-License-Identifier: Apache-2.0
// bowline: for who runs a cluster. So far it looks into logs, and shows what nodes wrote.
#include <CLI/CLI.hpp>

#include "apps/bowline/log_view.h"
#include "apps/bowline/wal.h"

int main(int argc, char** argv) {
  CLI::App app{"Raft, for people who want to know what it does to their data"};
  app.require_subcommand(1);
  bowline::apps::WalVerbs wal(app);
  bowline::apps::LogViewVerb log_view(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : bowline::apps::bad_usage;
  }
  return log_view.parsed() ? log_view.run() : wal.run();
}
