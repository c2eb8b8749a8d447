// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

namespace bowline::apps {

using Row = std::vector<std::string>;

// Columns as wide as what is in them, two blanks between them.
std::string columns(const std::vector<Row>& rows);

}  // namespace bowline::apps
