// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>

#include <gtest/gtest.h>
#include <malloc.h>

#include "bowline/session/client.h"
#include "bowline/session/session_machine.h"
#include "examples/kv/kv_machine.h"

// What the map of the course may weigh, measured at the machine itself.
namespace bowline::chaos {
namespace {

using examples::kv::Command;
using examples::kv::KvMachine;
using examples::kv::Verb;

class CourseMemory : public testing::Test {
 protected:
  std::string apply(const std::string& envelope) {
    const machine::Command command{.id = {Term{1}, Index{++index_}},
                                   .payload = Bytes::copy(envelope)};
    std::string answer;
    machine_.apply(std::span(&command, 1), std::span(&answer, 1));
    return answer;
  }
  // Of a client that lives for this one command.
  void put(session::Client& client, const std::string& key, const std::string& value) {
    const session::Serial serial =
        client.call(encode(Command{.verb = Verb::put, .key = key, .value = value})).value();
    const std::string answer = apply(client.attempt(serial));
    EXPECT_EQ(client.heard(serial, session::Answered{answer}).what, session::Verdict::What::done);
  }
  session::Client open() {
    session::Client client;
    client.heard(apply(client.open()));
    return client;
  }

  std::uint64_t index_ = 0;
  KvMachine map_;
  session::SessionMachine machine_{map_};
};

// A sanitizer has a heap of its own, of which this counts nothing.
TEST_F(CourseMemory, m60_mem_put_many_clients) {
  constexpr std::size_t clients = 100'000;
  const std::string value(1000, 'x');
  session::Client first = open();
  put(first, "k", value);
  malloc_trim(0);
  const std::size_t before = mallinfo2().uordblks;
  for (std::size_t i = 1; i < clients; ++i) {
    session::Client client = open();
    put(client, "k", value);
  }
  const std::size_t after = mallinfo2().uordblks;
  const std::size_t each = (after - before) / clients;
  std::printf("M60 heap: %zu bytes a client, allowed 200\n", each);
  EXPECT_LE(each, 200U);
  EXPECT_EQ(machine_.table().size(), clients);
  EXPECT_EQ(map_.get("k").version, clients);
}

}  // namespace
}  // namespace bowline::chaos
