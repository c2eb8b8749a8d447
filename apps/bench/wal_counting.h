// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bowline/env/env.h"

namespace bowline::bench {

struct Syncs {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
};

// A disk that counts what a log writes durably. Segments that are made in time are not counted.
class CountingFile final : public env::File {
 public:
  CountingFile(std::unique_ptr<env::File> file, std::shared_ptr<Syncs> syncs)
      : file_(std::move(file)), syncs_(std::move(syncs)) {}

  std::uint64_t size() const override { return file_->size(); }
  void write(std::uint64_t offset, env::Buffer buffer, env::Sync sync,
             env::Done<Result<void>, env::Buffer> done) override {
    syncs_->count += sync == env::Sync::yes ? 1 : 0;
    syncs_->bytes += buffer.size();
    file_->write(offset, std::move(buffer), sync, std::move(done));
  }
  void sync(env::Done<Result<void>> done) override { file_->sync(std::move(done)); }
  void read(std::uint64_t offset, std::uint64_t bytes,
            env::Done<Result<env::Buffer>> done) override {
    file_->read(offset, bytes, std::move(done));
  }

 private:
  std::unique_ptr<env::File> file_;
  std::shared_ptr<Syncs> syncs_;
};

class CountingDisk final : public env::Disk {
 public:
  explicit CountingDisk(env::Disk& disk) : disk_(disk), syncs_(std::make_shared<Syncs>()) {}

  const Syncs& syncs() const { return *syncs_; }

  void lock(env::Done<Result<void>> done) override { disk_.lock(std::move(done)); }
  void list(env::Done<Result<std::vector<env::Listed>>> done) override {
    disk_.list(std::move(done));
  }
  void open(std::string name, env::Done<Result<std::unique_ptr<env::File>>> done) override {
    disk_.open(std::move(name), counted(std::move(done)));
  }
  void create(std::string name, std::uint64_t bytes,
              env::Done<Result<std::unique_ptr<env::File>>> done) override {
    disk_.create(std::move(name), bytes, counted(std::move(done)));
  }
  void remove(std::string name, env::Done<Result<void>> done) override {
    disk_.remove(std::move(name), std::move(done));
  }
  void rename(std::string from, std::string to, env::Done<Result<void>> done) override {
    disk_.rename(std::move(from), std::move(to), std::move(done));
  }
  void sync_names(env::Done<Result<void>> done) override { disk_.sync_names(std::move(done)); }
  env::Buffer buffer(std::size_t bytes) override { return disk_.buffer(bytes); }
  std::string path() const override { return disk_.path(); }

 private:
  using Opened = Result<std::unique_ptr<env::File>>;

  env::Done<Opened> counted(env::Done<Opened> done) {
    return [syncs = syncs_, done = std::move(done)](Opened file) mutable {
      if (file) file = std::make_unique<CountingFile>(*std::move(file), std::move(syncs));
      done(std::move(file));
    };
  }

  env::Disk& disk_;
  std::shared_ptr<Syncs> syncs_;
};

}  // namespace bowline::bench
