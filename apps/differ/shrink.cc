// SPDX-License-Identifier: Apache-2.0
#include "apps/differ/shrink.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"

namespace bowline::differ {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Reflection;

class Shrinking {
 public:
  Shrinking(Steps steps, const Shows& shows, std::size_t most_runs)
      : best_(std::move(steps)), shows_(shows), left_(most_runs) {}

  Steps run() {
    for (std::size_t before = 0; before != best_.size() && left_ > 0;) {
      before = best_.size();
      drop_steps();
    }
    for (std::size_t i = 0; i < best_.size(); ++i) drop_fields(i);
    return std::move(best_);
  }

 private:
  bool keeps(Steps candidate) {
    if (left_ == 0) return false;
    --left_;
    if (!shows_(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  // Halves of it first, then smaller and smaller parts, from the end.
  void drop_steps() {
    for (std::size_t part = std::max<std::size_t>(1, best_.size() / 2); part > 0; part /= 2)
      for (std::size_t end = best_.size(); end > 0;) {
        const std::size_t begin = end > part ? end - part : 0;
        Steps fewer(best_.begin(), best_.begin() + static_cast<std::ptrdiff_t>(begin));
        fewer.insert(fewer.end(), best_.begin() + static_cast<std::ptrdiff_t>(end), best_.end());
        keeps(std::move(fewer));
        end = std::min(begin, best_.size());
      }
  }

  void drop_fields(std::size_t at) {
    if (best_[at].method == nullptr || best_[at].method->request == nullptr) return;
    const std::unique_ptr<Message> message(best_[at].method->request->New());
    ensure(message->ParseFromString(best_[at].bytes));
    drop_fields(at, *message, *message);
  }

  bool keeps_as(std::size_t at, const Message& whole) {
    Steps candidate = best_;
    candidate[at].bytes = whole.SerializeAsString();
    return keeps(std::move(candidate));
  }

  // `part` is within `whole`, the message of that step.
  void drop_fields(std::size_t at, const Message& whole, Message& part) {
    const Reflection& reflection = *part.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(part, &fields);
    for (const FieldDescriptor* const field : fields) {
      const std::unique_ptr<Message> before(part.New());
      before->CopyFrom(part);
      reflection.ClearField(&part, field);
      if (keeps_as(at, whole)) continue;
      part.CopyFrom(*before);
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      if (field->is_repeated()) {
        drop_some(at, whole, part, field);
      } else {
        drop_fields(at, whole, *reflection.MutableMessage(&part, field));
      }
    }
  }

  void drop_some(std::size_t at, const Message& whole, Message& part,
                 const FieldDescriptor* field) {
    const Reflection& reflection = *part.GetReflection();
    for (int i = reflection.FieldSize(part, field) - 1; i >= 0; --i) {
      const std::unique_ptr<Message> before(part.New());
      before->CopyFrom(part);
      const int last = reflection.FieldSize(part, field) - 1;
      for (int j = i; j < last; ++j) reflection.SwapElements(&part, field, j, j + 1);
      reflection.RemoveLast(&part, field);
      if (keeps_as(at, whole)) continue;
      part.CopyFrom(*before);
      drop_fields(at, whole, *reflection.MutableRepeatedMessage(&part, field, i));
    }
  }

  Steps best_;
  const Shows& shows_;
  std::size_t left_;
};

}  // namespace

Steps shrink(Steps steps, const Shows& shows, std::size_t most_runs) {
  return Shrinking(std::move(steps), shows, most_runs).run();
}

}  // namespace bowline::differ
