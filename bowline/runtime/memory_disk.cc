// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/memory_disk.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/env/life.h"
#include "bowline/runtime/buffers.h"

namespace bowline::runtime {
namespace {

using Content = MemoryFiles::Content;

std::unexpected<Error> wrong(Fault fault, const std::string& name, const std::string& what) {
  return std::unexpected(Error{fault, what + ": " + name});
}

class MemoryFile final : public env::File {
 public:
  MemoryFile(env::Loop& loop, std::shared_ptr<Buffers> buffers, Content content)
      : loop_(loop), buffers_(std::move(buffers)), content_(std::move(content)) {}

  std::uint64_t size() const override { return content_.size; }

  void write(std::uint64_t offset, env::Buffer buffer, env::Sync,
             env::Done<Result<void>, env::Buffer> done) override {
    ensure(offset % env::block_bytes == 0);
    ensure(buffer.size() % env::block_bytes == 0);
    ensure(offset + buffer.size() <= content_.size);
    std::memcpy(content_.bytes.get() + offset, buffer.data(), buffer.size());
    loop_.soon(life_.guard([buffer = std::move(buffer), done = std::move(done)]() mutable {
      done({}, std::move(buffer));
    }));
  }
  void sync(env::Done<Result<void>> done) override {
    loop_.soon(life_.guard([done = std::move(done)]() mutable { done({}); }));
  }
  void read(std::uint64_t offset, std::uint64_t bytes,
            env::Done<Result<env::Buffer>> done) override {
    const std::string_view all(content_.bytes.get(), content_.size);
    const std::string_view found = all.substr(std::min<std::size_t>(offset, all.size()), bytes);
    env::Buffer buffer = buffers_->lend(std::max(found.size(), env::block_bytes));
    std::memcpy(buffer.data(), found.data(), found.size());
    buffer.shrink(found.size());
    loop_.soon(life_.guard([buffer = std::move(buffer), done = std::move(done)]() mutable {
      done(std::move(buffer));
    }));
  }

 private:
  env::Loop& loop_;
  std::shared_ptr<Buffers> buffers_;
  Content content_;
  env::Life life_;
};

class MemoryDisk final : public env::Disk {
 public:
  MemoryDisk(env::Loop& loop, std::shared_ptr<MemoryFiles> files)
      : loop_(loop), files_(std::move(files)) {}
  ~MemoryDisk() override {
    if (locked_) files_->locked = false;
  }
  MemoryDisk(const MemoryDisk&) = delete;
  MemoryDisk& operator=(const MemoryDisk&) = delete;

  void lock(env::Done<Result<void>> done) override {
    if (files_->locked && !locked_)
      return later<void>(std::move(done),
                         wrong(Fault::exists, path(), "another node uses the same files"));
    files_->locked = locked_ = true;
    later<void>(std::move(done), {});
  }
  void list(env::Done<Result<std::vector<env::Listed>>> done) override {
    std::vector<env::Listed> all;
    for (const auto& [name, content] : files_->all) all.push_back({name, content.size});
    later<std::vector<env::Listed>>(std::move(done), std::move(all));
  }
  void open(std::string name, env::Done<Result<std::unique_ptr<env::File>>> done) override {
    const auto found = files_->all.find(name);
    if (found == files_->all.end())
      return later<std::unique_ptr<env::File>>(
          std::move(done), wrong(Fault::not_found, name, "there is no such file"));
    give(found->second, std::move(done));
  }
  void create(std::string name, std::uint64_t bytes,
              env::Done<Result<std::unique_ptr<env::File>>> done) override {
    if (files_->all.contains(name))
      return later<std::unique_ptr<env::File>>(std::move(done),
                                               wrong(Fault::exists, name, "there is such a file"));
    std::uint64_t used = 0;
    for (const auto& [each, content] : files_->all) used += content.size;
    const bool fits = used <= files_->most_bytes && bytes <= files_->most_bytes - used;
    auto* const zeros = fits ? static_cast<char*>(std::calloc(bytes, 1)) : nullptr;
    if (zeros == nullptr)
      return later<std::unique_ptr<env::File>>(
          std::move(done), wrong(Fault::full, name, "there is no room for another file"));
    Content& made = files_->all[name];
    made = {std::shared_ptr<char[]>(zeros, [](char* memory) { std::free(memory); }), bytes};
    give(made, std::move(done));
  }
  void remove(std::string name, env::Done<Result<void>> done) override {
    if (files_->all.erase(name) == 0)
      return later<void>(std::move(done), wrong(Fault::not_found, name, "there is no such file"));
    later<void>(std::move(done), {});
  }
  void rename(std::string from, std::string to, env::Done<Result<void>> done) override {
    auto found = files_->all.extract(from);
    if (found.empty())
      return later<void>(std::move(done), wrong(Fault::not_found, from, "there is no such file"));
    files_->all[to] = std::move(found.mapped());
    later<void>(std::move(done), {});
  }
  void sync_names(env::Done<Result<void>> done) override { later<void>(std::move(done), {}); }
  env::Buffer buffer(std::size_t bytes) override { return buffers_->lend(bytes); }
  std::string path() const override { return "(memory)"; }

 private:
  template <class Value>
  void later(env::Done<Result<Value>> done, Result<Value> value) {
    loop_.soon(life_.guard(
        [done = std::move(done), value = std::move(value)]() mutable { done(std::move(value)); }));
  }
  void give(const Content& content, env::Done<Result<std::unique_ptr<env::File>>> done) {
    later<std::unique_ptr<env::File>>(std::move(done),
                                      std::make_unique<MemoryFile>(loop_, buffers_, content));
  }

  env::Loop& loop_;
  std::shared_ptr<MemoryFiles> files_;
  std::shared_ptr<Buffers> buffers_ = std::make_shared<Buffers>();
  bool locked_ = false;
  env::Life life_;
};

}  // namespace

std::unique_ptr<env::Disk> memory_disk(env::Loop& loop, std::shared_ptr<MemoryFiles> files) {
  return std::make_unique<MemoryDisk>(loop, std::move(files));
}

}  // namespace bowline::runtime
