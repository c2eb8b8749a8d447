// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/tell.h"

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include "bowline/sim/history.h"

namespace bowline::apps {
namespace {

double in_milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

void tell_plan(const sim::Plan& plan) {
  const raft::Options& options = plan.options;
  std::printf("seed %llu: %u members, %u spare nodes, %zu troubles, %zu operations\n",
              static_cast<unsigned long long>(plan.seed), plan.nodes, plan.spares,
              plan.episodes.size(), plan.operations.size());
  std::printf(
      "options: pre-vote %s, check quorum %s, lease reads %s, heartbeat %.0f ms, "
      "snapshot every %llu entries\n\n",
      options.pre_vote ? "on" : "off", options.check_quorum ? "on" : "off",
      options.lease_reads ? "on" : "off", in_milliseconds(options.heartbeat_every()),
      static_cast<unsigned long long>(plan.climate.snapshot_every));
}

}  // namespace

int tell(std::uint64_t seed, const sim::Settings& settings, const sim::StoryRange& range) {
  sim::Decisions decisions(seed);
  const sim::Plan plan = sim::draw_plan(decisions, settings);
  tell_plan(plan);
  std::optional<sim::Story> story;
  const sim::History history =
      sim::run_plan(plan, settings, decisions, [&](const sim::Court& court) {
        story.emplace(court, plan, range);
        return std::vector<sim::Witness*>{&*story};
      });
  if (story->left_out() > 0) std::printf("(%zu lines left out)\n", story->left_out());
  for (const std::string& line : story->lines()) std::printf("%s\n", line.c_str());
  std::printf("\nhash %016llx, %.1f virtual seconds\n",
              static_cast<unsigned long long>(history.hash),
              in_milliseconds(history.virtual_time) / 1000);
  return history.violation ? 1 : 0;
}

}  // namespace bowline::apps
