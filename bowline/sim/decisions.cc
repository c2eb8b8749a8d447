// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/decisions.h"

#include <array>
#include <bit>

#include "bowline/sim/hash.h"

namespace bowline::sim {
namespace {

constexpr std::uint64_t million = 1'000'000;

// 2^(i/16) in 16.16 fixed point: no float takes part in a decision, so all machines agree.
constexpr std::array<std::uint64_t, 16> sixteenth_powers{
    65536, 68438, 71468,  74632,  77936,  81386,  84990,  88752,
    92682, 96785, 101070, 105545, 110218, 115098, 120194, 125515};

std::uint64_t key(Stream stream) {
  return (std::uint64_t{static_cast<std::uint8_t>(stream.part)} << 16) |
         (std::uint64_t{stream.a} << 8) | stream.b;
}

// The steps of a sixteenth of an octave from low to high.
std::uint64_t steps_between(std::uint64_t low, std::uint64_t high) {
  std::uint64_t steps = 0;
  while (steps < 1024) {
    const std::uint64_t value = (low << (steps / 16)) * sixteenth_powers[steps % 16] >> 16;
    if (value > high) break;
    ++steps;
  }
  return steps;
}

}  // namespace

Chance::Chance(Decisions& decisions, Stream stream)
    : decisions_(&decisions), prng_(mixed(decisions.seed(), key(stream))), stream_(stream) {}

Chance::Thread& Chance::thread(const char* what) {
  const auto [at, fresh] = threads_.try_emplace(what);
  if (!fresh) return at->second;
  const Strand strand{stream_, what};
  const auto given = decisions_->given_.find(strand);
  if (given != decisions_->given_.end()) at->second.given = &given->second;
  at->second.taken = &decisions_->recording_[strand];
  at->second.taken->clear();
  return at->second;
}

std::uint64_t Chance::take(const char* what, std::uint64_t fresh) {
  if (decisions_->mode() == Decisions::Mode::draw) return fresh;
  const auto& [given, taken] = thread(what);
  std::uint64_t value = fresh;
  if (decisions_->mode() == Decisions::Mode::replay)
    value = given != nullptr && taken->size() < given->size() ? (*given)[taken->size()] : 0;
  taken->push_back(value);
  return value;
}

std::uint64_t Chance::below(const char* what, std::uint64_t bound) {
  if (bound <= 1) return 0;
  return take(what, prng_.below(bound)) % bound;
}

bool Chance::happens(const char* what, std::uint64_t ppm) {
  if (ppm == 0) return false;
  return take(what, prng_.below(million) < ppm ? 1 : 0) != 0;
}

std::uint64_t Chance::log_between(const char* what, std::uint64_t low, std::uint64_t high) {
  if (low >= high) return low;
  const std::uint64_t floor = low == 0 ? 1 : low;
  const std::uint64_t step = prng_.below(steps_between(floor, high));
  const std::uint64_t drawn = (floor << (step / 16)) * sixteenth_powers[step % 16] >> 16;
  const std::uint64_t above = take(what, drawn - low);
  return low + (above > high - low ? high - low : above);
}

Duration Chance::log_between(const char* what, Duration low, Duration high) {
  const auto nanoseconds = log_between(what, static_cast<std::uint64_t>(low.count()),
                                       static_cast<std::uint64_t>(high.count()));
  return Duration(static_cast<std::int64_t>(nanoseconds));
}

// The number of leading zeros of a random word is geometric, which is an exponential in steps of
// ln 2 times the mean; inside a step we take it as uniform.
Duration Chance::exponential(const char* what, Duration mean) {
  if (mean.count() <= 0) return Duration(0);
  const std::uint64_t word = prng_.next();
  const auto zeros = static_cast<std::uint64_t>(std::countl_zero(word | (1ULL << 48)));
  const std::uint64_t inside = word & 1023;
  const std::uint64_t thousandths = (zeros * 1024 + inside) * 710 / 1024;  // ln 2 * 1024 = 710
  const auto drawn = static_cast<std::uint64_t>(mean.count()) / 1024 * thousandths;
  return Duration(static_cast<std::int64_t>(take(what, drawn)));
}

std::uint64_t Chance::word(const char* what) { return take(what, prng_.next()); }

}  // namespace bowline::sim
