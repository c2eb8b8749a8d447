// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/status.h"

#include <array>

namespace bowline::rpc {
namespace {

constexpr std::array<std::string_view, codes> code_names = {
    "OK",       "Canceled",        "Unknown",          "InvalidArgument",   "DeadlineExceeded",
    "NotFound", "AlreadyExists",   "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
    "Aborted",  "OutOfRange",      "Unimplemented",    "Internal",          "Unavailable",
    "DataLoss", "Unauthenticated",
};

}  // namespace

std::string_view name(Code code) { return code_names[static_cast<std::size_t>(code)]; }

}  // namespace bowline::rpc
