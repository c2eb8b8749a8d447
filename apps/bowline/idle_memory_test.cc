// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include "bowline/rpc/connection.h"
#include "bowline/rpc/test_rig.h"

namespace bowline::rpc {
namespace {

// Of this process, as the kernel counts what it has really given.
std::uint64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t whole = 0;
  std::uint64_t resident = 0;
  in >> whole >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool counts = false;  // their allocators and shadows are something else
#elif defined(__has_feature)
constexpr bool counts = !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
constexpr bool counts = true;
#endif

// Those that have begun HTTP/2 and do nothing, and those that made a call and then do nothing. What
// is of the heap counts whole, since nobody knows what was there before; of pages what is there.
TEST(IdleMemory, SEC_03_a_connection_that_does_nothing_costs_at_most_16_kib) {
  if (!counts) GTEST_SKIP() << "a sanitizer's memory is not counted";
  constexpr std::size_t count = 2000;
  constexpr std::uint64_t page = 4U << 10U;
  EchoService service;
  for (const bool calls : {false, true}) {
    // What was in use for a call stays for the next one.
    const std::uint64_t most_bytes = calls ? 17U << 10U : 16U << 10U;
    TestClient client;
    std::string said = client.take();
    if (calls) {
      client.call("/test.Echo/Unary", std::string(256, 'x'));
      said += client.take();
    }
    std::vector<std::unique_ptr<Session>> sessions;
    sessions.reserve(count);
    const std::uint64_t resident_before = resident_bytes();
    const std::uint64_t heap_before = mallinfo2().uordblks;
    for (std::size_t i = 0; i < count; ++i) {
      sessions.push_back(make_connection(service.router, {}, "10.0.0.1:12345", {}, [] {}));
      sessions.back()->received(said, {});
      std::string out;
      sessions.back()->take(out, 1U << 20U, {});
      EXPECT_FALSE(out.empty());
    }
    const std::uint64_t resident = (resident_bytes() - resident_before) / count;
    const std::uint64_t heap = (mallinfo2().uordblks - heap_before) / count;
    EXPECT_LE(resident, most_bytes) << calls;
    EXPECT_LE(heap + page, most_bytes) << calls;
    std::printf("%s: %llu bytes of the heap, %llu resident\n", calls ? "called" : "begun",
                static_cast<unsigned long long>(heap), static_cast<unsigned long long>(resident));
  }
}

}  // namespace
}  // namespace bowline::rpc
