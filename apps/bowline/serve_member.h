// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "apps/bowline/serve_options.h"
#include "bowline/api/node.h"
#include "bowline/base/ids.h"
#include "bowline/base/result.h"

// What a member of a cluster is on its disk, whether it serves or is made from a snapshot.
namespace bowline::apps {

inline constexpr GroupId the_group{1};

// Once for all: flags that say otherwise later are not heeded.
struct WhoWeAre {
  NodeId id;
  std::string token;
};
// What was written down in the data directory before; or `now`, which is written down. Makes the
// directory.
Result<WhoWeAre> remember(const std::string& directory, WhoWeAre now);
// Nobody starts with this directory any more. Whoever was removed and comes back is somebody else.
Result<void> remember_removal(const std::string& directory, const WhoWeAre& before);

NodeOptions node_options(const ServeFlags&, const ServePlan&, const WhoWeAre&);
GroupSetup group_setup(const ServeFlags&, const ServePlan&);

}  // namespace bowline::apps
