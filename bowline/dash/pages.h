// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/dash/roundup.h"
#include "bowline/rpc/http.h"
#include "bowline/rpc/router.h"

namespace bowline::dash {

// The first page, at "/", what it is made of, and the numbers that it asks for again and again.
class Pages {
 public:
  explicit Pages(Sources);
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  // Outlives the router's use.
  void add_to(rpc::Router&);

 private:
  void status(rpc::Exchange);

  Roundup roundup_;
  env::Life life_;
};

}  // namespace bowline::dash
