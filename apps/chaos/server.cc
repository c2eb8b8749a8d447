// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/server.h"

#include <array>
#include <chrono>
#include <sstream>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace bowline::chaos {
namespace {

std::string read_line(int from) {
  std::string line;
  for (char c = 0; ::read(from, &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

}  // namespace

Result<void> Server::start() {
  // Its port may be that of a connection just now, which ends.
  Result<void> started;
  for (int tries = 0; tries < 50; ++tries) {
    started = try_to_start();
    if (started || runs()) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return started;
}

Result<void> Server::try_to_start() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    return std::unexpected(Error{Fault::io, "cannot make a pipe: too many open files?"});
  const std::string id = std::to_string(options_.id.value);
  std::vector<std::string> words = {options_.program,
                                    "--id",
                                    id,
                                    "--peers",
                                    options_.peers,
                                    "--listen",
                                    "127.0.0.1:0",
                                    "--clients",
                                    id + "=" + client_address_,
                                    "--directory",
                                    options_.directory,
                                    "--journal"};
  words.insert(words.end(), options_.more.begin(), options_.more.end());
  const Result<void> spawned = spawn(words, options_.directory + "/" + id + ".log", ends[1]);
  ::close(ends[1]);
  std::string line;
  if (spawned) line = read_line(ends[0]);
  ::close(ends[0]);
  if (!spawned) return spawned;
  std::istringstream said(line);
  std::string number, word, other;
  if (said >> number >> word >> peer_address_ >> other >> client_address_) return {};
  kill();
  return std::unexpected(Error{
      Fault::io, "server " + id + " did not start: see " + options_.directory + "/" + id + ".log"});
}

std::string Server::journal() const {
  return options_.directory + "/" + std::to_string(options_.id.value) + ".journal";
}

}  // namespace bowline::chaos
