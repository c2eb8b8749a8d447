// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/served_machine.h"

#include <utility>

namespace bowline::etcd {

class ServedMachine::Noting final : public machine::Writer {
 public:
  Noting(std::unique_ptr<machine::Writer> inner, const ServedMachine& machine)
      : inner_(std::move(inner)), machine_(machine) {}
  Result<void> add(std::string_view bytes) override { return inner_->add(bytes); }
  Result<void> commit() override {
    Result<void> done = inner_->commit();
    machine_.note();
    return done;
  }

 private:
  std::unique_ptr<machine::Writer> inner_;
  const ServedMachine& machine_;
};

std::unique_ptr<machine::Writer> ServedMachine::restore() {
  return std::make_unique<Noting>(map_.restore(), *this);
}

}  // namespace bowline::etcd
