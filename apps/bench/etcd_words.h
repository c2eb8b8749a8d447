// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Requests of etcd's API, as they are measured.
namespace bowline::bench {

inline constexpr std::string_view put_path = "/etcdserverpb.KV/Put";
inline constexpr std::string_view range_path = "/etcdserverpb.KV/Range";
inline constexpr std::string_view txn_path = "/etcdserverpb.KV/Txn";
inline constexpr std::string_view watch_path = "/etcdserverpb.Watch/Watch";

std::string key_of(std::uint64_t number);  // eight bytes
std::string put_of(std::uint64_t key, std::size_t bytes);
std::string range_of(std::uint64_t key, bool serializable);
// If the key is there, it is put.
std::string txn_of(std::uint64_t key, std::size_t bytes);
bool has_succeeded(std::string_view txn_answer);
std::string watch_of(std::uint64_t key);

}  // namespace bowline::bench
