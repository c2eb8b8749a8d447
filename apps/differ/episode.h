// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/differ/peer.h"
#include "apps/differ/rules.h"
#include "apps/differ/step.h"
#include "apps/differ/watch_view.h"

namespace bowline::differ {

struct Difference {
  std::size_t step = 0;  // at which it was seen
  std::string what;
  std::string kind;  // equal for differences that are likely to be the same one
};

// Says some steps to both servers, and compares all they say. Both begin with the same history, and
// then are emptied, so that an episode means the same whatever was before it.
class Episode {
 public:
  Episode(Peer& ours, Peer& theirs, Release, const Steps& steps, Tally& tally,
          double patience_seconds = 10);

  std::optional<Difference> run();
  std::uint64_t requests() const { return requests_; }

 private:
  struct Side {
    Peer& peer;
    Names names;
    std::int64_t revision = 0;  // of the last answer
    struct Stream {
      std::size_t place = 0;
      bool is_open = false;
      WatchView view;
    };
    std::vector<Stream> streams;
    Stream witness;  // watches everything: what the others have to be told follows from that
  };
  struct Asked {
    std::size_t step = 0;
    const Method* method = nullptr;
    std::array<std::string, 2> bytes;
    std::array<std::size_t, 2> calls = {};
    std::size_t slot = no_slot;
  };

  void fail(const std::string& what, std::string kind = {});
  bool ask(const Method&, const std::array<std::string, 2>& bytes, std::size_t slot = no_slot);
  bool ask(std::string_view path, const Message&);
  bool settle_calls();
  void learn(const Asked&);
  void note_lease(const Asked&);

  void prepare();
  void carry_out(const Step&);
  void open(const Step&);
  void say(const Step&);
  void hang_up(const Step&);
  void expire();

  void read_streams();
  bool all_is_told();
  bool is_told(const Side&, const Watched&) const;
  void settle_watches();
  void catch_up();
  void compare_streams();
  void compare(const WatchView& ours, const WatchView& theirs);
  void compare(const Watched& ours, const Watched& theirs, bool in_portions);
  void wait_for_answer(std::size_t at, const etcdserverpb::WatchRequest& request,
                       const std::string& bytes, bool is_readable);
  bool wait(const std::function<bool()>& done);

  std::array<Side, 2> sides_;
  Release release_;  // of theirs
  const Steps& steps_;
  Tally& tally_;
  double patience_;
  std::vector<Asked> asked_;
  std::int64_t compacted_ = 0;
  std::size_t step_ = 0;
  std::uint64_t requests_ = 0;
  bool watches_ = false;
  bool is_behind_ = false;  // a watch has begun in the past, since theirs had the time to see it
  std::optional<Difference> found_;
};

}  // namespace bowline::differ
