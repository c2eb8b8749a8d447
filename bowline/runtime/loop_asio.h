// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include "bowline/runtime/loop.h"

namespace bowline::runtime {

// Only for sources that have something to wait for: it is slow to compile.
struct Loop::Asio {
  asio::io_context context{1};  // one thread runs it; others may still post
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  asio::steady_timer alarm{context};
};

}  // namespace bowline::runtime
