// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/report.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include <unistd.h>

namespace bowline::apps {
namespace {

constexpr double most_excused = 0.010;
constexpr std::uint64_t few_excused = 4;   // say nothing, of however few seeds
constexpr double most_leaderless = 4;      // election timeouts, in 99 of 100 seeds
constexpr std::size_t fewest_seeds = 100;  // of which one may say that they are 99 of 100

[[gnu::format(printf, 1, 2)]] std::string print(const char* format, ...) {
  std::va_list values;
  va_start(values, format);
  char text[1024];
  const int count = std::vsnprintf(text, sizeof text, format, values);
  va_end(values);
  return std::string(text, static_cast<std::size_t>(std::clamp(count, 0, 1023)));
}

std::string number(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

double quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto last = static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(part * last)];
}

struct Row {
  const char* name;
  std::uint64_t sim::Counters::* count;
};
constexpr Row rows[] = {
    {"events", &sim::Counters::events},
    {"steps", &sim::Counters::steps},
    {"messages", &sim::Counters::messages},
    {"messages_lost", &sim::Counters::messages_lost},
    {"messages_doubled", &sim::Counters::messages_doubled},
    {"writes_to_disk", &sim::Counters::writes},
    {"entries_applied", &sim::Counters::entries_applied},
    {"campaigns", &sim::Counters::campaigns},
    {"elections_won", &sim::Counters::elections_won},
    {"starts", &sim::Counters::starts},
    {"power_failures", &sim::Counters::crashes},
    {"kills", &sim::Counters::kills},
    {"writes_lost", &sim::Counters::writes_lost},
    {"pauses", &sim::Counters::pauses},
    {"links_cut", &sim::Counters::links_cut},
    {"entries_from_memory", &sim::Counters::read_in_memory},
    {"entries_from_disk", &sim::Counters::read_on_disk},
    {"entries_not_readable", &sim::Counters::not_readable},
    {"logs_without_space", &sim::Counters::full},
    {"waited_for_space", &sim::Counters::waited_for_space},
    {"blocks_hit", &sim::Counters::blocks_hit},
    {"hits_mended", &sim::Counters::hits_mended},
    {"batches_mended_at_starts", &sim::Counters::batches_mended},
    {"entries_rotten", &sim::Counters::entries_rotten},
    {"entries_mended", &sim::Counters::entries_mended},
    {"disks_lost", &sim::Counters::wipes},
    {"nodes_rejoined", &sim::Counters::rejoined},
    {"snapshots_taken", &sim::Counters::snapshots_taken},
    {"snapshots_fetched", &sim::Counters::snapshots_fetched},
    {"fetches_failed", &sim::Counters::fetches_failed},
    {"memberships_committed", &sim::Counters::memberships_committed},
    {"suspicions", &sim::Counters::suspicions},
    {"naps", &sim::Counters::naps},
    {"recoveries_forced", &sim::Counters::forced},
    {"recoveries_with_loss", &sim::Counters::forced_with_loss},
    {"messages_of_another_cluster", &sim::Counters::foreign},
    {"connections", &sim::Counters::connections},
    {"connections_broken", &sim::Counters::connections_broken},
    {"connections_timed_out", &sim::Counters::connections_timed_out},
    {"chunks", &sim::Counters::chunks},
    {"chunks_sent_again", &sim::Counters::chunks_sent_again},
    {"chunks_flipped", &sim::Counters::chunks_flipped},
    {"calls_done", &sim::Counters::calls_done},
    {"calls_sent_again", &sim::Counters::calls_again},
    {"calls_refused", &sim::Counters::calls_refused},
    {"calls_without_a_verdict", &sim::Counters::calls_maybe},
    {"sessions_over", &sim::Counters::sessions_over},
    {"groups_founded", &sim::Counters::groups_founded},
    {"groups_destroyed", &sim::Counters::groups_destroyed},
    {"groups_settled", &sim::Counters::groups_settled},
    {"group_writes", &sim::Counters::group_writes},
    {"old_programs", &sim::Counters::old_programs},
    {"answers", &sim::Counters::answers},
    {"no_answers", &sim::Counters::no_answers},
    {"ranges_checked", &sim::Counters::ranges_checked},
    {"watch_events", &sim::Counters::watch_events},
    {"watches_resumed", &sim::Counters::watches_resumed},
    {"watches_compacted", &sim::Counters::watches_compacted},
    {"leases_kept_alive", &sim::Counters::leases_kept_alive},
    {"leases_expired", &sim::Counters::leases_expired},
    {"leases_bounded", &sim::Counters::leases_bounded},
    {"refused", &sim::Counters::refused},
    {"reads_served", &sim::Counters::reads_served},
    {"old_reads", &sim::Counters::old_reads},
    {"old_reads_refused", &sim::Counters::old_reads_refused},
    {"unanswered", &sim::Counters::unanswered},
};

template <class Kind, std::size_t Size>
std::string listed(const std::array<std::uint64_t, Size>& counts) {
  std::string text;
  for (std::size_t i = 0; i < Size; ++i) {
    if (counts[i] == 0 || name(static_cast<Kind>(i)) == "none") continue;
    text += text.empty() ? "" : ", ";
    text += std::string(name(static_cast<Kind>(i))) + " " + number(counts[i]);
  }
  return text;
}

std::string wrapped(const std::string& title, const std::string& list) {
  std::string text = title;
  std::size_t column = text.size();
  std::size_t at = 0;
  while (at < list.size()) {
    std::size_t end = list.find(", ", at);
    end = end == std::string::npos ? list.size() : end + 2;
    if (column + end - at > 99) {
      text += "\n            ";
      column = 12;
    }
    text += list.substr(at, end - at);
    column += end - at;
    at = end;
  }
  return text + "\n";
}

std::string escaped(const std::string& words) {
  std::string text;
  for (const char c : words) {
    if (c == '"' || c == '\\') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      text += c;
    }
  }
  return text;
}

}  // namespace

Progress::Progress() : terminal_(::isatty(STDERR_FILENO) != 0) {}

void Progress::show(const Tally& tally, double seconds) {
  if (tally.wanted < 2 || tally.seeds == 0) return;
  const double rate = static_cast<double>(tally.seeds) / std::max(seconds, 0.001);
  const double left = static_cast<double>(tally.wanted - tally.seeds) / rate;
  const std::uint64_t tenths = tally.seeds * 10 / tally.wanted;
  if (terminal_ ? seconds < shown_at_ + 2 : tenths == tenths_) return;
  shown_at_ = seconds;
  tenths_ = tenths;
  std::fprintf(stderr, "%s%s of %s seeds, %.1f a second, %.0f s left%s", terminal_ ? "\r" : "",
               number(tally.seeds).c_str(), number(tally.wanted).c_str(), rate, left,
               terminal_ ? "   " : "\n");
  line_open_ = terminal_;
}

void Progress::tell(const Failure& failure) {
  std::fprintf(stderr, "%sseed %llu broke %s: %s\n", line_open_ ? "\n" : "",
               static_cast<unsigned long long>(failure.seed), failure.invariant.c_str(),
               failure.what.c_str());
  line_open_ = false;
}

// A campaign in which little happens passes easily.
bool saw_enough(const Tally& tally) {
  const Least& least = tally.least;
  return tally.is_short ||
         (least.virtual_seconds >= wanted_least.virtual_seconds &&
          least.troubles >= wanted_least.troubles && least.operations >= wanted_least.operations);
}

// The bound of I22 is for each seed; this one is for what people usually see.
bool led_soon(const Tally& tally) {
  return tally.leader_after.size() < fewest_seeds ||
         quantile(tally.leader_after, 0.99) <= most_leaderless * election_seconds;
}

bool passed(const Tally& tally) {
  const double part =
      static_cast<double>(tally.excused()) / std::max(1.0, static_cast<double>(tally.seeds));
  return tally.failures.empty() && tally.seeds == tally.wanted && saw_enough(tally) &&
         led_soon(tally) && (part <= most_excused || tally.excused() <= few_excused);
}

std::string report(const Tally& tally, const Titles& titles) {
  const sim::Counters& counters = tally.counters;
  std::string text;
  text += wrapped("troubles    ", listed<sim::Trouble>(counters.troubles_begun));
  text += wrapped("operations  ", listed<sim::Act>(counters.acts_begun));
  std::string counts;
  for (const Row& row : rows)
    counts +=
        (counts.empty() ? "" : ", ") + std::string(row.name) + " " + number(counters.*row.count);
  text += wrapped("counts      ", counts);
  text += wrapped("outcomes    ", "committed " + number(counters.outcomes[0]) + ", overruled " +
                                      number(counters.outcomes[1]) + ", unknown " +
                                      number(counters.outcomes[2]));
  if (tally.excused() > 0) text += wrapped("excused     ", listed<sim::Excuse>(tally.excuses));
  constexpr double e = election_seconds;
  text += print(
      "after       a leader that commits: median %.2f E, p99 %.2f E, most %.2f E; "
      "all level: p99 %.2f E, most %.2f E\n",
      quantile(tally.leader_after, 0.5) / e, quantile(tally.leader_after, 0.99) / e,
      quantile(tally.leader_after, 1) / e, quantile(tally.level_after, 0.99) / e,
      quantile(tally.level_after, 1) / e);
  if (tally.seeds > 0 && tally.least.operations <= sum(counters.acts_begun))
    text += print("each seed   at least %.1f virtual s, %s troubles, %s operations\n",
                  tally.least.virtual_seconds, number(tally.least.troubles).c_str(),
                  number(tally.least.operations).c_str());
  if (!saw_enough(tally))
    text += print(
        "FAILED      too little happened: each seed is to have at least %.0f virtual s, %s "
        "troubles, %s operations\n",
        wanted_least.virtual_seconds, number(wanted_least.troubles).c_str(),
        number(wanted_least.operations).c_str());
  if (!led_soon(tally))
    text += print("FAILED      leaders come too late: in 99 of 100 seeds after at most %.0f E\n",
                  most_leaderless);
  for (const Failure& failure : tally.failures)
    text += print("FAILED      seed %llu: %s: ", static_cast<unsigned long long>(failure.seed),
                  failure.invariant.c_str()) +
            failure.what +
            print("\n            see: build/bowline-sim run --world %s --seed %llu --story\n",
                  titles.world.c_str(), static_cast<unsigned long long>(failure.seed));
  text += print(
      "%s: %s seeds of world %s, %.1f virtual hours, %s troubles, %s operations, %s "
      "elections, %zu failures, %s excused, %.1f CPU s, %.0fx real time a core\n",
      passed(tally) ? "passed" : "FAILED", number(tally.seeds).c_str(), titles.world.c_str(),
      tally.virtual_seconds / 3600, number(sum(counters.troubles_begun)).c_str(),
      number(sum(counters.acts_begun)).c_str(), number(counters.elections_won).c_str(),
      tally.failures.size(), number(tally.excused()).c_str(), tally.cpu_seconds,
      tally.virtual_seconds / std::max(tally.cpu_seconds, 1e-9));
  return text;
}

std::string json(const Tally& tally, const Titles& titles) {
  std::string text = print(
      "{\"world\": \"%s\", \"passed\": %s, \"seeds\": %llu, "
      "\"virtual_seconds\": %.3f, \"cpu_seconds\": %.3f, "
      "\"seconds\": %.3f, \"excused\": %llu",
      titles.world.c_str(), passed(tally) ? "true" : "false",
      static_cast<unsigned long long>(tally.seeds), tally.virtual_seconds, tally.cpu_seconds,
      tally.seconds, static_cast<unsigned long long>(tally.excused()));
  for (const auto& [key, values] : {std::pair{"leader_after", &tally.leader_after},
                                    std::pair{"level_after", &tally.level_after}})
    text += print(", \"%s\": {\"p50\": %.4f, \"p99\": %.4f, \"max\": %.4f}", key,
                  quantile(*values, 0.5), quantile(*values, 0.99), quantile(*values, 1));
  text += ", \"counts\": {";
  const char* comma = "";
  for (const Row& row : rows) {
    text += print("%s\"%s\": %llu", comma, row.name,
                  static_cast<unsigned long long>(tally.counters.*row.count));
    comma = ", ";
  }
  for (std::size_t i = 0; i < sim::troubles; ++i)
    text += print(", \"trouble_%s\": %llu", std::string(name(static_cast<sim::Trouble>(i))).c_str(),
                  static_cast<unsigned long long>(tally.counters.troubles_begun[i]));
  for (std::size_t i = 0; i < sim::acts; ++i)
    text += print(", \"act_%s\": %llu", std::string(name(static_cast<sim::Act>(i))).c_str(),
                  static_cast<unsigned long long>(tally.counters.acts_begun[i]));
  for (std::size_t i = 1; i < sim::excuses; ++i)
    text += print(", \"excuse_%s\": %llu", std::string(name(static_cast<sim::Excuse>(i))).c_str(),
                  static_cast<unsigned long long>(tally.excuses[i]));
  text += "}, \"failures\": [";
  comma = "";
  for (const Failure& failure : tally.failures) {
    text += print("%s{\"seed\": %llu, \"invariant\": \"%s\", \"what\": \"", comma,
                  static_cast<unsigned long long>(failure.seed), failure.invariant.c_str()) +
            escaped(failure.what) + "\"}";
    comma = ", ";
  }
  return text + "]}\n";
}

}  // namespace bowline::apps
