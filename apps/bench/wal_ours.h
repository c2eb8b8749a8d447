// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apps/bench/wal_counting.h"
#include "apps/bench/wal_load.h"
#include "bowline/runtime/disk.h"
#include "bowline/runtime/loop.h"
#include "bowline/wal/log.h"

namespace bowline::bench {

// A log on the real disk, and what a node around it would do: groups that append, and whose logs
// are shortened behind, so that old segments go.
class OurLog final : public Contender {
 public:
  // `kept`: bytes that a group keeps before its log is shortened; 0: everything, for ever.
  OurLog(const std::string& path, const Load&, std::uint64_t kept, wal::Options = {},
         runtime::DiskOptions = {});

  Stretch run(double seconds) override;
  // As many entries as these, and no more until they are durable.
  void write(std::uint64_t entries);

  wal::Log& log() { return *log_; }
  runtime::Loop& loop() { return loop_; }
  const wal::Opened& opened() const { return opened_; }
  void forget_opened() { opened_ = {}; }  // as a node does that has taken it over

  // Told of each proposal, if anybody listens: which of its group it is, from 1.
  std::function<void(std::uint64_t number)> on_submit, on_persisted;

 private:
  struct Group {
    std::uint64_t submitted = 0;  // proposals that were asked for
    std::uint64_t persisted = 0;  // and those that are durable
    std::uint64_t since_base = 0;
  };

  void turn();
  void submit(std::uint64_t id, std::uint64_t proposals);
  void persisted(GroupId, Seq);

  Load load_;
  std::uint64_t kept_;
  std::vector<Bytes> payloads_;
  runtime::Loop loop_;
  std::unique_ptr<env::Disk> disk_;
  std::unique_ptr<CountingDisk> counting_;
  std::unique_ptr<wal::Log> log_;
  wal::Opened opened_;
  std::vector<Group> groups_;
  std::uint64_t next_group_ = 0;
  std::uint64_t submitted_ = 0;
  std::uint64_t persisted_ = 0;
  std::uint64_t stop_at_ = 0;
  const Watch* watch_ = nullptr;  // of the stretch that is under way, if it has an end
  bool turn_is_due_ = false;
};

}  // namespace bowline::bench
