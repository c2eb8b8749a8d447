// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/wal.h"

#include <cstdio>

#include "apps/bowline/numbers.h"
#include "apps/bowline/progress_bar.h"

namespace bowline::apps {

WalVerbs::WalVerbs(CLI::App& app)
    : wal_(app.add_subcommand("wal", "Look into a log on disk; nothing is ever changed")),
      dump_(add("dump", "Show what was written, batch by batch")),
      verify_(add("verify", "Look for damage, and say what a start of the node would do")),
      stat_(add("stat", "What each group takes, and what keeps old segments alive")),
      group_(dump_->add_option("--group", arguments_.group, "Only what this group wrote")) {
  dump_->add_option("--segment", arguments_.segment, "Only this segment")->check(at_least(1));
  dump_->add_flag("--entries", arguments_.entries, "A line for each entry, with its first bytes");
  verify_->footer(
      "Ends with 0: nothing is wrong; a last write that never ended is no harm.\n"
      "          1: something rotted or is gone.\n"
      "          2: there is no log.");
  wal_->require_subcommand(1);
}

CLI::App* WalVerbs::add(const std::string& name, const std::string& what) {
  CLI::App* verb = wal_->add_subcommand(name, what);
  verb->add_option("DIR", arguments_.directory, "The directory of one shard's log")->required();
  CLI::Option* const output = add_output_option(*verb, arguments_.style);
  verb->add_flag_callback(
          "--json", [this] { arguments_.style = Style::json; }, "The same as -o json")
      ->excludes(output);
  return verb;
}

int WalVerbs::run() {
  arguments_.only_group = group_->count() > 0;
  ProgressBar bar("log");
  const Result<LogFiles> log =
      look_into(arguments_.directory,
                [&bar](std::uint64_t done, std::uint64_t all) { bar.show_bytes(done, all); });
  bar.clear();
  if (!log) {
    std::fprintf(stderr, "bowline: %s\n", log.error().what.c_str());
    return bad_usage;
  }
  if (verify_->parsed()) return verify(*log, arguments_);
  if (dump_->parsed()) return dump(*log, arguments_);
  return stat(*log, arguments_);
}

std::string heading(const LogFiles& log) {
  if (!log.identity_wrong.empty()) return log.identity_wrong + "\n";
  const wal::Owner& owner = log.identity.owner;
  std::string text = log.path + ": node " + std::to_string(owner.node.value);
  text += owner.cluster ? " of cluster " + std::to_string(owner.cluster.value)
                        : std::string(" of a cluster not known yet");
  text += ", shard " + std::to_string(owner.shard) + " of " + std::to_string(owner.shards) +
          ", disk " + std::to_string(log.identity.disk.value) + "\n";
  if (log.identity_mended)
    text += "one of the two copies in the file 'identity' is bad; the other one is good\n";
  if (!log.holder.empty())
    text += log.holder + " has it open: what is being written now may look torn\n";
  return text;
}

}  // namespace bowline::apps
