// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/auto_compactor.h"

#include <expected>
#include <optional>
#include <string>

#include "bowline/kv/answer.h"
#include "bowline/kv/command.h"

namespace bowline::etcd {

AutoCompactor::AutoCompactor(Here& here)
    : here_(here),
      compaction_(here.settings.auto_compaction),
      timer_(here.loop.timer([this] { look(); })) {
  if (compaction_.is_on()) look();
}

AutoCompactor::~AutoCompactor() { here_.loop.drop(timer_); }

void AutoCompactor::look() {
  const Time now = here_.clock.now();
  here_.loop.set(timer_, now + compaction_.every());
  const std::optional<std::int64_t> target =
      compaction_.look(now, here_.store().revision(), here_.quorum.leads());
  if (target) propose(*target);
}

// If it comes to nothing the next look says it again.
void AutoCompactor::propose(std::int64_t revision) {
  here_.quorum.propose(
      kv::encode(kv::Command(kv::Compact{revision})),
      life_.guard([this, revision](const std::expected<std::string, Wrong>& bytes) {
        const auto answer = bytes ? kv::decode_answer(*bytes) : std::nullopt;
        if (!answer) return;
        if (answer->refusal == kv::Refusal::none || answer->refusal == kv::Refusal::compacted)
          compaction_.told(here_.clock.now(), revision);
      }));
}

}  // namespace bowline::etcd
