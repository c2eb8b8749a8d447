// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "fuzz/targets.h"

// What clients of etcd's API send.
namespace bowline::fuzz {

inline constexpr std::size_t etcd_target_bytes = 4000;
inline constexpr std::size_t database_target_bytes = 64'000;

//   the first byte chooses the message; what passes the checks becomes a command, and is run
bool eat_requests(std::string_view input);
//   what a member answers to another one's errand
bool eat_errands(std::string_view input);
//   a database of an etcd, which is to be restored
bool eat_databases(std::string_view input);

std::vector<Seed> requests_seeds();
std::vector<Seed> errands_seeds();
std::vector<Seed> databases_seeds();

}  // namespace bowline::fuzz
