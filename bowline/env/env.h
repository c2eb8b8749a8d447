// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/base/time.h"
#include "bowline/env/buffer.h"

// The whole outside world, as one thread of ours sees it. Two implementations: runtime/ (the
// kernel) and sim/ (a seed). Nothing above this file touches the system.
namespace bowline::env {

// Called once, on the thread of the loop, and never before the call that took it has returned: no
// caller is ever re-entered. Never called once the object that took it is gone.
template <class... Args>
using Done = std::move_only_function<void(Args...)>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;              // steady
  virtual std::int64_t wall_ms() const = 0;  // for people and leases; never for the protocol
};

using TimerId = Ordinal<struct TimerTag>;

// Runs callbacks, one at a time.
class Loop {
 public:
  virtual ~Loop() = default;
  virtual TimerId timer(std::move_only_function<void()> rings) = 0;  // not set yet
  virtual void set(TimerId, Time when) = 0;  // moves it if it was set; `never`: not set any more
  virtual void drop(TimerId) = 0;
  virtual void soon(Done<>) = 0;  // in this order, after what is already waiting
  // Runs `work` on another thread, and then `done` on this one. For what would hold us up.
  virtual void aside(Done<> work, Done<> done) = 0;
};

enum class Sync : bool { no, yes };

// An open file. Operations may overlap and end in any order; two writes that overlap in place must
// not overlap in time. A file may be closed (destroyed) while operations are under way: they still
// reach the disk, or fail, but nobody is told.
class File {
 public:
  virtual ~File() = default;
  virtual std::uint64_t size() const = 0;
  // Offset and size are multiples of a block, inside the file. With Sync::yes it is on the disk
  // when `done` says so. After an error nobody knows what the disk holds, and another attempt that
  // succeeds proves nothing (the kernel marks a page clean that it could not write): stop.
  virtual void write(std::uint64_t offset, Buffer, Sync, Done<Result<void>, Buffer>) = 0;
  // All that was written before this call is on the disk. An error: as above.
  virtual void sync(Done<Result<void>>) = 0;
  // From the disk and not from a cache, where the system can do that. Fewer bytes at the file's
  // end. An error: some of these blocks cannot be read; ask for each by itself to learn which.
  virtual void read(std::uint64_t offset, std::uint64_t bytes, Done<Result<Buffer>>) = 0;
};

struct Listed {
  std::string name;
  std::uint64_t bytes = 0;
};

// One directory, without those in it. Names are durable once sync_names() says so. No call blocks.
class Disk {
 public:
  virtual ~Disk() = default;
  // No other process has the directory, as long as this object lives. Fault::exists: one has.
  virtual void lock(Done<Result<void>>) = 0;
  virtual void list(Done<Result<std::vector<Listed>>>) = 0;  // sorted by name
  virtual void open(std::string name, Done<Result<std::unique_ptr<File>>>) = 0;
  // A new file, full of zeros that are really on the disk: writing to it later allocates nothing.
  // Fault::exists: there is such a name. Fault::full: no space, and nothing is left behind.
  // Of this and of open() it may also mean that too many files are open: later there may be room.
  virtual void create(std::string name, std::uint64_t bytes,
                      Done<Result<std::unique_ptr<File>>>) = 0;
  virtual void remove(std::string name, Done<Result<void>>) = 0;
  virtual void rename(std::string from, std::string to, Done<Result<void>>) = 0;  // replaces `to`
  virtual void sync_names(Done<Result<void>>) = 0;
  virtual Buffer buffer(std::size_t bytes) = 0;  // rounded up to blocks; contents undefined
  virtual std::string path() const = 0;          // for messages to people
};

// Who is at the other end of a connection, where the network has that proved: a certificate says
// so.
struct Identity {
  NodeId node;  // 0: it is no node, but ...
  std::string cluster;
  std::string admin = {};  // ... somebody who administers them
  friend bool operator==(const Identity&, const Identity&) = default;
};

// Bytes to another process and from it. They come in their order, each of them once, until it ends.
// Destroying it ends it, and the other side is told, if that is possible; any hook may do that.
// What was sent and has left our memory by then still comes before that, if nothing breaks,
// whatever we did not receive; what has not may be lost. Like a Done, no hook is called within a
// call.
class Connection {
 public:
  virtual ~Connection() = default;
  struct Hooks {
    // In whatever pieces they come. They are there during the call only.
    std::move_only_function<void(std::string_view bytes)> received;
    // By the other side, or it broke. Nothing comes after that, of any hook, and nothing is queued
    // any more.
    std::move_only_function<void(Error why)> closed;
    // All that was sent has left our memory. Not called for what leaves it within send(). May be
    // left out.
    std::move_only_function<void()> drained = {};
  };
  virtual void begin(Hooks) = 0;             // once; before it, nothing is received
  virtual void send(std::string bytes) = 0;  // nothing happens any more once it is closed
  virtual std::uint64_t queued() const = 0;  // bytes of that which are still in our memory
  // While held, no bytes are taken from the other side; that it ended may be noticed only later.
  virtual void hold(bool held) = 0;
  virtual std::string peer() const = 0;  // where it leads to, for messages to people
  // None: this network proves nothing, and whoever is there says itself who it is.
  virtual std::optional<Identity> identity() const { return std::nullopt; }
};

// As long as it lives, others can connect. May be destroyed as it accepts.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual std::string address() const = 0;  // with the port that it got
};

// Addresses are "host:port", "127.0.0.1:2380" or "[::1]:2380"; of a listener, port 0 is any. What
// goes wrong with one is told in a sentence that names it. Outlives what it made.
class Network {
 public:
  using Accepted = std::move_only_function<void(std::unique_ptr<Connection>)>;

  virtual ~Network() = default;
  // Fault::exists: somebody else has that address.
  virtual void listen(std::string address, Accepted, Done<Result<std::unique_ptr<Listener>>>) = 0;
  // Fault::unreachable: nobody listens there; or Fault::timeout: nobody answers.
  virtual void connect(std::string address, Done<Result<std::unique_ptr<Connection>>>) = 0;
};

struct Env {
  Clock& clock;
  Loop& loop;
  Disk& disk;
};

}  // namespace bowline::env
