// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <istream>
#include <string>

#include "bowline/base/result.h"
#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::apps {

// A transaction as people write it: compares, what to do if all hold, and what else; a line for
// each, the three parts apart by an empty line. The error says which line, and what it should be.
//
//     version("ship") = "3"
//     value("ship") = "moored"
//
//     put ship adrift
//     get ship
//
//     get ship
Result<etcdserverpb::TxnRequest> transaction_in(std::istream&);

}  // namespace bowline::apps
