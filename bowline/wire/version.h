// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

// What two nodes say to each other has versions, so that a cluster is upgraded one node at a time:
// each connection speaks the newest one that both sides know. What is said only since a later
// version is listed here, and nothing else in the code knows a number. docs/WIRE.md says how one is
// added; golden/ holds what each of them looks like.
namespace bowline::wire {

using Version = std::uint8_t;

inline constexpr Version oldest_version = 1;
inline constexpr Version newest_version = 4;

inline constexpr Version rest_since = 2;          // groups agree to sleep
inline constexpr Version pulse_since = 2;         // a frame that says only: still there
inline constexpr Version cluster_name_since = 2;  // in a hello
inline constexpr Version admin_since = 2;         // operators ask over the wire
inline constexpr Version errands_since = 3;       // programs ask each other
inline constexpr Version destroy_since = 4;       // operators destroy groups

}  // namespace bowline::wire
