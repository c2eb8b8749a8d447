// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "bowline/kv/answer.h"
#include "bowline/rpc/status.h"

namespace bowline::etcd {

// Every error that etcd's clients know by its text, and some that only people read.
enum class Wrong : std::uint8_t {
  // the request
  key_not_provided,
  key_not_found,
  value_provided,
  lease_provided,
  too_many_ops,
  duplicate_key,
  invalid_client_version,
  invalid_sort_option,
  bad_member_urls,
  request_too_large,
  // what the store says
  compacted,
  future_revision,
  lease_ttl_too_large,
  no_space,
  lease_not_found,
  lease_exists,
  corrupt,
  // members
  member_not_found,
  member_exists,
  peer_urls_exist,
  not_enough_started,
  not_a_learner,
  learner_not_ready,
  too_many_learners,
  cluster_id_mismatch,
  unhealthy_cluster,
  bad_transferee,
  not_supported_for_learner,
  // the group
  too_many_requests,
  not_leader,
  no_leader,
  leader_changed,
  stopped,
  timed_out,
  timed_out_leader_failed,
  timed_out_connection_lost,
  timed_out_waiting_for_applied,
  request_canceled,
  deadline_exceeded,
  not_capable,
  // downgrades
  wrong_version_format,
  invalid_target_version,
  cluster_version_unavailable,
  downgrade_in_process,
  no_inflight_downgrade,
  // users
  auth_not_enabled,
  invalid_token,
  permission_denied,
  // ours
  answer_too_large,
};

struct ErrorRow {
  Wrong wrong;
  rpc::Code code;
  std::string_view text;
};
std::span<const ErrorRow> error_rows();  // in the order of Wrong

std::string_view text_of(Wrong);
rpc::Status status_of(Wrong);
rpc::Status status_of(kv::Refusal);  // that is not `none`

}  // namespace bowline::etcd
