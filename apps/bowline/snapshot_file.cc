// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/snapshot_file.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <utility>

#include "apps/bowline/progress_bar.h"
#include "bowline/etcd/bolt_reader.h"
#include "bowline/etcd/digests.h"

namespace bowline::apps {
namespace {

constexpr std::uint64_t sector = 512;  // a database is a whole number of these

std::unexpected<Error> wrong(const std::string& path, const std::string& what) {
  return std::unexpected(Error{Fault::corrupt, path + ": " + what});
}

Result<void> check_sum(std::ifstream& file, const std::string& path, std::uint64_t bytes) {
  if (bytes % sector != etcd::Sha256::bytes)
    return wrong(path,
                 "there is no sum at its end. If it was copied from a data directory, say "
                 "--skip-hash-check");
  etcd::Sha256 sum;
  ProgressBar bar("checking");
  std::string part(std::size_t{1} << 20U, '\0');
  file.seekg(0);
  for (std::uint64_t left = bytes - etcd::Sha256::bytes; left > 0;) {
    const std::uint64_t now = std::min<std::uint64_t>(left, part.size());
    if (!file.read(part.data(), static_cast<std::streamsize>(now)))
      return wrong(path, "it cannot be read");
    sum.add(std::string_view(part).substr(0, now));
    left -= now;
    bar.show_bytes(bytes - left, bytes);
  }
  std::string said(etcd::Sha256::bytes, '\0');
  file.read(said.data(), static_cast<std::streamsize>(said.size()));
  if (!file || said != sum.sum())
    return wrong(path, "its sum says that it is damaged: use another copy");
  return {};
}

}  // namespace

Result<std::unique_ptr<kv::State>> read_snapshot_file(const std::string& path, SnapshotCheck check,
                                                      const etcd::ImportOptions& options) {
  std::ifstream file(path, std::ios::binary);
  if (!file.seekg(0, std::ios::end)) return wrong(path, "it cannot be opened");
  const auto bytes = static_cast<std::uint64_t>(file.tellg());
  if (!check.skip_sum)
    if (const Result<void> good = check_sum(file, path, bytes); !good)
      return std::unexpected(good.error());
  ProgressBar bar("reading");
  std::uint64_t done = 0;  // the pages of a database are read once each, but for a few
  const auto read_at = [&](std::uint64_t offset, std::uint64_t count) -> Result<std::string> {
    std::string part(count, '\0');
    file.clear();
    file.seekg(static_cast<std::streamoff>(offset));
    if (!file.read(part.data(), static_cast<std::streamsize>(count)))
      return wrong(path, "it ends too early");
    bar.show_bytes(std::min(done += count, bytes), bytes);
    return part;
  };
  Result<etcd::bolt::Reader> reader = etcd::bolt::Reader::open(read_at, bytes);
  if (!reader) return wrong(path, reader.error().what);
  Result<std::unique_ptr<kv::State>> state = etcd::import_backup(*reader, options);
  if (!state) return wrong(path, state.error().what);
  return state;
}

}  // namespace bowline::apps
