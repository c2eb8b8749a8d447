// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

namespace bowline::dash {

// page.html, page.css and page.js, as they were when this was compiled.
extern const std::string_view page_html;
extern const std::string_view page_css;
extern const std::string_view page_js;

}  // namespace bowline::dash
