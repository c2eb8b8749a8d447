// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
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

// Those that have begun HTTP/2 and do nothing, and those that made a call and then do nothing. What
// is of the heap counts whole, since nobody knows what was there before; of pages what is there.
TEST(IdleMemory, SEC_03_a_connection_that_does_nothing_costs_at_most_16_kib_and_17_after_a_call) {
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

// Whoever answers has what it needs of the request.
TEST(IdleMemory, SEC_15_whole_requests_that_wait_for_their_answers_are_not_kept) {
  constexpr std::size_t count = 30;
  constexpr std::size_t bytes = 1'000'000;
  const auto taken = [] {
    const struct mallinfo2 now = mallinfo2();
    return now.uordblks + now.hblkhd;
  };
  EchoService service;
  TestClient client;
  const auto session = make_connection(service.router, {}, "10.0.0.1:12345", {}, [] {});
  const auto pump = [&] {
    for (std::string said = client.take(); !said.empty(); said = client.take()) {
      session->received(said, {});
      std::string out;
      session->take(out, 1U << 20U, {});
      client.received(out);
    }
  };
  pump();
  std::vector<std::size_t> after;
  for (std::size_t i = 0; i < count; ++i) {
    // The client keeps the memory of what it has sent.
    const std::size_t before = taken();
    const std::int32_t id = client.open("/test.Echo/Later");
    client.raw(id, framed_message(std::string(bytes, 'x')));
    const std::size_t with_client = taken() - before;
    client.half_close(id);
    pump();
    after.push_back(taken() - before - std::min(with_client, taken() - before));
  }
  ASSERT_EQ(service.kept.size(), count);
  EXPECT_EQ(session->held(), 0U);
  EXPECT_LT(*std::ranges::min_element(after), bytes / 2);
  for (Call& call : service.kept) call.answer("done");
}

}  // namespace
}  // namespace bowline::rpc
