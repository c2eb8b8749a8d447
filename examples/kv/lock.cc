// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/lock.h"

#include <algorithm>

namespace bowline::examples::kv {

// An answer that was lost makes no difference: what the key holds says whether we have it.
bool Lock::acquire() {
  Duration pause = std::chrono::milliseconds(1);
  while (true) {
    const Reply now = clerk_.get(key_);
    if (now.fate != Reply::Fate::done) return false;
    if (now.answer->value == holder_) return true;
    if (now.answer->value.empty()) {
      const Reply mine = clerk_.put_at(key_, now.answer->version, holder_);
      if (mine.fate == Reply::Fate::refused) return false;
      if (mine.answer && mine.answer->kind == Answer::Kind::done) return true;
    } else {
      clerk_.rest(pause);
      pause = std::min<Duration>(2 * pause, std::chrono::milliseconds(50));
    }
  }
}

bool Lock::release() {
  while (true) {
    const Reply now = clerk_.get(key_);
    if (now.fate != Reply::Fate::done) return false;
    if (now.answer->value != holder_) return true;
    if (clerk_.put_at(key_, now.answer->version, "").fate == Reply::Fate::refused) return false;
  }
}

}  // namespace bowline::examples::kv
