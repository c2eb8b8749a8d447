// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include <sys/types.h>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"

namespace bowline::chaos {

// A server as a process of its own, which is treated badly.
class Victim {
 public:
  Victim() = default;
  virtual ~Victim() { kill(); }
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  virtual Result<void> start() = 0;  // where it took clients before
  virtual NodeId id() const = 0;
  virtual const std::string& peer_address() const = 0;  // the one in truth

  void kill();    // -9
  void freeze();  // it does nothing any more, and nobody is told
  void thaw();
  bool runs() const { return process_ != 0; }
  bool ended();                               // by itself, which it must not
  void may_end(bool may) { may_end_ = may; }  // then that is no fault

 protected:
  // Its complaints are appended to a file, and so is what it says, unless that goes to `out`.
  Result<void> spawn(const std::vector<std::string>& words, const std::string& log, int out = -1);

 private:
  pid_t process_ = 0;
  bool is_frozen_ = false;
  bool may_end_ = false;
};

}  // namespace bowline::chaos
