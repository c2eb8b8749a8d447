// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/etcd/metrics.h"

namespace bowline::apps {

// What the kernel knows of this process; what it does not tell stays 0.
etcd::ProcessFigures process_figures();

}  // namespace bowline::apps
