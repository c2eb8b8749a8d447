// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>

#include "bowline/check/cell.h"
#include "bowline/check/operation.h"
#include "bowline/check/verdict.h"

namespace bowline::check {

// `#4 client 2: append x "ab" -> version 3 [10, 25] at 7`. Bytes that cannot be printed are `?`.
std::string describe(const Operation&, std::size_t number);
std::string describe(const Cell&);
std::string describe(Ruling);

}  // namespace bowline::check
