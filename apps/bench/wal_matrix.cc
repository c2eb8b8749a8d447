// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/wal_matrix.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

namespace bowline::bench {
namespace {

struct Entrant {
  Who who = Who::ours;
  std::unique_ptr<Contender> contender;
};

struct Field {  // all who run under one load
  Cell cell;
  std::size_t write_bytes = 0;  // of our last round, on average
  std::vector<Entrant> entrants;
};

void enter_all(Field& field, const std::string& path, bool only_ours) {
  std::filesystem::create_directories(path);
  const Load& load = field.cell.load;
  const auto enter = [&](Who who, std::unique_ptr<Contender> contender) {
    field.entrants.push_back({who, std::move(contender)});
  };
  enter(Who::ours, our_log(path + "/ours", load, false));
  if (only_ours) return;
  enter(Who::ours_threads, our_log(path + "/ours_threads", load, true));
  enter(Who::bare_sync, bare_file(path + "/synced", Way::fdatasync, field.write_bytes));
  enter(Who::bare_direct, bare_file(path + "/direct", Way::direct, field.write_bytes));
  enter(Who::rocksdb, rocksdb_wal(path + "/rocksdb", load, Keep::table_too));
  enter(Who::rocksdb_wal, rocksdb_wal(path + "/rocksdb_wal", load, Keep::wal_only));
  enter(Who::sqlite, sqlite_wal(path + "/sqlite", load));
}

void take(Field& field, Who who, const Stretch& stretch) {
  if (who == Who::ours && stretch.syncs > 0) field.write_bytes = stretch.bytes / stretch.syncs;
  Series& series = field.cell.series[static_cast<std::size_t>(who)];
  const auto put = [&](Spread& spread, std::uint64_t count, double by) {
    spread.values.push_back(static_cast<double>(count) / by);
  };
  put(series.syncs, stretch.syncs, stretch.seconds);
  put(series.entries, stretch.entries, stretch.seconds);
  put(series.entries_per_cpu, stretch.entries, std::max(stretch.cpu, 1e-6));
  put(series.bytes, stretch.bytes, stretch.seconds);
  const auto syncs = static_cast<double>(std::max<std::uint64_t>(stretch.syncs, 1));
  series.cpu_us.values.push_back(stretch.cpu * 1e6 / syncs);
}

double sorted_at(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
}

}  // namespace

double Spread::least() const { return sorted_at(values, 0); }
double Spread::median() const { return sorted_at(values, 0.5); }
double Spread::most() const { return sorted_at(values, 1); }

double Cell::limit() const {
  return std::max(of(Who::bare_sync).syncs.median(), of(Who::bare_direct).syncs.median());
}

const char* name_of(Who who) {
  switch (who) {
    case Who::ours: return "this log";
    case Who::ours_threads: return "this log, threads";
    case Who::bare_sync: return "write, fdatasync";
    case Who::bare_direct: return "O_DIRECT, O_DSYNC";
    case Who::rocksdb: return "RocksDB";
    case Who::rocksdb_wal: return "RocksDB, WAL only";
    case Who::sqlite: return "SQLite";
  }
  return "";
}

std::vector<Cell> measure(const Plan& plan, std::size_t payload, std::size_t waiting) {
  constexpr double warming_part = 0.3;
  const std::string path = plan.directory + "/cell";
  std::vector<Field> fields(plan.groups.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    fields[i].cell.load = {
        .groups = plan.groups[i], .payload = payload, .waiting = waiting, .together = 1};
    enter_all(fields[i], path + "/" + std::to_string(plan.groups[i]), plan.only_ours);
    for (Entrant& entrant : fields[i].entrants) {
      const Stretch warm = entrant.contender->run(plan.seconds * warming_part);
      if (entrant.who == Who::ours) fields[i].write_bytes = warm.bytes / warm.syncs;
    }
  }
  for (int round = 0; round < plan.rounds; ++round)
    for (std::size_t who = 0; who < fields.front().entrants.size(); ++who)
      for (Field& field : fields) {
        Entrant& entrant = field.entrants[who];
        take(field, entrant.who, entrant.contender->run(plan.seconds));
      }
  std::vector<Cell> cells;
  cells.reserve(fields.size());
  for (Field& field : fields) cells.push_back(std::move(field.cell));
  fields.clear();
  std::filesystem::remove_all(path);
  return cells;
}

}  // namespace bowline::bench
