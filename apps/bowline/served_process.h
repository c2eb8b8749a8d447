// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

// For tests that talk to servers as people do.
namespace bowline::apps {

// Ports of this machine that nobody has just now.
std::vector<int> free_ports(std::size_t count);

bool is_free(int port);

// A server in a process of its own. It is there once it has said so; it is killed with this.
class ServedProcess {
 public:
  // Waits for the line that says that it is ready.
  explicit ServedProcess(const std::vector<std::string>& arguments);
  ~ServedProcess();
  ServedProcess(const ServedProcess&) = delete;
  ServedProcess& operator=(const ServedProcess&) = delete;

  bool is_ready() const { return ready_; }
  pid_t id() const { return process_; }
  // What it said until it was ready, or ended.
  const std::string& said() const { return said_; }
  void kill();  // as a crash does it
  int end();    // as one asks for it; how it ended, -1: not by itself
  int wait();   // until it ends; likewise

 private:
  pid_t process_ = -1;
  bool ready_ = false;
  std::string said_;
  int pipe_ = -1;
  std::thread reader_;  // so that it never waits for somebody to read
};

// Processes of this machine that were started with such a word.
std::vector<pid_t> processes_with(const std::string& word);

// The output and the complaints of `command`, as a shell runs it, without lines of a log.
std::string shell(const std::string& command);

}  // namespace bowline::apps
