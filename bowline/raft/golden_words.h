// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/base/time.h"
#include "bowline/raft/input.h"
#include "bowline/raft/membership.h"

namespace bowline::raft::golden {

struct Nonsense {  // thrown where a line of a story makes no sense
  std::string why;
};

// The words of one line of a story, taken one after the other.
class Words {
 public:
  explicit Words(std::string_view line);

  bool done() const { return next_ == words_.size(); }
  std::string word();                    // the next, whatever it is
  bool take(std::string_view expected);  // true if that was the next; else nothing is taken
  void need(std::string_view expected);
  std::optional<std::string> value(std::string_view key);  // of `key=value`, if that is the next
  std::uint64_t number();
  std::string rest();

  NodeId node() { return {number()}; }
  Duration duration();  // 300ms, 2s
  LogId id();           // t2/7
  Wanted wanted();      // 4, 4:learner, 4^50
  std::vector<Wanted> many_wanted();
  std::pair<Index, Index> stretch();  // 5..6
  bool at_number() const;

 private:
  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

std::uint64_t number_in(std::string_view);
LogId id_in(std::string_view);

// A message as a story writes it, e.g. `t5 append prev=t1/2 commit=3 [t5/3 t5/4]`.
Message message_in(Words&);

}  // namespace bowline::raft::golden
