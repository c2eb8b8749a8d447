// SPDX-License-Identifier: Apache-2.0
// counter-client: asks the servers of a group that counts.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "examples/counter/client.h"

namespace {

int usage(bool asked) {
  std::fprintf(asked ? stdout : stderr,
               "usage: counter-client get SERVER...\n"
               "       counter-client increment_and_get BY SERVER...\n"
               "  SERVER is where a server has its port for clients, like 127.0.0.1:8101\n");
  return asked ? 0 : 2;
}

int say(const std::optional<std::int64_t>& sum) {
  if (sum) return std::printf("%lld\n", static_cast<long long>(*sum)), 0;
  std::fprintf(stderr, "counter-client: no answer; start two of the three servers at least\n");
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() == 1 && words[0] == "--help") return usage(true);
  if (words.size() >= 2 && words[0] == "get")
    return say(counter::Client({words.begin() + 1, words.end()}).get());
  if (words.size() >= 3 && words[0] == "increment_and_get")
    return say(counter::Client({words.begin() + 2, words.end()})
                   .increment_and_get(std::strtoll(words[1].c_str(), nullptr, 10)));
  return usage(false);
}
