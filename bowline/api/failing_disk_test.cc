// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/test_node.h"
#include "bowline/runtime/memory_disk.h"

// What becomes of those who wait when the disk fails, and the program does not end the process.
namespace bowline {
namespace {

using Failing = std::shared_ptr<std::atomic<bool>>;

class FailingFile final : public env::File {
 public:
  FailingFile(env::Loop& loop, std::unique_ptr<env::File> inner, Failing failing)
      : loop_(loop), inner_(std::move(inner)), failing_(std::move(failing)) {}

  std::uint64_t size() const override { return inner_->size(); }
  void write(std::uint64_t offset, env::Buffer bytes, env::Sync sync,
             env::Done<Result<void>, env::Buffer> done) override {
    if (!*failing_) return inner_->write(offset, std::move(bytes), sync, std::move(done));
    loop_.soon([bytes = std::move(bytes), done = std::move(done)]() mutable {
      done(std::unexpected(failed), std::move(bytes));
    });
  }
  void sync(env::Done<Result<void>> done) override {
    if (!*failing_) return inner_->sync(std::move(done));
    loop_.soon([done = std::move(done)]() mutable { done(std::unexpected(failed)); });
  }
  void read(std::uint64_t offset, std::uint64_t bytes,
            env::Done<Result<env::Buffer>> done) override {
    inner_->read(offset, bytes, std::move(done));
  }

  static inline const Error failed{Fault::io, "the disk is worn out"};

 private:
  env::Loop& loop_;
  std::unique_ptr<env::File> inner_;
  Failing failing_;
};

// In memory, until it is told to fail.
class FailingDisk final : public env::Disk {
 public:
  FailingDisk(env::Loop& loop, Failing failing)
      : loop_(loop),
        inner_(runtime::memory_disk(loop, std::make_shared<runtime::MemoryFiles>())),
        failing_(std::move(failing)) {}

  void lock(env::Done<Result<void>> done) override { inner_->lock(std::move(done)); }
  void list(env::Done<Result<std::vector<env::Listed>>> done) override {
    inner_->list(std::move(done));
  }
  void open(std::string name, env::Done<Result<std::unique_ptr<env::File>>> done) override {
    inner_->open(std::move(name), opened(std::move(done)));
  }
  void create(std::string name, std::uint64_t bytes,
              env::Done<Result<std::unique_ptr<env::File>>> done) override {
    inner_->create(std::move(name), bytes, opened(std::move(done)));
  }
  void remove(std::string name, env::Done<Result<void>> done) override {
    inner_->remove(std::move(name), std::move(done));
  }
  void rename(std::string from, std::string to, env::Done<Result<void>> done) override {
    inner_->rename(std::move(from), std::move(to), std::move(done));
  }
  void sync_names(env::Done<Result<void>> done) override { inner_->sync_names(std::move(done)); }
  env::Buffer buffer(std::size_t bytes) override { return inner_->buffer(bytes); }
  std::string path() const override { return inner_->path(); }

 private:
  env::Done<Result<std::unique_ptr<env::File>>> opened(
      env::Done<Result<std::unique_ptr<env::File>>> done) {
    return [this, done = std::move(done)](Result<std::unique_ptr<env::File>> file) mutable {
      if (file) file = std::make_unique<FailingFile>(loop_, *std::move(file), failing_);
      done(std::move(file));
    };
  }

  env::Loop& loop_;
  std::unique_ptr<env::Disk> inner_;
  Failing failing_;
};

template <class What>
bool is_told(std::future<What>& future) {
  return future.wait_for(10s) == std::future_status::ready;
}

bool has_stopped(const auto& outcome) {
  const auto* const refused = std::get_if<Refused>(&outcome);
  return refused != nullptr && refused->why == raft::Refusal::stopped;
}

// Two members, and the one that follows ends: so what is asked waits for a quorum.
class FailingDiskTest : public NodeTest {
 protected:
  FailingDiskTest() {
    adjust_ = [this](NodeOptions& options) {
      const Failing failing = failing_[options.id.value];
      options.directory.clear();
      options.storage = [failing](env::Loop& loop) {
        return std::make_unique<FailingDisk>(loop, failing);
      };
      options.broken = [this](const Error&) { ++broken_; };
    };
  }
  ~FailingDiskTest() override { members_.clear(); }  // they may call until then

  std::uint64_t leads_alone() {
    host::GroupOptions of;
    auto patient = std::make_shared<raft::Options>();
    patient->election = std::chrono::hours(1);
    of.raft = patient;
    found(2, of);
    EXPECT_EQ(write("a"), "1");
    const std::uint64_t leads = leader();
    members_.erase(3 - leads);
    return leads;
  }

  std::map<std::uint64_t, Failing> failing_{{1, std::make_shared<std::atomic<bool>>(false)},
                                            {2, std::make_shared<std::atomic<bool>>(false)}};
  std::atomic<int> broken_{0};
};

TEST_F(FailingDiskTest, whoever_waits_is_told_when_the_disk_fails_and_the_process_goes_on) {
  const std::uint64_t leads = leads_alone();
  const Group& mine = *members_[leads].group;
  std::future<Outcome> waits = mine.propose("b");
  std::future<ReadOutcome> read = mine.read(raft::ReadKind::linearizable);
  std::future<Outcome> barrier = mine.barrier();
  std::future<Outcome> change = mine.put_member({.id = NodeId{3}, .address = "127.0.0.1:1"});
  std::future<ReadOutcome> old = mine.read_within(10s);
  EXPECT_EQ(waits.wait_for(20ms), std::future_status::timeout);
  *failing_[leads] = true;
  std::future<Outcome> breaks = mine.propose("c");
  ASSERT_TRUE(is_told(breaks));
  EXPECT_TRUE(std::holds_alternative<Unknown>(breaks.get()));
  ASSERT_TRUE(is_told(waits) && is_told(read) && is_told(barrier) && is_told(change));
  EXPECT_TRUE(std::holds_alternative<Unknown>(waits.get()));
  EXPECT_TRUE(has_stopped(read.get()));
  EXPECT_TRUE(std::holds_alternative<Unknown>(barrier.get()));
  EXPECT_TRUE(std::holds_alternative<Unknown>(change.get()));
  ASSERT_TRUE(is_told(old));
  EXPECT_TRUE(has_stopped(old.get()));
  EXPECT_EQ(broken_, 1);
}

TEST_F(FailingDiskTest, whoever_asks_after_the_disk_has_failed_is_refused_at_once) {
  const std::uint64_t leads = leads_alone();
  const Group& mine = *members_[leads].group;
  *failing_[leads] = true;
  std::future<Outcome> breaks = mine.propose("b");
  ASSERT_TRUE(is_told(breaks));
  std::vector<std::future<Outcome>> outcomes;
  outcomes.push_back(mine.propose("c"));
  outcomes.push_back(mine.barrier());
  outcomes.push_back(mine.transfer());
  outcomes.push_back(mine.put_member({.id = NodeId{3}, .address = "127.0.0.1:1"}));
  outcomes.push_back(mine.cancel_change());
  outcomes.push_back(mine.recover(ClusterId{99}));
  for (std::future<Outcome>& each : outcomes) {
    ASSERT_TRUE(is_told(each));
    EXPECT_TRUE(has_stopped(each.get()));
  }
  std::vector<std::future<ReadOutcome>> reads;
  reads.push_back(mine.read(raft::ReadKind::linearizable));
  reads.push_back(mine.read_within(1h));
  reads.push_back(mine.verify());
  for (std::future<ReadOutcome>& each : reads) {
    ASSERT_TRUE(is_told(each));
    EXPECT_TRUE(has_stopped(each.get()));
  }
  EXPECT_EQ(mine.snapshot().get().error().fault, Fault::io);
  EXPECT_EQ(mine.export_snapshot(place_ + "/state").get().error().fault, Fault::io);
  EXPECT_EQ(mine.read_log(Index{1}).get().error().fault, Fault::io);
  EXPECT_EQ(mine.tune({}).get().error().fault, Fault::io);
  EXPECT_EQ(members_[leads].node->destroy(group).error().fault, Fault::io);
  EXPECT_TRUE(mine.status().get().here);
}

// A log that is idle does not notice; what fails is the snapshot, and who waits for it is told why.
TEST_F(FailingDiskTest, a_snapshot_that_breaks_the_disk_ends_the_waiting_of_all) {
  const std::uint64_t leads = leads_alone();
  const Group& mine = *members_[leads].group;
  std::future<Outcome> waits = mine.propose("b");
  EXPECT_EQ(waits.wait_for(20ms), std::future_status::timeout);
  *failing_[leads] = true;
  EXPECT_EQ(mine.snapshot().get().error().fault, Fault::io);
  ASSERT_TRUE(is_told(waits));
  EXPECT_TRUE(std::holds_alternative<Unknown>(waits.get()));
}

}  // namespace
}  // namespace bowline
