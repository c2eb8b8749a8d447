// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "bowline/rpc/http.h"

namespace bowline::rpc {

// Keeps the pages of others out of the paths for plain HTTP: a browser inside a network would
// otherwise carry what they ask for to servers that the network trusts.
struct Gate {
  // Names under which this server is asked, without the port; empty: any. A page whose name was
  // made to lead here (DNS rebinding) asks under its own. So an address instead of a name passes.
  std::vector<std::string> hosts = {};
  // Pages of others that may ask, "https://dash.example:8080" or "*"; empty: none may (CORS is
  // off).
  std::vector<std::string> origins = {};

  // What to answer instead; none: it may pass.
  std::optional<HttpAnswer> judge(const HttpRequest&) const;
  // It passes because its origin is listed: the browser has to be told so.
  bool shares(const HttpRequest&) const;
};

}  // namespace bowline::rpc
