// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <exception>
#include <expected>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "bowline/api/promise.h"
#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/host/outcome.h"

namespace bowline {

// The reply to a read that looks at the machine, on the node's thread, and hands on what it saw. It
// hands something on in any case: also if the read was refused, or if the reply is dropped.
template <class Look>
class Query {
 public:
  using Value = std::decay_t<std::invoke_result_t<Look&>>;
  using Seen = Result<Value>;

  Query(Look look, env::Done<Seen> then)
      : look_(std::move(look)),
        then_(std::move(then),
              std::unexpected(host::error_of({.why = raft::Refusal::stopped, .leader = {}}))) {}

  void operator()(const host::ReadOutcome& outcome) {
    const auto* const refused = std::get_if<host::Refused>(&outcome);
    then_(refused != nullptr ? Seen(std::unexpected(host::error_of(*refused))) : look());
  }

 private:
  // The node's thread has other groups to serve: an exception is the answer of this one query.
  Seen look() {
    try {
      if constexpr (std::is_void_v<Value>) {
        look_();
        return {};
      } else {
        return look_();
      }
    } catch (const std::exception& thrown) {
      return std::unexpected(Error{Fault::invalid, std::string("a query threw: ") + thrown.what()});
    }
  }

  Look look_;
  Kept<Seen> then_;
};

// What a query with it is answered by: what it returns, or why it was not called.
template <class Look>
using Seen = typename Query<Look>::Seen;

}  // namespace bowline
