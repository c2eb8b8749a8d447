// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>

namespace bowline::apps {

// The verb `exhaustive-hunt`: plants bugs, and lets the exhaustive search find each by itself. The
// bounds are the same for all, and grow until something is found.
CLI::App* declare_exhaustive_hunt(CLI::App& app);
int run_exhaustive_hunt();

}  // namespace bowline::apps
