// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/etcd/json_codec.h"
#include "bowline/rpc/http.h"
#include "bowline/rpc/router.h"

namespace bowline::etcd {

// The same methods for those who speak JSON over HTTP: POST /v3/kv/range and its like. What is
// asked becomes a call of the method, and what it answers JSON again.
class Gateway {
 public:
  Gateway(env::Loop&, rpc::Router&);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  void add_to(rpc::Router&);
  // What is asked below this path is not served, and why.
  void refuse(std::string_view below, std::string_view sentence);

 private:
  void serve(rpc::Exchange, const rpc::HttpRequest&);

  env::Loop& loop_;
  rpc::Router& router_;
  std::vector<std::pair<std::string_view, std::string_view>> refused_;
  std::shared_ptr<JsonCodec> codec_;  // of the calls, too, which may outlive this
};

// Which status of HTTP stands for it.
int http_status_of(rpc::Code);
// The body of an answer that is an error.
std::string json_error(const rpc::Status&);

}  // namespace bowline::etcd
