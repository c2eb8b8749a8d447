// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/api/node.h"
#include "bowline/dash/pages.h"
#include "bowline/etcd/served_machine.h"

namespace bowline::apps {

// Where the first page of a member finds what it shows.
dash::Sources page_sources(const Room&, GroupId, rpc::Router&, etcd::ServedMachine&);

}  // namespace bowline::apps
