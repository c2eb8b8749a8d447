// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "apps/chaos/etcd_history.h"

namespace bowline::chaos {

// Makes a member of a file that `bowline snapshot save` wrote in the midst of it all, and compares
// what it shows with the record at the revision that it has. Empty: they are the same.
std::string check_saved(const std::string& file, const std::string& program,
                        const std::string& directory, const EtcdHistory&);

}  // namespace bowline::chaos
