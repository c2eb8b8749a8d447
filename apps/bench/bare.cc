// SPDX-License-Identifier: Apache-2.0
// bowline-bench-bare: a member for bowline-bench-raft that does what a replicated log cannot do
// without, and nothing else: the first of three writes to its disk and sends, the others write and
// answer, and a majority counts. No terms, no elections, no heartbeats, nothing is ever read again.
// It is the bound that the protocol is measured against, over the same disk, loop and sockets.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "apps/bench/child.h"
#include "apps/bench/closed_load.h"
#include "bowline/base/crc32c.h"
#include "bowline/base/ensure.h"
#include "bowline/runtime/disk.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"

namespace bowline::bench {
namespace {

constexpr std::uint64_t file_bytes = 256UL << 20U;
constexpr std::uint64_t most_writes = 4;  // at once, as the log has it

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "bowline-bench-bare: %s\n", why.c_str());
  std::_Exit(1);
}

// What travels and what is written: this, and the proposals, each behind its length.
struct Head {
  std::uint32_t bytes = 0;  // of all that follows
  std::uint32_t crc = 0;    // of the same
  std::uint64_t last = 0;   // number of the last proposal in it
};

// One file, written round and round. What is given while as many writes as allowed are under way
// goes into the next one together.
class Tape {
 public:
  using Durable = std::move_only_function<void(std::uint64_t last)>;

  Tape(const std::string& path, runtime::Loop& loop, Durable durable)
      : durable_(std::move(durable)) {
    Result<std::unique_ptr<env::Disk>> disk = runtime::open_disk(path, loop);
    if (!disk) stop(disk.error().what);
    disk_ = *std::move(disk);
    disk_->create("tape", file_bytes, [this](Result<std::unique_ptr<env::File>> file) {
      if (!file) stop(file.error().what);
      file_ = *std::move(file);
    });
    loop.run_until([this] { return file_ != nullptr; });
  }

  void write(std::string_view framed, std::uint64_t last) {
    waiting_ += framed;
    waiting_last_ = last;
    if (under_way_.size() < most_writes) begin();
  }
  std::string describe() const { return runtime::describe(*disk_); }

 private:
  struct Write {
    std::uint64_t last = 0;
    bool done = false;
  };

  void begin() {
    env::Buffer buffer = disk_->buffer(waiting_.size());
    std::memcpy(buffer.data(), waiting_.data(), waiting_.size());
    std::memset(buffer.data() + waiting_.size(), 0, buffer.size() - waiting_.size());
    if (at_ + buffer.size() > file_bytes) at_ = 0;
    const std::uint64_t offset = std::exchange(at_, at_ + buffer.size());
    under_way_.push_back({.last = waiting_last_});
    waiting_.clear();
    file_->write(offset, std::move(buffer), env::Sync::yes,
                 [this, last = waiting_last_](const Result<void>& result, const env::Buffer&) {
                   if (!result) stop(result.error().what);
                   ended(last);
                 });
  }

  void ended(std::uint64_t last) {
    for (Write& one : under_way_)
      if (one.last == last) one.done = true;
    std::uint64_t durable = 0;
    for (; !under_way_.empty() && under_way_.front().done; under_way_.pop_front())
      durable = under_way_.front().last;
    if (!waiting_.empty() && under_way_.size() < most_writes) begin();
    if (durable != 0) durable_(durable);
  }

  Durable durable_;
  std::unique_ptr<env::Disk> disk_;
  std::unique_ptr<env::File> file_;
  std::uint64_t at_ = 0;
  std::string waiting_;
  std::uint64_t waiting_last_ = 0;
  std::deque<Write> under_way_;
};

// Writes what comes, and says how far that is durable.
class Follower {
 public:
  Follower(runtime::Loop& loop, const std::string& path, const std::string& address)
      : tape_(path, loop, [this](std::uint64_t last) { answer(last); }), network_(loop) {
    network_.listen(
        address,
        [this](std::unique_ptr<env::Connection> connection) {
          leader_ = std::move(connection);
          leader_->begin({.received = [this](std::string_view bytes) { received(bytes); },
                          .closed = [](const Error&) { std::_Exit(0); }});
        },
        [this](Result<std::unique_ptr<env::Listener>> listener) {
          if (!listener) stop(listener.error().what);
          listener_ = *std::move(listener);
        });
  }
  std::string disk() const { return tape_.describe(); }

 private:
  void received(std::string_view bytes) {
    bytes_ += bytes;
    std::size_t whole = 0;
    std::uint64_t last = 0;
    for (Head head; bytes_.size() - whole >= sizeof head; whole += sizeof head + head.bytes) {
      std::memcpy(&head, bytes_.data() + whole, sizeof head);
      if (bytes_.size() - whole - sizeof head < head.bytes) break;
      const std::string_view body(bytes_.data() + whole + sizeof head, head.bytes);
      if (crc32c(body) != head.crc) stop("a checksum is wrong");
      last = head.last;
    }
    if (whole == 0) return;
    tape_.write({bytes_.data(), whole}, last);
    bytes_.erase(0, whole);
  }
  void answer(std::uint64_t last) {
    leader_->send(std::string(reinterpret_cast<const char*>(&last), sizeof last));
  }

  Tape tape_;
  runtime::Network network_;
  std::unique_ptr<env::Listener> listener_;
  std::unique_ptr<env::Connection> leader_;
  std::string bytes_;
};

class Leader {
 public:
  Leader(runtime::Loop& loop, const std::string& path, const std::vector<std::string>& addresses)
      : loop_(loop),
        tape_(path, loop, [this](std::uint64_t last) { durable(0, last); }),
        network_(loop) {
    for (std::size_t i = 1; i < addresses.size(); ++i) connect(i, addresses[i]);
    loop_.run_until([this] { return followers_[1] != nullptr && followers_[2] != nullptr; });
  }

  void press(ClosedLoad& load) {
    load_ = &load;
    payload_ = std::string(load.load().payload, 'x');
    load.begin([this](ClosedLoad::Steady::time_point begun) { propose(begun); });
  }
  std::string disk() const { return tape_.describe(); }

 private:
  void connect(std::size_t i, const std::string& address) {
    network_.connect(address, [this, i,
                               address](Result<std::unique_ptr<env::Connection>> connection) {
      if (!connection) return connect(i, address);  // it is not there yet
      followers_[i] = *std::move(connection);
      followers_[i]->begin({.received = [this, i](std::string_view bytes) { received(i, bytes); },
                            .closed = [](const Error& why) { stop(why.what); }});
    });
  }

  void propose(ClosedLoad::Steady::time_point begun) {
    if (batch_.empty()) {
      batch_.resize(sizeof(Head));
      loop_.soon([this] { flush(); });
    }
    const auto bytes = static_cast<std::uint32_t>(payload_.size());
    batch_.append(reinterpret_cast<const char*>(&bytes), sizeof bytes).append(payload_);
    begun_.push_back(begun);
    ++last_;
  }
  // Once a turn: the others first, so that their disks and ours work at the same time.
  void flush() {
    const std::string_view body = std::string_view(batch_).substr(sizeof(Head));
    const Head head{
        .bytes = static_cast<std::uint32_t>(body.size()), .crc = crc32c(body), .last = last_};
    std::memcpy(batch_.data(), &head, sizeof head);
    for (std::size_t i = 1; i < followers_.size(); ++i) followers_[i]->send(batch_);
    tape_.write(batch_, last_);
    batch_.clear();
  }
  void received(std::size_t i, std::string_view bytes) {
    said_[i] += bytes;
    const std::size_t whole = said_[i].size() / sizeof(std::uint64_t) * sizeof(std::uint64_t);
    if (whole == 0) return;
    std::uint64_t last = 0;
    std::memcpy(&last, said_[i].data() + whole - sizeof last, sizeof last);
    said_[i].erase(0, whole);
    durable(i, last);
  }
  void durable(std::size_t i, std::uint64_t last) {
    durable_[i] = last;
    std::array<std::uint64_t, 3> all = durable_;
    std::ranges::sort(all);
    for (; answered_ < all[1]; ++answered_) {
      load_->ended(begun_.front(), ClosedLoad::End::applied);
      begun_.pop_front();
    }
  }

  runtime::Loop& loop_;
  Tape tape_;
  runtime::Network network_;
  std::array<std::unique_ptr<env::Connection>, 3> followers_;  // but for the first, which is us
  std::array<std::string, 3> said_;
  std::array<std::uint64_t, 3> durable_{};
  ClosedLoad* load_ = nullptr;
  std::string payload_, batch_;
  std::deque<ClosedLoad::Steady::time_point> begun_;
  std::uint64_t last_ = 0, answered_ = 0;
};

// Everything but the words themselves happens on the loop's thread.
std::string answer(runtime::Loop& loop, Leader* leader, const std::string& disk,
                   std::istream& words) {
  std::string what;
  words >> what;
  if (what == "leads") return leader != nullptr ? "1" : "0";
  if (what == "cpu") return std::to_string(cpu_of_this_process());
  if (what == "disk") return disk;
  if (what != "press" || leader == nullptr) return "?";
  ClosedLoad load(words);
  loop.post([&] { leader->press(load); });
  return load.result();
}

void live(std::size_t id, const std::vector<std::string>& addresses, const std::string& path) {
  runtime::Loop loop;
  std::unique_ptr<Leader> leader;
  std::unique_ptr<Follower> follower;
  if (id == 1)
    leader = std::make_unique<Leader>(loop, path, addresses);
  else
    follower = std::make_unique<Follower>(loop, path, addresses[id - 1]);
  const std::string disk = leader ? leader->disk() : follower->disk();
  const std::jthread talking([&] {
    for (std::string line; std::getline(std::cin, line);) {
      std::istringstream words(line);
      std::cout << answer(loop, leader.get(), disk, words) << std::endl;
    }
    std::_Exit(0);
  });
  loop.run();
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}

}  // namespace
}  // namespace bowline::bench

int main(int count, char** words) {
  if (count != 4) bowline::bench::stop("usage: ID ADDRESS,ADDRESS,ADDRESS DIRECTORY");
  const std::vector<std::string> addresses = bowline::bench::split(words[2]);
  const std::size_t id = std::strtoul(words[1], nullptr, 10);
  if (id < 1 || id > addresses.size()) bowline::bench::stop("ID is one of the addresses, from 1");
  bowline::bench::live(id, addresses, words[3]);
  return 0;
}
