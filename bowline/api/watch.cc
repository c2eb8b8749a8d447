// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/watch.h"

#include <mutex>

namespace bowline {

// The mutex is held while it is called, so that whoever ends it waits for that; but not for itself.
class Watch::Ear {
 public:
  explicit Ear(Hears hears) : hears_(std::move(hears)) {}

  bool hear(GroupId group, const host::News& news) {
    const std::scoped_lock lock(mutex_);
    if (!open_) return false;
    calling_ = true;
    hears_(group, news);
    calling_ = false;
    return open_;
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    open_ = false;
    if (!calling_) hears_ = {};
  }

 private:
  std::recursive_mutex mutex_;
  Hears hears_;
  bool open_ = true;
  bool calling_ = false;
};

void Watch::end() {
  if (ear_ != nullptr) std::exchange(ear_, nullptr)->close();
}

std::shared_ptr<Watch::Ear> Ears::make(Hears hears) {
  return std::make_shared<Watch::Ear>(std::move(hears));
}

void Ears::tell(GroupId group, const host::News& news) {
  std::erase_if(ears_, [&](const auto& ear) { return !ear->hear(group, news); });
}

}  // namespace bowline
