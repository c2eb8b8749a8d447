// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/kv/answer.h"
#include "bowline/kv/request.h"
#include "bowline/kv/run.h"

// The steps of a request that writes. First everything is decided, from the state as it is; then
// everything is checked; then it is done, and cannot fail any more.
namespace bowline::kv {

// Which branch a transaction takes, and each one within that branch, in the order in which they are
// carried out.
using Path = std::vector<bool>;
Path path_of(const Store&, const Txn&);

// Follows a path through a transaction.
class Walk {
 public:
  explicit Walk(const Path& path) : path_(path) {}
  const std::vector<Op>& take(const Txn& txn) {
    ensure(at_ < path_.size());
    succeeded_ = path_[at_++];
    return succeeded_ ? txn.success : txn.failure;
  }
  bool succeeded() const { return succeeded_; }  // the one that was taken last

 private:
  const Path& path_;
  std::size_t at_ = 0;
  bool succeeded_ = false;
};

// etcd looks for the lease of a put before its key when it comes alone, and after it in a
// transaction. Clients see which of two reasons they are given.
enum class Asked : std::uint8_t { alone, in_txn };
Refusal refused(const State&, const Put&, Asked);
Refusal refused(const State&, const Txn&, const Path&);

PutAnswer carry_out(State&, const Put&);
DeleteAnswer carry_out(State&, const DeleteRange&);
TxnAnswer carry_out(State&, const Txn&, const Path&);

}  // namespace bowline::kv
