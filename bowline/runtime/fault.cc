// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/fault.h"

#include <cerrno>
#include <system_error>

namespace bowline::runtime {
namespace {

Fault fault_of(int number) {
  switch (number) {
    case ENOENT: return Fault::not_found;
    case EEXIST: return Fault::exists;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case EHOSTUNREACH:
    case ENETUNREACH: return Fault::unreachable;
    // The disk, the share of this user, or the largest file that this process may write.
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return Fault::full;
    case ETIMEDOUT: return Fault::timeout;
    default: return Fault::io;
  }
}

}  // namespace

Error system_error(int number, const std::string& doing) {
  // Unlike strerror(), this may be called on any thread.
  return {fault_of(number), doing + ": " + std::generic_category().message(number)};
}

}  // namespace bowline::runtime
