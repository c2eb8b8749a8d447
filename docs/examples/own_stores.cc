// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "bowline/api/node.h"
#include "bowline/wal/log.h"

using namespace bowline;

// A log store that counts what it is given, and has another one keep it. It lives on the node's
// thread, and ends there.
class Counting final : public wal::LogStore {
 public:
  struct Counts {
    std::uint64_t writes = 0, entries = 0, flushes = 0;
  };
  Counting(std::unique_ptr<wal::LogStore> store, std::shared_ptr<Counts> counts)
      : store_(std::move(store)), counts_(std::move(counts)) {}

  void submit(GroupId group, raft::Persist&& what) override {
    ++counts_->writes;
    counts_->entries += what.entries.size();
    store_->submit(group, std::move(what));
  }
  void flush() override {
    ++counts_->flushes;
    store_->flush();
  }
  void open(env::Done<Result<wal::Opened>> done) override { store_->open(std::move(done)); }
  void forget(GroupId group) override { store_->forget(group); }
  void rest(GroupId group) override { store_->rest(group); }
  raft::Batch peek(GroupId group, Index after, Index through, std::uint64_t bytes) const override {
    return store_->peek(group, after, through, bytes);
  }
  void fetch(GroupId group, Index after, Index through, std::uint64_t bytes,
             env::Done<Result<raft::Batch>> done) override {
    store_->fetch(group, after, through, bytes, std::move(done));
  }
  std::uint64_t most_payload_bytes() const override { return store_->most_payload_bytes(); }
  bool idle() const override { return store_->idle(); }
  std::uint64_t bytes() const override { return store_->bytes(); }
  std::optional<Time> busy_since() const override { return store_->busy_since(); }
  Duration last_write_took() const override { return store_->last_write_took(); }
  const wal::Log* on_disk() const override { return store_->on_disk(); }

 private:
  std::unique_ptr<wal::LogStore> store_;
  std::shared_ptr<Counts> counts_;
};

// Keeps nothing: this is about the log.
class Nothing final : public machine::StateMachine {
 public:
  void apply(std::span<const machine::Command>, std::span<std::string>) override {}
  std::unique_ptr<machine::Reader> snapshot() override { return std::make_unique<Out>(); }
  std::unique_ptr<machine::Writer> restore() override { return std::make_unique<In>(); }

 private:
  struct Out final : machine::Reader {
    Result<std::string> next(std::size_t) override { return std::string(); }
  };
  struct In final : machine::Writer {
    Result<void> add(std::string_view) override { return {}; }
    Result<void> commit() override { return {}; }
  };
};

// A group of one writes ten commands.
bool run(NodeOptions options) {
  Result<std::unique_ptr<Node>> node = Node::open(std::move(options));
  if (!node) return std::fprintf(stderr, "%s\n", node.error().what.c_str()), false;
  const GroupSetup setup{.founders = {{.id = NodeId{1}, .address = (*node)->address()}}};
  Result<Group> group = (*node)->start(GroupId{1}, setup, std::make_unique<Nothing>());
  if (!group) return std::fprintf(stderr, "%s\n", group.error().what.c_str()), false;
  const Result<NodeId> leader = group->await_leader(std::chrono::seconds(10)).get();
  if (!leader) return std::fprintf(stderr, "%s\n", leader.error().what.c_str()), false;
  for (int i = 0; i < 10; ++i)
    if (!std::holds_alternative<Applied>(group->propose("x").get())) return false;
  return true;
}

int main() {
  const std::string place = std::filesystem::temp_directory_path() / "bowline-own-stores";
  std::filesystem::remove_all(place);

  // Over the files that there would be anyway.
  const auto counts = std::make_shared<Counting::Counts>();
  NodeOptions counted{.id = NodeId{1}, .directory = place, .listen = "127.0.0.1:0"};
  counted.stores.log = [counts, files = counted.log](wal::LogStore::Setting setting) {
    auto log = std::make_unique<wal::Log>(setting.env, files, setting.owner, setting.fresh,
                                          std::move(setting.hooks));
    return std::make_unique<Counting>(std::move(log), counts);
  };
  if (!run(counted) || counts->entries < 10) return 1;
  std::printf("%llu entries in %llu writes\n", static_cast<unsigned long long>(counts->entries),
              static_cast<unsigned long long>(counts->writes));

  // Everything in memory: no directory, no file.
  NodeOptions forgetful{.id = NodeId{1}, .listen = "127.0.0.1:0"};
  forgetful.stores = host::memory_stores();
  return run(forgetful) ? 0 : 1;
}
