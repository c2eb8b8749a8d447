// SPDX-License-Identifier: Apache-2.0
// What happens to a platter from outside: the power, kills, and what goes wrong.
#include <algorithm>
#include <array>

#include "bowline/base/ensure.h"
#include "bowline/sim/hash.h"
#include "bowline/sim/platter.h"

namespace bowline::sim {
namespace {

using env::block_bytes;

constexpr std::uint64_t ways = 8;
constexpr std::array<Loss, ways - 2> way{Loss::nothing, Loss::everything, Loss::sectors,
                                         Loss::sectors, Loss::prefix,     Loss::prefix};

}  // namespace

void Platter::lose_power(Chance& chance) {
  const std::uint64_t drawn = chance.below("power takes", ways);
  lose_power(chance, drawn < way.size() ? std::optional(way[drawn]) : std::nullopt);
}

// Each file in its own way, unless one is given.
void Platter::lose_power(Chance& chance, std::optional<Loss> loss) {
  ++counters_.power_losses;
  const auto one = [&](const char* what) {
    return loss ? *loss : static_cast<Loss>(chance.below(what, losses));
  };
  const Loss of_names = one("power takes of names");
  for (const UnderWay& change : changes_) settle(chance, change.change, of_names);
  changes_.clear();
  contents_.names.lose_power(chance, of_names);
  for (const auto& [id, contents] : contents_.files)
    if (contents->dirty()) changed(id)->lose_power(chance, one("power takes of a file"));
  alive_.clear();
  holder_ = {};
  open_.clear();
  collect();
}

// It happens, or it does not; or a new file is there, but not as large as it was to be.
void Platter::settle(Chance& chance, const NameChange& change, Loss loss) {
  if (loss == Loss::everything) return;
  const std::uint64_t fate = loss == Loss::nothing ? 0 : chance.below("half done", 3);
  if (fate == 1) return;
  NameChange happens = change;
  if (fate == 2 && change.kind == NameChange::Kind::create) {
    happens.bytes -= chance.below("bytes missing", change.bytes + 1);
  }
  const Result<FileId> ignored = apply(happens, false);
  static_cast<void>(ignored);
}

void Platter::kill(Chance& chance, ProcessId process) {
  if (!alive(process)) return;
  ++counters_.kills;
  std::erase(alive_, process);
  unlock(process);
  for (const UnderWay& change : changes_)
    if (change.process == process) settle(chance, change.change, Loss::sectors);
  std::erase_if(changes_, [&](const UnderWay& change) { return change.process == process; });
  // No process shares a file with another, or they would have ignored the lock.
  if (!alive_.empty()) return;
  for (const auto& [id, contents] : contents_.files)
    if (contents->busy()) changed(id)->settle(chance);
  open_.clear();
  collect();
}

void Platter::kill(Chance& chance) {
  while (!alive_.empty()) kill(chance, alive_.front());
}

// --- what goes wrong

bool Platter::allowed(Mishap mishap, std::string_view file, Stretch stretch) {
  if (guard_.value && !guard_.value(mishap, file, stretch)) return false;
  ++counters_.suffered[static_cast<std::size_t>(mishap)];
  return true;
}

void Platter::arrange(Mishap mishap, std::string file, std::uint32_t times) {
  if (times > 0) arranged_.push_back({mishap, std::move(file), times});
}

bool Platter::suffers(Mishap mishap, bool drawn, std::string_view file, Stretch stretch) {
  const auto found = std::ranges::find_if(arranged_, [&](const Arranged& arranged) {
    return arranged.mishap == mishap && (arranged.file.empty() || arranged.file == file);
  });
  if (found != arranged_.end()) {
    drawn = true;
    if (--found->times == 0) arranged_.erase(found);
  }
  return drawn && allowed(mishap, file, stretch);
}

bool Platter::suffers(Mishap mishap, bool drawn, FileId file, Stretch stretch) {
  if (!drawn && arranged_.empty()) return false;
  return suffers(mishap, drawn, contents_.names.name_of(file), stretch);
}

bool Platter::flip(std::string_view name, std::uint64_t offset, unsigned bit) {
  PlatterFile* file = changed(find(name));
  if (file == nullptr || offset >= file->bytes()) return false;
  if (!allowed(Mishap::rot, name, {offset, 1})) return false;
  file->flip(offset, bit);
  return true;
}

bool Platter::rot(std::string_view name, std::uint64_t first, std::uint64_t count,
                  std::uint64_t seed) {
  PlatterFile* file = changed(find(name));
  if (file == nullptr || count == 0 || first + count > file->blocks() * block_sectors) return false;
  if (!allowed(Mishap::rot, name, {first * sector_bytes, count * sector_bytes})) return false;
  for (std::uint64_t i = 0; i < count; ++i) file->garble(first + i, mixed(seed, first + i));
  return true;
}

bool Platter::spoil(std::string_view name, std::uint64_t first, std::uint64_t count, bool once) {
  PlatterFile* file = changed(find(name));
  if (file == nullptr || count == 0 || first + count > file->blocks() * block_sectors) return false;
  if (!allowed(Mishap::spoilt, name, {first * sector_bytes, count * sector_bytes})) return false;
  for (std::uint64_t i = 0; i < count; ++i) file->spoil(first + i, once);
  return true;
}

void Platter::decay(Chance& chance, Mishap mishap, FileId id) {
  PlatterFile* file = changed(id);
  if (file == nullptr || file->bytes() == 0) return;
  const std::string name = contents_.names.name_of(id);
  const std::uint64_t offset = chance.below("decays at", file->bytes());
  const std::uint64_t sector = offset / sector_bytes;
  if (mishap == Mishap::spoilt) {
    if (allowed(mishap, name, {sector * sector_bytes, sector_bytes})) file->spoil(sector, false);
  } else if (chance.happens("a whole sector rots", 500'000)) {
    if (allowed(mishap, name, {sector * sector_bytes, sector_bytes}))
      file->garble(sector, chance.below("garbage", std::uint64_t{1} << 32));
  } else if (allowed(mishap, name, {offset, 1})) {
    file->flip(offset, static_cast<unsigned>(chance.below("decays at bit", 8)));
  }
}

std::optional<Platter::Place> Platter::elsewhere(Chance& chance, FileId id, std::uint64_t block,
                                                 std::uint64_t count) const {
  std::vector<FileId> fit;
  for (const auto& [name, other] : contents_.names.cached())
    if (file(other)->blocks() > count) fit.push_back(other);
  if (fit.empty()) return std::nullopt;
  Place place{.file = fit[chance.below("misdirected file", fit.size())]};
  place.block = chance.below("misdirected to", file(place.file)->blocks() - count + 1);
  if (place.file == id && place.block == block) place.block = block == 0 ? 1 : block - 1;
  return place;
}

bool Platter::may_be_hit(const Place& place, std::uint64_t count) {
  const Stretch stretch{.offset = place.block * block_bytes, .bytes = count * block_bytes};
  return !guard_.value ||
         guard_.value(Mishap::misdirected_write, contents_.names.name_of(place.file), stretch);
}

// --- whole disks

void Platter::wipe() {
  ensure(alive_.empty());
  contents_ = {};
}

void Platter::roll_back(const Platter& earlier) {
  ensure(alive_.empty());
  ensure(earlier.alive_.empty());
  contents_ = earlier.contents_;
}

void exchange_contents(Platter& a, Platter& b) {
  ensure(a.alive_.empty());
  ensure(b.alive_.empty());
  std::swap(a.contents_, b.contents_);
}

}  // namespace bowline::sim
