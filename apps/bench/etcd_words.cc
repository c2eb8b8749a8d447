// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/etcd_words.h"

#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::bench {

std::string key_of(std::uint64_t number) {
  std::string key = std::to_string(number);
  return "k" + std::string(key.size() < 7 ? 7 - key.size() : 0, '0') + key;
}

std::string put_of(std::uint64_t key, std::size_t bytes) {
  etcdserverpb::PutRequest put;
  put.set_key(key_of(key));
  put.set_value(std::string(bytes, 'v'));
  return put.SerializeAsString();
}

std::string range_of(std::uint64_t key, bool serializable) {
  etcdserverpb::RangeRequest range;
  range.set_key(key_of(key));
  range.set_serializable(serializable);
  return range.SerializeAsString();
}

std::string txn_of(std::uint64_t key, std::size_t bytes) {
  etcdserverpb::TxnRequest txn;
  auto& compare = *txn.add_compare();
  compare.set_key(key_of(key));
  compare.set_target(etcdserverpb::Compare::VERSION);
  compare.set_result(etcdserverpb::Compare::GREATER);
  compare.set_version(0);
  txn.add_success()->mutable_request_put()->ParseFromString(put_of(key, bytes));
  return txn.SerializeAsString();
}

bool has_succeeded(std::string_view txn_answer) {
  etcdserverpb::TxnResponse answer;
  return answer.ParseFromArray(txn_answer.data(), static_cast<int>(txn_answer.size())) &&
         answer.succeeded();
}

std::string watch_of(std::uint64_t key) {
  etcdserverpb::WatchRequest request;
  request.mutable_create_request()->set_key(key_of(key));
  return request.SerializeAsString();
}

}  // namespace bowline::bench
