// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bowline/kv/item.h"
#include "bowline/kv/request.h"

// What is in the buckets of etcd's database.
namespace bowline::etcd::backup {

// Each write by its revision; a message KeyValue. Of a deletion it has the key only.
inline constexpr std::string_view key_bucket = "key";
inline constexpr std::string_view lease_bucket = "lease";  // by id; a message Lease
inline constexpr std::string_view alarm_bucket = "alarm";  // messages AlarmMember, without values
inline constexpr std::string_view meta_bucket = "meta";
// Users we have none, and the members are those that it is restored with.
inline constexpr std::array<std::string_view, 6> empty_buckets{
    "auth", "authRoles", "authUsers", "cluster", "members", "members_removed"};

inline constexpr std::string_view users_bucket = empty_buckets[0];
inline constexpr std::string_view users_are_asked_key = "authEnabled";  // "\1": they are

// In the bucket `meta`, by rising keys.
inline constexpr std::string_view applied_index_key = "consistent_index";
inline constexpr std::string_view finished_compaction_key = "finishedCompactRev";
inline constexpr std::string_view scheduled_compaction_key = "scheduledCompactRev";
inline constexpr std::string_view applied_term_key = "term";

std::string big_endian(std::int64_t number);  // eight bytes
std::int64_t number_in(std::string_view eight_bytes);

// main, '_' and sub; and 't' if it was erased.
std::string key_of(kv::Revision, bool is_live);
struct WriteKey {
  kv::Revision at;
  bool is_live = true;
};
std::optional<WriteKey> write_key_in(std::string_view bytes);  // nullopt: it is none

// A message KeyValue.
std::size_t bytes_of(const kv::Item&, bool is_live);
void append(std::string& out, const kv::Item&, bool is_live);

std::string encode(const kv::Alarm&);
std::string encode_lease(kv::LeaseId, std::int64_t ttl, std::int64_t left);

}  // namespace bowline::etcd::backup
