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
    case EFBIG:
    // Only what makes a descriptor meets these two, and then it has done nothing.
    case EMFILE:
    case ENFILE: return Fault::full;
    case ETIMEDOUT: return Fault::timeout;
    default: return Fault::io;
  }
}

const char* advice(int number) {
  switch (number) {
    case EMFILE:
      return ": this process may not open more; raise its limit of open files (ulimit -n, or "
             "LimitNOFILE= of systemd)";
    case ENFILE: return ": this machine may not open more; raise its limit (sysctl fs.file-max)";
    default: return "";
  }
}

}  // namespace

Error system_error(int number, const std::string& doing) {
  // Unlike strerror(), this may be called on any thread.
  return {fault_of(number),
          doing + ": " + std::generic_category().message(number) + advice(number)};
}

Error opening_error(int number, const std::string& doing) {
  Error error = system_error(number, doing);
  if (number == ENOMEM) error.fault = Fault::full;
  return error;
}

}  // namespace bowline::runtime
