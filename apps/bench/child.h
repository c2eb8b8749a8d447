// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <vector>

namespace bowline::bench {

// A process of its own that does what it is told over pipes: a line each way. It shares nothing
// with others but the loopback and the disk.
class Child {
 public:
  // What it says to a line.
  using Answer = std::move_only_function<std::string(std::istream& words)>;

  // Forks. Nothing may run in this process that a fork would not take along. `live` is called over
  // there.
  explicit Child(std::move_only_function<Answer()> live);
  // Another program, with its words, that answers on its standard output.
  explicit Child(std::vector<std::string> program);
  ~Child();  // ends it
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  std::string ask(const std::string& what);     // empty: it is gone
  bool alive() const { return process_ != 0; }  // as far as we had a hand in it
  void kill();                                  // -9
  void freeze();  // it does nothing any more, and its kernel says nothing of that
  void thaw();
  double resident_mib() const;
  std::uint64_t wake_ups() const;  // of its threads that live: how often one had slept

 private:
  using OverThere = std::move_only_function<void(int from, int to)>;
  void begin(OverThere);

  int process_ = 0;
  int to_ = -1, from_ = -1;
};

double cpu_of_this_process();  // seconds, since it began

}  // namespace bowline::bench
