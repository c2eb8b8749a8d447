// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/write_batch.h>
#include <sqlite3.h>
#include <unistd.h>

#include "apps/bench/wal_load.h"
#include "bowline/env/buffer.h"
#include "bowline/runtime/handle.h"

namespace bowline::bench {
namespace {

constexpr std::size_t most_write_bytes = 8 << 20;
constexpr std::uint64_t file_bytes = 64 << 20;

class BareFile final : public Contender {
 public:
  BareFile(const std::string& path, Way way, const std::size_t& write_bytes)
      : way_(way),
        write_bytes_(write_bytes),
        memory_(static_cast<char*>(std::aligned_alloc(2 << 20, most_write_bytes)), std::free) {
    std::memset(memory_.get(), 'b', most_write_bytes);
    const int direct = way == Way::direct ? O_DIRECT | O_DSYNC : 0;
    file_ = runtime::Handle(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0644));
    if (!file_) stop("cannot create " + path);
    for (std::uint64_t at = 0; at < file_bytes; at += most_write_bytes)
      if (::pwrite(file_.number(), memory_.get(), most_write_bytes, static_cast<off_t>(at)) < 0)
        stop("cannot write " + path);
    if (::fsync(file_.number()) != 0) stop("cannot sync " + path);
    file_ = runtime::Handle(::open(path.c_str(), O_WRONLY | direct));
    if (!file_) stop("cannot open " + path + " (O_DIRECT may be refused here)");
  }

  Stretch run(double seconds) override {
    const std::size_t bytes = std::clamp(write_bytes_ / env::block_bytes * env::block_bytes,
                                         env::block_bytes, most_write_bytes);
    Stretch stretch;
    const Watch watch(seconds);
    for (; !watch.is_over(); ++stretch.syncs) {
      if (at_ + bytes > file_bytes) at_ = 0;
      const auto at = static_cast<off_t>(std::exchange(at_, at_ + bytes));
      const ssize_t wrote = ::pwrite(file_.number(), memory_.get(), bytes, at);
      if (wrote != static_cast<ssize_t>(bytes)) stop("cannot write");
      if (way_ == Way::fdatasync && ::fdatasync(file_.number()) != 0) stop("cannot sync");
    }
    watch.end(stretch);
    stretch.bytes = stretch.syncs * bytes;
    return stretch;
  }

 private:
  Way way_;
  const std::size_t& write_bytes_;
  runtime::Handle file_;
  std::unique_ptr<char, void (*)(void*)> memory_;
  std::uint64_t at_ = 0;
};

// Which group comes next, and which index that is.
class Turns {
 public:
  explicit Turns(const Load& load) : last_(load.groups) {}
  std::uint64_t group() { return next_++ % last_.size(); }
  std::uint64_t index(std::uint64_t group) { return ++last_[group]; }

 private:
  std::vector<std::uint64_t> last_;
  std::uint64_t next_ = 0;
};

// As logs that are built upon it use it: a key of group and index. Files of the table go when they
// are old, without being merged, so that as little as possible is done beside the log.
class RocksDb final : public Contender {
 public:
  RocksDb(const std::string& path, const Load& load, Keep keep)
      : load_(load), keep_(keep), turns_(load), payloads_(payloads(load.payload)) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    options.compaction_style = rocksdb::kCompactionStyleFIFO;
    options.compaction_options_fifo.max_table_files_size = 256 << 20;
    options.recycle_log_file_num = 4;  // its log is written over, too
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, path, &opened);
    db_.reset(opened);
    if (!status.ok()) stop(status.ToString());
    write_.sync = true;
  }

  Stretch run(double seconds) override {
    Stretch stretch;
    const Watch watch(seconds);
    for (; !watch.is_over(); ++stretch.syncs) {
      rocksdb::WriteBatch batch;
      for (std::size_t i = 0; i < load_.waiting; ++i) add(batch);
      if (const rocksdb::Status status = db_->Write(write_, &batch); !status.ok())
        stop(status.ToString());
      stretch.entries += load_.waiting;
    }
    watch.end(stretch);
    return stretch;
  }

 private:
  void add(rocksdb::WriteBatch& batch) {
    const std::string_view payload = payloads_[++entries_ % payloads_.size()].view();
    const std::uint64_t group = turns_.group();
    const std::uint64_t name[2] = {__builtin_bswap64(group),
                                   __builtin_bswap64(turns_.index(group))};
    const rocksdb::Slice key(reinterpret_cast<const char*>(name), sizeof name);
    const rocksdb::Slice value(payload.data(), payload.size());
    if (keep_ == Keep::table_too) {
      batch.Put(key, value);
    } else {
      batch.PutLogData(key);
      batch.PutLogData(value);
    }
  }

  Load load_;
  Keep keep_;
  Turns turns_;
  std::vector<Bytes> payloads_;
  std::uint64_t entries_ = 0;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::WriteOptions write_;
};

class Sqlite final : public Contender {
 public:
  Sqlite(const std::string& path, const Load& load)
      : load_(load), turns_(load), payloads_(payloads(load.payload)) {
    check(sqlite3_open(path.c_str(), &db_));
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
    execute("CREATE TABLE log(g INTEGER, i INTEGER, p BLOB, PRIMARY KEY(g, i)) WITHOUT ROWID");
    check(sqlite3_prepare_v2(db_, "INSERT INTO log VALUES(?, ?, ?)", -1, &insert_, nullptr));
  }
  ~Sqlite() override {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  Stretch run(double seconds) override {
    Stretch stretch;
    const Watch watch(seconds);
    for (; !watch.is_over(); ++stretch.syncs) {
      execute("BEGIN");
      for (std::size_t i = 0; i < load_.waiting; ++i) add();
      execute("COMMIT");
      stretch.entries += load_.waiting;
    }
    watch.end(stretch);
    return stretch;
  }

 private:
  void check(int answer) const {
    if (answer != SQLITE_OK) stop(std::string("SQLite: ") + sqlite3_errmsg(db_));
  }
  void execute(const char* what) const {
    check(sqlite3_exec(db_, what, nullptr, nullptr, nullptr));
  }
  void add() {
    const std::string_view payload = payloads_[++entries_ % payloads_.size()].view();
    const std::uint64_t group = turns_.group();
    check(sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(group)));
    check(sqlite3_bind_int64(insert_, 2, static_cast<sqlite3_int64>(turns_.index(group))));
    const auto size = static_cast<int>(payload.size());
    check(sqlite3_bind_blob(insert_, 3, payload.data(), size, SQLITE_STATIC));
    if (sqlite3_step(insert_) != SQLITE_DONE) check(SQLITE_ERROR);
    check(sqlite3_reset(insert_));
  }

  Load load_;
  Turns turns_;
  std::vector<Bytes> payloads_;
  std::uint64_t entries_ = 0;
  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
};

}  // namespace

std::unique_ptr<Contender> bare_file(const std::string& path, Way way,
                                     const std::size_t& write_bytes) {
  return std::make_unique<BareFile>(path, way, write_bytes);
}

std::unique_ptr<Contender> rocksdb_wal(const std::string& path, const Load& load, Keep keep) {
  return std::make_unique<RocksDb>(path, load, keep);
}

std::unique_ptr<Contender> sqlite_wal(const std::string& path, const Load& load) {
  return std::make_unique<Sqlite>(path, load);
}

}  // namespace bowline::bench
