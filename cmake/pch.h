// SPDX-License-Identifier: Apache-2.0
#pragma once

// Headers of the C++ library that most files include anyway. Only speed: each source still names
// what it uses, and the coverage preset builds without this file to prove it.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>
