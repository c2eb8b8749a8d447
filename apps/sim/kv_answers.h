// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>

#include "bowline/etcd/convert.h"
#include "bowline/etcd/errors.h"
#include "bowline/kv/answer.h"
#include "bowline/rpc/status.h"

// What answers to clients mean, and whether they say what the machine said.
namespace bowline::apps {

using etcd::Wrong;

inline bool is_one_of(const rpc::Status& status, std::span<const Wrong> all) {
  return std::ranges::any_of(all, [&](Wrong one) { return status == etcd::status_of(one); });
}

// It may be done, or not.
inline bool says_nothing(const rpc::Status& status) {
  constexpr std::array unknown{Wrong::timed_out, Wrong::timed_out_leader_failed,
                               Wrong::timed_out_connection_lost,
                               Wrong::timed_out_waiting_for_applied, Wrong::stopped};
  return is_one_of(status, unknown);
}

// Nor that: of leases only the leader knows, and there was none all the time.
inline bool says_no_leader(const rpc::Status& status) {
  return says_nothing(status) || status == etcd::status_of(Wrong::no_leader);
}

// It is not done, and never will be, whatever the state is.
inline bool is_void(const rpc::Status& status) {
  constexpr std::array never{Wrong::too_many_requests, Wrong::request_too_large,
                             Wrong::not_supported_for_learner};
  return is_one_of(status, never);
}

inline std::string text(const rpc::Status& status) {
  return status.ok() ? "its answer" : "'" + status.message + "'";
}

template <class Response>
std::optional<Response> read(const std::string& said) {
  Response response;
  if (!response.ParseFromString(said)) return std::nullopt;
  return response;
}

// All that an answer says, but for who said it.
template <class Response>
std::string essence(Response response) {
  const std::int64_t revision = response.header().revision();
  response.clear_header();
  response.mutable_header()->set_revision(revision);
  return response.SerializeAsString();
}

template <class Response, class Said>
bool fits(const kv::Answer& answer, const std::string& said) {
  const Said* const done = std::get_if<Said>(&answer.said);
  auto response = read<Response>(said);
  if (done == nullptr || !response) return false;
  Response wanted;
  wanted.mutable_header()->set_revision(answer.revision);
  etcd::fill(wanted, *done);
  return essence(*std::move(response)) == wanted.SerializeAsString();
}

template <class Response>
bool fits_header(const kv::Answer& answer, const std::string& said) {
  const auto response = read<Response>(said);
  return response && response->header().revision() == answer.revision;
}

inline std::optional<rpc::Status> as_status(std::optional<Wrong> wrong) {
  if (!wrong) return std::nullopt;
  return etcd::status_of(*wrong);
}

}  // namespace bowline::apps
