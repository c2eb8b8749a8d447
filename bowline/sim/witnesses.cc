// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/witnesses.h"

#include <utility>

#include "bowline/sim/bounds_witness.h"
#include "bowline/sim/client_witness.h"
#include "bowline/sim/commit_witness.h"
#include "bowline/sim/contents_witness.h"
#include "bowline/sim/discipline_witness.h"
#include "bowline/sim/election_witness.h"
#include "bowline/sim/electorate_witness.h"
#include "bowline/sim/heartbeat_witness.h"
#include "bowline/sim/jury.h"
#include "bowline/sim/log_witness.h"
#include "bowline/sim/machine_witness.h"
#include "bowline/sim/membership_witness.h"
#include "bowline/sim/patience_witness.h"
#include "bowline/sim/progress_witness.h"
#include "bowline/sim/promise_witness.h"
#include "bowline/sim/read_witness.h"
#include "bowline/sim/sleep_witness.h"
#include "bowline/sim/snapshot_witness.h"

namespace bowline::sim {

std::vector<std::unique_ptr<Witness>> standard_witnesses(Court& court, const Plan& plan) {
  const raft::Options& options = plan.options;
  const auto committed = std::make_shared<Committed>();
  std::vector<std::unique_ptr<Witness>> all;
  all.push_back(std::make_unique<CommitWitness>(court, committed));
  all.push_back(std::make_unique<ElectionWitness>(court, committed));
  all.push_back(std::make_unique<LogWitness>(court, committed));
  all.push_back(std::make_unique<PromiseWitness>(court, committed));
  all.push_back(std::make_unique<ProgressWitness>(court, committed));
  all.push_back(std::make_unique<MembershipWitness>(court, committed));
  all.push_back(std::make_unique<ElectorateWitness>(court, committed));
  all.push_back(std::make_unique<SnapshotWitness>(court, committed));
  all.push_back(std::make_unique<MachineWitness>(court, committed));
  all.push_back(std::make_unique<ReadWitness>(court, committed));
  all.push_back(std::make_unique<ClientWitness>(court, committed, plan.kv));
  all.push_back(std::make_unique<DisciplineWitness>(court, options));
  all.push_back(std::make_unique<BoundsWitness>(court, options));
  all.push_back(std::make_unique<PatienceWitness>(court, options));
  all.push_back(std::make_unique<SleepWitness>(court));
  if (plan.whole) {
    all.push_back(std::make_unique<ContentsWitness>(court));
    all.push_back(std::make_unique<HeartbeatWitness>(court, options));
  }
  std::vector<std::unique_ptr<Witness>> jury;
  jury.push_back(std::make_unique<Jury>(std::move(all)));
  return jury;
}

}  // namespace bowline::sim
