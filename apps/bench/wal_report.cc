// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <fstream>
#include <string>

#include "apps/bench/wal_matrix.h"

namespace bowline::bench {
namespace {

void print_load(const Load& load) {
  std::printf("%6llu %7zu %7zu ", static_cast<unsigned long long>(load.groups), load.payload,
              load.waiting);
}

constexpr const char* load_head = "groups payload waiting ";

double ratio(double a, double b) { return b > 0 ? a / b : 0; }

void print_syncs(const std::vector<Cell>& cells) {
  std::printf(
      "\nSyncs a second (median, least .. most); of the limit: ours through the better of "
      "the two\n%s%8s %18s %8s %8s %8s %9s\n",
      load_head, "this log", "least .. most", "threads", "fdatasy.", "O_DIRECT", "of limit");
  for (const Cell& cell : cells) {
    const Spread& ours = cell.of(Who::ours).syncs;
    print_load(cell.load);
    std::printf("%8.0f %8.0f ..%8.0f %8.0f %8.0f %8.0f %9.2f\n", ours.median(), ours.least(),
                ours.most(), cell.of(Who::ours_threads).syncs.median(),
                cell.of(Who::bare_sync).syncs.median(), cell.of(Who::bare_direct).syncs.median(),
                ratio(ours.median(), cell.limit()));
  }
}

void print_entries(const std::vector<Cell>& cells, Spread Series::* what, const char* title) {
  std::printf(
      "\n%s (median, least .. most); x: ours through theirs\n%s%9s %20s %9s %6s %9s %6s "
      "%9s %6s\n",
      title, load_head, "this log", "least .. most", "RocksDB", "x", "its WAL", "x", "SQLite", "x");
  for (const Cell& cell : cells) {
    const Spread& ours = cell.of(Who::ours).*what;
    print_load(cell.load);
    std::printf("%9.0f %9.0f ..%9.0f", ours.median(), ours.least(), ours.most());
    for (const Who who : {Who::rocksdb, Who::rocksdb_wal, Who::sqlite}) {
      const double theirs = (cell.of(who).*what).median();
      std::printf(" %9.0f %6.2f", theirs, ratio(ours.median(), theirs));
    }
    std::printf("\n");
  }
}

// What the disk costs anybody, and what a log costs beside that.
void print_cpu(const std::vector<Cell>& cells) {
  std::printf("\nCPU us a sync (median)\n%s%8s %8s %8s %8s %8s %8s %8s\n", load_head, "this log",
              "threads", "fdatasy.", "O_DIRECT", "RocksDB", "its WAL", "SQLite");
  for (const Cell& cell : cells) {
    print_load(cell.load);
    for (const Series& series : cell.series) std::printf("%8.1f ", series.cpu_us.median());
    std::printf("\n");
  }
}

const Cell* with_one_group(const std::vector<Cell>& cells, const Load& load) {
  for (const Cell& cell : cells)
    if (cell.load.groups == 1 && cell.load.payload == load.payload &&
        cell.load.waiting == load.waiting)
      return &cell;
  return nullptr;
}

void print_groups(const std::vector<Cell>& cells) {
  std::printf(
      "\nMany groups through one: entries a second, bytes a second, entries a CPU second\n"
      "%s%9s %9s %9s\n",
      load_head, "entries", "bytes", "per CPU");
  for (const Cell& cell : cells) {
    const Cell* const one = with_one_group(cells, cell.load);
    if (cell.load.groups == 1 || one == nullptr) continue;
    const Series& many = cell.of(Who::ours);
    const Series& single = one->of(Who::ours);
    print_load(cell.load);
    std::printf("%9.2f %9.2f %9.2f\n", ratio(many.entries.median(), single.entries.median()),
                ratio(many.bytes.median(), single.bytes.median()),
                ratio(many.entries_per_cpu.median(), single.entries_per_cpu.median()));
  }
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string in_json(const char* name, const Spread& spread) {
  return std::string("\"") + name + "\":{\"least\":" + number(spread.least()) +
         ",\"median\":" + number(spread.median()) + ",\"most\":" + number(spread.most()) + "}";
}

}  // namespace

void print_tables(const std::vector<Cell>& cells) {
  print_syncs(cells);
  print_entries(cells, &Series::entries, "Entries a second");
  print_entries(cells, &Series::entries_per_cpu, "Entries a CPU second");
  print_cpu(cells);
  print_groups(cells);
}

void write_json(const std::string& path, const std::vector<Cell>& cells, const Plan& plan) {
  std::ofstream out(path);
  out << "{\"rounds\":" << plan.rounds << ",\"seconds\":" << plan.seconds << ",\"cells\":[";
  const char* comma = "\n";
  for (const Cell& cell : cells) {
    for (std::size_t i = 0; i < who_count; ++i) {
      const Series& series = cell.series[i];
      out << comma << "{\"groups\":" << cell.load.groups << ",\"payload\":" << cell.load.payload
          << ",\"waiting\":" << cell.load.waiting << ",\"who\":\"" << name_of(static_cast<Who>(i))
          << "\"," << in_json("syncs", series.syncs) << "," << in_json("entries", series.entries)
          << "," << in_json("entries_per_cpu_second", series.entries_per_cpu) << ","
          << in_json("bytes", series.bytes) << "," << in_json("cpu_us_a_sync", series.cpu_us)
          << "}";
      comma = ",\n";
    }
  }
  out << "\n]}\n";
  if (!out.flush()) stop("cannot write " + path);
}

}  // namespace bowline::bench
