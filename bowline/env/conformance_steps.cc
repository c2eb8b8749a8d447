// SPDX-License-Identifier: Apache-2.0
#include "bowline/env/conformance_steps.h"

#include <algorithm>
#include <functional>

namespace bowline::env {

bool Steps::expect(bool holds, const std::string& wrong) {
  if (!holds && wrong_.empty()) wrong_ = wrong;
  return holds;
}

void Steps::succeed(const std::string& what, const std::function<void(Done<Result<void>>)>& call) {
  const std::optional<Result<void>> result = wait<void>(what, call);
  if (result) expect(result->has_value(), what + " failed: " + told(*result));
}

std::unique_ptr<File> Steps::create(const std::string& name, std::size_t blocks) {
  auto file = value<std::unique_ptr<File>>("create " + name, [&](auto done) {
    ground_.disk().create(name, blocks * block_bytes, std::move(done));
  });
  return file ? std::move(*file) : nullptr;
}

std::unique_ptr<File> Steps::open(const std::string& name) {
  auto file = value<std::unique_ptr<File>>(
      "open " + name, [&](auto done) { ground_.disk().open(name, std::move(done)); });
  return file ? std::move(*file) : nullptr;
}

void Steps::remove(const std::string& name) {
  succeed("remove " + name, [&](auto done) { ground_.disk().remove(name, std::move(done)); });
}

void Steps::rename(const std::string& from, const std::string& to) {
  succeed("rename " + from, [&](auto done) { ground_.disk().rename(from, to, std::move(done)); });
}

void Steps::sync_names() {
  succeed("sync_names", [&](auto done) { ground_.disk().sync_names(std::move(done)); });
}

std::vector<Listed> Steps::list() {
  return value<std::vector<Listed>>("list",
                                    [&](auto done) { ground_.disk().list(std::move(done)); })
      .value_or(std::vector<Listed>());
}

void Steps::write(File& file, std::size_t block, char letter, Sync sync) {
  succeed("write", [&](Done<Result<void>> done) {
    Buffer buffer = ground_.disk().buffer(block_bytes);
    std::fill_n(buffer.data(), block_bytes, letter);
    file.write(
        block * block_bytes, std::move(buffer), sync,
        [done = std::move(done)](Result<void> result, Buffer) mutable { done(std::move(result)); });
  });
}

void Steps::sync(File& file) {
  succeed("sync", [&](auto done) { file.sync(std::move(done)); });
}

std::string Steps::read(File& file, std::size_t block, std::size_t blocks) {
  const auto buffer = value<Buffer>("read", [&](auto done) {
    file.read(block * block_bytes, blocks * block_bytes, std::move(done));
  });
  return buffer ? std::string(buffer->view()) : std::string();
}

void Steps::refuse(const char* what, Fault fault,
                   const std::function<void(Done<Result<void>>)>& call) {
  const auto result = wait<void>(what, call);
  if (!result) return;
  if (!expect(!*result, std::string(what) + " succeeded")) return;
  expect(result->error().fault == fault,
         std::string(what) + " has a wrong fault: " + told(*result));
}

void Steps::refuse_file(const char* what, Fault fault,
                        const std::function<void(Done<Result<std::unique_ptr<File>>>)>& call) {
  refuse(what, fault, [&](Done<Result<void>> done) {
    call([done = std::move(done)](Result<std::unique_ptr<File>> file) mutable {
      if (file) return done({});
      done(std::unexpected(file.error()));
    });
  });
}

}  // namespace bowline::env
