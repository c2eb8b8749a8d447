// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/base/prng.h"
#include "fuzz/targets.h"

// Feeds each decoder what is in fuzz/corpus/, and then what chance makes of it: always the same, so
// that a finding can be repeated. The real fuzzer is ./dev fuzz. With --write the files that come
// from fuzz/seeds.cc are written anew; others there are what the fuzzer found.
namespace {

namespace fs = std::filesystem;
using bowline::Prng;
using bowline::fuzz::Seed;
using bowline::fuzz::Target;

constexpr std::uint64_t rounds = 30'000;

struct Now {  // what is being eaten, for whoever reads why the process stopped
  std::string target;
  std::string file;
  std::uint64_t round = 0;
};
Now now;

void tell(const char*, unsigned, const char*) {
  std::fprintf(stderr, "target %s, made of %s, round %llu:\n", now.target.c_str(), now.file.c_str(),
               static_cast<unsigned long long>(now.round));
}

std::vector<Seed> files_in(const fs::path& folder) {
  std::vector<Seed> seeds;
  if (!fs::is_directory(folder)) return seeds;
  for (const auto& file : fs::directory_iterator(folder)) {
    std::ifstream in(file.path(), std::ios::binary);
    seeds.push_back({file.path().filename().string(),
                     {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}});
  }
  std::ranges::sort(seeds, {}, &Seed::name);
  return seeds;
}

// Numbers at which arithmetic goes wrong.
char edge(Prng& prng) {
  constexpr std::array edges = {'\x00', '\x01', '\x7f', '\x80', '\xff', '\xfe', '\x10', '\x40'};
  return prng.chance(50) ? static_cast<char>(prng.next()) : edges[prng.below(edges.size())];
}

void mutate(std::string& bytes, const std::string& other, Prng& prng) {
  // Most of a segment is payload: what is near the beginning of a block matters more.
  constexpr std::uint64_t block = 4096;
  std::uint64_t at = prng.below(bytes.size() + 1);
  if (prng.chance(60)) at = at / block * block + prng.below(64);
  at = std::min<std::uint64_t>(at, bytes.size());
  const std::uint64_t count = 1 + prng.below(prng.chance(80) ? 8 : 300);
  switch (prng.below(6)) {
    case 0: bytes.insert(at, count, edge(prng)); break;
    case 1: bytes.erase(at, count); break;
    case 2: bytes.replace(at, count, other.substr(prng.below(other.size() + 1), count)); break;
    case 3: bytes.insert(at, bytes.substr(prng.below(bytes.size() + 1), count)); break;
    default:
      if (at < bytes.size())
        bytes[at] =
            prng.chance(50) ? edge(prng) : static_cast<char>(bytes[at] ^ 1 << prng.below(8));
  }
}

// How many of the inputs were accepted.
std::uint64_t eat(const Target& target, const std::vector<Seed>& files) {
  std::uint64_t accepted = 0;
  now = {std::string(target.name), {}, 0};
  for (const Seed& file : files) {
    now.file = file.name;
    target.eat(file.bytes);
  }
  for (now.round = 1; now.round <= rounds; ++now.round) {
    Prng prng(now.round);
    const Seed& seed = files[prng.below(files.size())];
    now.file = seed.name;
    std::string bytes = seed.bytes;
    for (std::uint64_t i = 1 + prng.below(4); i > 0; --i)
      mutate(bytes, files[prng.below(files.size())].bytes, prng);
    accepted += target.eat(std::string_view(bytes).substr(0, target.most_bytes)) ? 1 : 0;
  }
  return accepted;
}

void write(const fs::path& folder, const std::vector<Seed>& seeds) {
  fs::create_directories(folder);
  for (const Seed& seed : seeds) std::ofstream(folder / seed.name, std::ios::binary) << seed.bytes;
}

bool as_made(const std::vector<Seed>& files, const std::vector<Seed>& seeds) {
  return std::ranges::all_of(seeds, [&](const Seed& seed) {
    const auto file = std::ranges::find(files, seed.name, &Seed::name);
    return file != files.end() && file->bytes == seed.bytes;
  });
}

}  // namespace

int main(int argc, char** argv) {
  const bool writes = argc == 2 && std::string_view(argv[1]) == "--write";
  if (argc > 1 && !writes) {
    std::fputs("usage: fuzz_test [--write]\n", stderr);
    return 2;
  }
  bowline::on_ensure_failure(tell);
  int status = 0;
  for (const Target& target : bowline::fuzz::targets()) {
    const fs::path folder = fs::path("fuzz/corpus") / target.name;
    const std::vector<Seed> seeds = bowline::fuzz::seeds_of(target.name);
    if (writes) write(folder, seeds);
    const std::vector<Seed> files = files_in(folder);
    if (!as_made(files, seeds)) {
      std::printf("%s is not what fuzz/seeds.cc makes: run build/fuzz_test --write\n",
                  folder.c_str());
      status = 1;
      continue;
    }
    const std::uint64_t accepted = eat(target, files);
    std::printf("%s: %zu files, and %llu inputs made of them, of which %llu were accepted\n",
                now.target.c_str(), files.size(), static_cast<unsigned long long>(rounds),
                static_cast<unsigned long long>(accepted));
    // Who refuses all of them, or none, is not tested.
    if (accepted < rounds / 100 || accepted > rounds - rounds / 100) status = 1;
  }
  return status;
}
