// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/recover.h"

#include <cstdio>

#include "apps/bowline/numbers.h"
#include "apps/bowline/wal.h"
#include "bowline/api/offline.h"

namespace bowline::apps {
namespace {

constexpr const char* warning =
    "bowline: this gives up all other members of the group, for good. What they had committed and\n"
    "this node had not heard of is lost; what was never committed may become so. Do it only if a\n"
    "majority of the voters will never come back; on one node only, that with the longest log\n"
    "(bowline wal stat); and keep a copy of the directory. If you mean it, say --yes.\n";

std::string names_of(const raft::Membership& members) {
  std::string names;
  for (const raft::Member& member : members.members)
    names += (names.empty() ? "" : ", ") + std::to_string(member.id.value);
  return names;
}

}  // namespace

RecoverVerb::RecoverVerb(CLI::App& app)
    : verb_(app.add_subcommand(
          "recover", "Make a stopped node the whole group: the others are gone for good")) {
  verb_->add_option("DIR", directory_, "The directory of the node's log")->required();
  verb_->add_option("--group", group_, "Which group")->required()->check(at_least(1));
  verb_
      ->add_option("--as-cluster", cluster_,
                   "The new name of its cluster, so that nobody of the old one comes back unasked")
      ->required()
      ->check(at_least(1));
  verb_->add_flag("--yes", yes_, "Do it; without, only the warning is printed");
  verb_->add_flag("--cached", cached_, "For file systems that cannot do without the page cache");
  verb_->footer(
      "Ends with 0: it is done.\n"
      "          1: it is not, and the reason is printed.\n"
      "          2: you have not said --yes.");
}

int RecoverVerb::run() const {
  if (!yes_) {
    std::fputs(warning, stderr);
    return bad_usage;
  }
  runtime::DiskOptions how;
  how.direct = !cached_;
  const Result<ForcedAlone> forced =
      recover_offline(directory_, GroupId{group_}, ClusterId{cluster_}, how);
  if (!forced) {
    std::fprintf(stderr, "bowline: %s\n", forced.error().what.c_str());
    return 1;
  }
  std::printf(
      "node %llu is the whole of group %llu now, from entry %llu on, as cluster %llu.\n",
      static_cast<unsigned long long>(forced->node.value), static_cast<unsigned long long>(group_),
      static_cast<unsigned long long>(forced->at.value), static_cast<unsigned long long>(cluster_));
  std::printf("Its members were: %s. Its log ended with entry %llu of term %llu.\n",
              names_of(forced->before).c_str(),
              static_cast<unsigned long long>(forced->last.index.value),
              static_cast<unsigned long long>(forced->last.term.value));
  std::printf(
      "Start it with GroupOptions::cluster = %llu. Whoever is to join starts with an empty\n"
      "directory and the same cluster, and is added at this node.\n",
      static_cast<unsigned long long>(cluster_));
  return 0;
}

}  // namespace bowline::apps
