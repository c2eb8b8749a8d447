// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "bowline/api/console.h"

// What `bowline group` prints: a table for people, or JSON, whole lines each.
namespace bowline::apps {

std::string text_of(const client::Outcome&, bool json);
std::string text_of(const Console::Survey&, bool json);
std::string text_of(const std::vector<client::Move>&, bool json);
std::string text_of(const std::vector<Console::Moved>&, bool json);
std::string text_of(const std::vector<Console::Destroyed>&, bool json);
std::string status_text(const wire::GroupReport&, bool json);
std::string members_text(const wire::GroupReport&, bool json);

}  // namespace bowline::apps
