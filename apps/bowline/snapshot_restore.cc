// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/snapshot_restore.h"

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "apps/bowline/serve_member.h"
#include "apps/bowline/snapshot_file.h"
#include "bowline/api/node.h"
#include "bowline/etcd/served_machine.h"
#include "bowline/kv/snapshot.h"

namespace bowline::apps {
namespace {

namespace fs = std::filesystem;

int refuse_to_restore(const std::string& what) {
  std::fprintf(stderr, "bowline snapshot restore: %s\n", what.c_str());
  return 1;
}

// It is a member for a moment, and calls nobody: it founds the group with the state, which is then
// on the disk.
Result<void> found_with(const std::shared_ptr<const kv::State>& state, const ServeFlags& flags,
                        const ServePlan& plan) {
  const Result<WhoWeAre> self = remember(plan.directory, {plan.self, flags.initial_cluster_token});
  if (!self) return std::unexpected(self.error());
  NodeOptions options = node_options(flags, plan, *self);
  options.listen = "127.0.0.1:0";
  options.log_sink = {};
  const Result<std::unique_ptr<Node>> node = Node::open(std::move(options));
  if (!node) return std::unexpected(node.error());
  GroupSetup setup = group_setup(flags, plan);
  setup.state = [state] { return kv::snapshot_of(*state); };
  const Result<Group> group =
      (*node)->start(the_group, std::move(setup), std::make_unique<etcd::ServedMachine>());
  if (!group) return std::unexpected(group.error());
  return {};
}

}  // namespace

SnapshotRestoreVerb::SnapshotRestoreVerb(CLI::App& snapshot)
    : verb_(snapshot.add_subcommand(
          "restore", "Make the data directory of a member of a new cluster from a snapshot")) {
  verb_->add_option("FILE", file_, "What `snapshot save` wrote, of ours or of an etcd")->required();
  verb_->add_option("--name", flags_.name, "Of this member, for people")->capture_default_str();
  verb_->add_option("--data-dir", flags_.data_dir,
                    "What is made; without, the name and .etcd. It must not be there yet");
  verb_->add_option("--initial-cluster", flags_.initial_cluster,
                    "All members of the new cluster: name=http://127.0.0.1:2380,…");
  verb_
      ->add_option("--initial-cluster-token", flags_.initial_cluster_token,
                   "Tells clusters apart: another one than before, if the old one may come back")
      ->capture_default_str();
  verb_
      ->add_option("--initial-advertise-peer-urls", flags_.initial_advertise_peer_urls,
                   "Where the others will call this member")
      ->capture_default_str();
  verb_->add_flag("--skip-hash-check", skip_hash_check_,
                  "Take a file without a sum at its end, such as a copied database");
  verb_->add_option("--bump-revision", import_.bump_revision,
                    "Raise the revision by so much, beyond all that clients may have seen");
  verb_->add_flag("--mark-compacted", import_.mark_compacted,
                  "With --bump-revision: watchers of before begin anew");
  verb_->add_flag("--without-users", import_.without_users,
                  "Take a snapshot of a cluster that asked for passwords: nobody is asked here");
  verb_->footer("Each member of the new cluster is made so, from the same file, and then started.");
}

int SnapshotRestoreVerb::run() const {
  if ((import_.bump_revision > 0) != import_.mark_compacted)
    return refuse_to_restore(
        "--bump-revision and --mark-compacted go together, or neither is said");
  const Result<ServePlan> plan = plan_of(flags_);
  if (!plan) return refuse_to_restore(plan.error().what);
  std::error_code fault;
  if (fs::exists(plan->directory, fault) && !fs::is_empty(plan->directory, fault))
    return refuse_to_restore("--data-dir: " + plan->directory +
                             " is there and not empty. Name another one, or move it away");
  Result<std::unique_ptr<kv::State>> state =
      read_snapshot_file(file_, {.skip_sum = skip_hash_check_}, import_);
  if (!state) return refuse_to_restore(state.error().what);
  const std::shared_ptr<const kv::State> shared = *std::move(state);
  if (const Result<void> founded = found_with(shared, flags_, *plan); !founded) {
    fs::remove_all(plan->directory, fault);
    return refuse_to_restore(founded.error().what);
  }
  std::printf("%s is a member now, with %lld keys at revision %lld. Start it with\n",
              plan->directory.c_str(), static_cast<long long>(shared->store.keys()),
              static_cast<long long>(shared->store.revision()));
  std::printf("bowline serve --name %s --data-dir %s and the other flags of before.\n",
              flags_.name.c_str(), plan->directory.c_str());
  return 0;
}

}  // namespace bowline::apps
