// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <vector>

#include "bowline/sim/plan.h"
#include "bowline/sim/witness.h"

namespace bowline::sim {

// The standard set: one jury, in which the first keeps the record that the others read.
std::vector<std::unique_ptr<Witness>> standard_witnesses(Court&, const Plan&);

}  // namespace bowline::sim
