// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/disk.h"

#include <optional>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/runtime/directory.h"
#include "bowline/runtime/file.h"
#include "bowline/runtime/thread_transfers.h"
#include "bowline/runtime/uring_transfers.h"
#include "bowline/runtime/workers.h"

namespace bowline::runtime {
namespace {

using Way = DiskOptions::Way;
using FileDone = env::Done<Result<std::unique_ptr<env::File>>>;

struct Engine {
  std::shared_ptr<Transfers> transfers;
  Way way = Way::threads;
  std::string description;
};

Result<Engine> engine(Loop& loop, Way way) {
  std::string description = "threads";
  if (way != Way::threads) {
    Result<std::shared_ptr<UringTransfers>> uring = UringTransfers::open(loop);
    if (uring) return Engine{std::move(*uring), Way::uring, "io_uring"};
    if (way == Way::uring) return std::unexpected(uring.error());
    description += ", because " + uring.error().what;
  }
  return Engine{std::make_shared<ThreadTransfers>(loop), Way::threads, std::move(description)};
}

class Disk final : public env::Disk {
 public:
  Disk(Loop& loop, Directory directory, Engine engine, bool direct);
  ~Disk() override;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  void lock(env::Done<Result<void>>) override;
  void list(env::Done<Result<std::vector<env::Listed>>>) override;
  void open(std::string name, FileDone) override;
  void create(std::string name, std::uint64_t bytes, FileDone) override;
  void remove(std::string name, env::Done<Result<void>>) override;
  void rename(std::string from, std::string to, env::Done<Result<void>>) override;
  void sync_names(env::Done<Result<void>>) override;
  env::Buffer buffer(std::size_t bytes) override { return life_->transfers->lend(bytes); }
  std::string path() const override { return directory_.path(); }

  Way way() const { return way_; }
  const std::string& description() const { return description_; }

 private:
  // `work` returns a Result of something, and done() takes it.
  template <class Work, class Told>
  void aside(Work work, Told done);
  auto opened(FileDone done);

  Directory directory_;
  Way way_;
  std::string description_;
  bool direct_;
  std::shared_ptr<DiskLife> life_;
  // One thread, so that names change in the order in which we were asked to.
  Workers names_;
};

Disk::Disk(Loop& loop, Directory directory, Engine engine, bool direct)
    : directory_(std::move(directory)),
      way_(engine.way),
      description_(std::move(engine.description)),
      direct_(direct),
      life_(std::make_shared<DiskLife>(loop, std::move(engine.transfers))),
      names_(1, [&loop](env::Done<> done) { loop.post(std::move(done)); }) {}

Disk::~Disk() {
  life_->is_gone = true;
  names_.finish();
  life_->transfers->finish();
  life_->transfers.reset();
}

template <class Work, class Told>
void Disk::aside(Work work, Told done) {
  const auto result = std::make_shared<std::optional<decltype(work())>>();
  names_.run([result, work = std::move(work)] { result->emplace(work()); },
             [result, life = life_, done = std::move(done)]() mutable {
               if (!life->is_gone) done(std::move(**result));
             });
}

auto Disk::opened(FileDone done) {
  return [life = life_, done = std::move(done)](Result<OpenFile> file) mutable {
    if (!file) return done(std::unexpected(std::move(file.error())));
    done(std::make_unique<File>(life, std::move(*file)));
  };
}

void Disk::lock(env::Done<Result<void>> done) {
  aside([this] { return directory_.lock(); }, std::move(done));
}

void Disk::list(env::Done<Result<std::vector<env::Listed>>> done) {
  aside([this] { return directory_.list(); }, std::move(done));
}

void Disk::open(std::string name, FileDone done) {
  aside([this, name = std::move(name)] { return directory_.open_file(name, direct_); },
        opened(std::move(done)));
}

void Disk::create(std::string name, std::uint64_t bytes, FileDone done) {
  ensure(bytes % env::block_bytes == 0);
  aside([this, name = std::move(name), bytes] { return directory_.create(name, bytes, direct_); },
        opened(std::move(done)));
}

void Disk::remove(std::string name, env::Done<Result<void>> done) {
  aside([this, name = std::move(name)] { return directory_.remove(name); }, std::move(done));
}

void Disk::rename(std::string from, std::string to, env::Done<Result<void>> done) {
  aside([this, from = std::move(from), to = std::move(to)] { return directory_.rename(from, to); },
        std::move(done));
}

void Disk::sync_names(env::Done<Result<void>> done) {
  aside([this] { return directory_.sync_names(); }, std::move(done));
}

const Disk& ours(const env::Disk& disk) {
  const auto* const found = dynamic_cast<const Disk*>(&disk);
  ensure(found != nullptr);
  return *found;
}

}  // namespace

Result<std::unique_ptr<env::Disk>> open_disk(const std::string& path, Loop& loop,
                                             DiskOptions options) {
  Result<Directory> directory = Directory::open(path);
  if (!directory) return std::unexpected(directory.error());
  Result<Engine> found = engine(loop, options.way);
  if (!found) return std::unexpected(found.error());
  return std::make_unique<Disk>(loop, std::move(*directory), std::move(*found), options.direct);
}

DiskOptions::Way way_of(const env::Disk& disk) { return ours(disk).way(); }

std::string describe(const env::Disk& disk) { return ours(disk).description(); }

}  // namespace bowline::runtime
