// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace bowline::apps {

// 0: all is well; 1: something broke.
inline constexpr int bad_usage = 2;

}  // namespace bowline::apps
