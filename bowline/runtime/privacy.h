// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include <sys/types.h>

#include "bowline/base/result.h"

namespace bowline::runtime {

// What is in a log is nobody else's business: what we make is for the user alone who runs us. The
// umask cannot be left to say so. It may give more to others, and may take from us what we need.
inline constexpr mode_t private_file = 0600;
inline constexpr mode_t private_directory = 0700;

// False: errno says why not. It may be there already.
bool make_private_directory(const std::string& path);
// With those above it that are missing. Those that are there stay as they are.
Result<void> make_private_directories(const std::string& path);

// Who else may look into a directory that was there before us, as a sentence with what to do;
// empty: nobody. It is not closed by us: it may be open on purpose, as for a backup, and its files
// are not.
std::string exposure_of(const std::string& directory);

}  // namespace bowline::runtime
