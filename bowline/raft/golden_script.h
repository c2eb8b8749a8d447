// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

// A small language for stories about the protocol. One file is one story:
//
//   # what happens, in plain words
//   group 1 2 3
//   campaign 1
//       1 < campaign
//           send 2: t0 pre-vote? last=t0/0
//       ...
//
// Lines that begin with # are comments, lines that begin with four blanks are what happened, and
// every other line is a direction:
//
//   group 1 2^50 3:learner [lease] [election=500] [hibernate=500] ...   start these as a group
//   start 4                       a node that knows of no group
//   quietly DIRECTION             do not write down what happens
//   settle                        deliver and persist everything until nothing moves
//   settle until commit 4         ... or until this was said
//   run 2s | advance 2s           let time pass; `advance` delivers and persists nothing
//   jump 2s                       time passes and nobody wakes: everybody was paused
//   wake 1                        let time pass until this node's deadline
//   deliver|drop|delay|repeat 1->2 [WORD] [N]   messages on their way whose text has the word
//   release                       what was delayed is on its way again
//   cut 1 2 | 3, cut 1 -> 2, heal
//   persist 2 [N], hold disk 2, free disk 2
//   crash 2 [keeping N], restart 2 [of 9], wipe 2, damage 2 5..6, unreadable 2 5..6
//   campaign 1, forget leader 2, full 2, room 2
//   suspect 1 at 2 3, contact 1 at 2 3, unreachable 2 at 1
//   write 7 at 1 [x3] [size=N] [in t2], barrier 7 at 1, read 8 at 2 [lease|verify]
//   reconfigure 5 at 1: 1 2 4:learner [if @3], cancel 6 at 1, recover 7 at 1 as 9
//   transfer 3 at 1 [to 2]
//   compact 1 through 5, restored 3, restore failed 3, snapshot ended 3 at 1
//   inject 2 < 1 t5 append prev=t1/2 commit=3 [t5/3]   a message that nobody of ours sent
//   why 1, why 7 at 1, state [1]
//   live                          mend everything; a write must commit everywhere
namespace bowline::raft::golden {

struct Played {
  std::string text;                     // the story, with what happened now
  std::vector<std::string> violations;  // of what Raft promises; none, if all is well
};
Played play(std::string_view story);

}  // namespace bowline::raft::golden
