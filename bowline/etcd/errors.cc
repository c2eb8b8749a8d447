// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/errors.h"

#include <array>
#include <string>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::etcd {
namespace {

using rpc::Code;

// Clients look errors up by these texts, byte by byte. The codes are those that version 3.5 puts on
// the wire: two of them are `unknown`, because it makes these errors where clients do.
constexpr std::array rows{
    ErrorRow{Wrong::key_not_provided, Code::invalid_argument, "etcdserver: key is not provided"},
    ErrorRow{Wrong::key_not_found, Code::invalid_argument, "etcdserver: key not found"},
    ErrorRow{Wrong::value_provided, Code::invalid_argument, "etcdserver: value is provided"},
    ErrorRow{Wrong::lease_provided, Code::invalid_argument, "etcdserver: lease is provided"},
    ErrorRow{Wrong::too_many_ops, Code::invalid_argument,
             "etcdserver: too many operations in txn request"},
    ErrorRow{Wrong::duplicate_key, Code::invalid_argument,
             "etcdserver: duplicate key given in txn request"},
    ErrorRow{Wrong::invalid_client_version, Code::invalid_argument,
             "etcdserver: invalid client api version"},
    ErrorRow{Wrong::invalid_sort_option, Code::invalid_argument, "etcdserver: invalid sort option"},
    ErrorRow{Wrong::bad_member_urls, Code::invalid_argument,
             "etcdserver: given member URLs are invalid"},
    ErrorRow{Wrong::request_too_large, Code::invalid_argument, "etcdserver: request is too large"},

    ErrorRow{Wrong::compacted, Code::out_of_range,
             "etcdserver: mvcc: required revision has been compacted"},
    ErrorRow{Wrong::future_revision, Code::out_of_range,
             "etcdserver: mvcc: required revision is a future revision"},
    ErrorRow{Wrong::lease_ttl_too_large, Code::out_of_range, "etcdserver: too large lease TTL"},
    ErrorRow{Wrong::no_space, Code::resource_exhausted,
             "etcdserver: mvcc: database space exceeded"},
    ErrorRow{Wrong::lease_not_found, Code::not_found, "etcdserver: requested lease not found"},
    ErrorRow{Wrong::lease_exists, Code::failed_precondition, "etcdserver: lease already exists"},
    ErrorRow{Wrong::corrupt, Code::data_loss, "etcdserver: corrupt cluster"},

    ErrorRow{Wrong::member_not_found, Code::not_found, "etcdserver: member not found"},
    ErrorRow{Wrong::member_exists, Code::failed_precondition,
             "etcdserver: member ID already exist"},
    ErrorRow{Wrong::peer_urls_exist, Code::failed_precondition,
             "etcdserver: Peer URLs already exists"},
    ErrorRow{Wrong::not_enough_started, Code::unknown,
             "etcdserver: re-configuration failed due to not enough started members"},
    ErrorRow{Wrong::not_a_learner, Code::failed_precondition,
             "etcdserver: can only promote a learner member"},
    ErrorRow{Wrong::learner_not_ready, Code::failed_precondition,
             "etcdserver: can only promote a learner member which is in sync with leader"},
    ErrorRow{Wrong::too_many_learners, Code::failed_precondition,
             "etcdserver: too many learner members in cluster"},
    ErrorRow{Wrong::cluster_id_mismatch, Code::failed_precondition,
             "etcdserver: cluster ID mismatch"},
    ErrorRow{Wrong::unhealthy_cluster, Code::unavailable, "etcdserver: unhealthy cluster"},
    ErrorRow{Wrong::bad_transferee, Code::failed_precondition, "etcdserver: bad leader transferee"},
    ErrorRow{Wrong::not_supported_for_learner, Code::unavailable,
             "etcdserver: rpc not supported for learner"},

    ErrorRow{Wrong::too_many_requests, Code::unknown, "etcdserver: too many requests"},
    ErrorRow{Wrong::not_leader, Code::failed_precondition, "etcdserver: not leader"},
    ErrorRow{Wrong::no_leader, Code::unavailable, "etcdserver: no leader"},
    ErrorRow{Wrong::leader_changed, Code::unavailable, "etcdserver: leader changed"},
    ErrorRow{Wrong::stopped, Code::unavailable, "etcdserver: server stopped"},
    ErrorRow{Wrong::timed_out, Code::unavailable, "etcdserver: request timed out"},
    ErrorRow{Wrong::timed_out_leader_failed, Code::unavailable,
             "etcdserver: request timed out, possibly due to previous leader failure"},
    ErrorRow{Wrong::timed_out_connection_lost, Code::unavailable,
             "etcdserver: request timed out, possibly due to connection lost"},
    ErrorRow{Wrong::timed_out_waiting_for_applied, Code::unavailable,
             "etcdserver: request timed out, waiting for the applied index took too long"},
    ErrorRow{Wrong::request_canceled, Code::cancelled, "etcdserver: request canceled"},
    ErrorRow{Wrong::deadline_exceeded, Code::deadline_exceeded,
             "etcdserver: context deadline exceeded"},
    ErrorRow{Wrong::not_capable, Code::unavailable, "etcdserver: not capable"},

    ErrorRow{Wrong::wrong_version_format, Code::invalid_argument,
             "etcdserver: wrong downgrade target version format"},
    ErrorRow{Wrong::invalid_target_version, Code::invalid_argument,
             "etcdserver: invalid downgrade target version"},
    ErrorRow{Wrong::cluster_version_unavailable, Code::unavailable,
             "etcdserver: cluster version not found during downgrade"},
    ErrorRow{Wrong::downgrade_in_process, Code::failed_precondition,
             "etcdserver: cluster has a downgrade job in progress"},
    ErrorRow{Wrong::no_inflight_downgrade, Code::failed_precondition,
             "etcdserver: no inflight downgrade job"},

    ErrorRow{Wrong::auth_not_enabled, Code::failed_precondition,
             "etcdserver: authentication is not enabled"},
    ErrorRow{Wrong::invalid_token, Code::unauthenticated, "etcdserver: invalid auth token"},
    ErrorRow{Wrong::permission_denied, Code::permission_denied, "etcdserver: permission denied"},

    ErrorRow{
        Wrong::answer_too_large, Code::resource_exhausted,
        "grpc: trying to send message larger than max: members tell each other 40 MiB at most"},
};

const ErrorRow& row_of(Wrong wrong) {
  const auto place = static_cast<std::size_t>(wrong);
  ensure(place < rows.size());
  return rows[place];
}

}  // namespace

std::span<const ErrorRow> error_rows() { return rows; }

std::string_view text_of(Wrong wrong) { return row_of(wrong).text; }

rpc::Status status_of(Wrong wrong) {
  const ErrorRow& row = row_of(wrong);
  return {row.code, std::string(row.text)};
}

rpc::Status status_of(kv::Refusal refusal) {
  using kv::Refusal;
  switch (refusal) {
    case Refusal::compacted: return status_of(Wrong::compacted);
    case Refusal::future_revision: return status_of(Wrong::future_revision);
    case Refusal::key_not_found: return status_of(Wrong::key_not_found);
    case Refusal::value_provided: return status_of(Wrong::value_provided);
    case Refusal::lease_provided: return status_of(Wrong::lease_provided);
    case Refusal::lease_not_found: return status_of(Wrong::lease_not_found);
    case Refusal::lease_exists: return status_of(Wrong::lease_exists);
    case Refusal::no_space: return status_of(Wrong::no_space);
    case Refusal::corrupt: return status_of(Wrong::corrupt);
    case Refusal::answer_too_large:
    case Refusal::answer_left_out:
      return {Code::resource_exhausted, "etcdserver: " + std::string(kv::words(refusal))};
    // Ours, and no client's: what was proposed was not what this release proposes.
    case Refusal::none:
    case Refusal::malformed:
    case Refusal::expired_elsewhere: break;
  }
  return {Code::unknown, std::string(kv::words(refusal))};
}

}  // namespace bowline::etcd
