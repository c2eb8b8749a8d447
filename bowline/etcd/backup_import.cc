// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/backup_import.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bowline/etcd/backup_format.h"
#include "bowline/etcd/proto/kv.pb.h"
#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/etcd/proto/store.pb.h"
#include "bowline/etcd/unary.h"
#include "bowline/kv/snapshot.h"
#include "bowline/kv/store_loader.h"

namespace bowline::etcd {
namespace {

constexpr std::int64_t most_revision = std::numeric_limits<std::int64_t>::max() / 4;

std::unexpected<Error> wrong(std::string what) {
  return std::unexpected(Error{Fault::corrupt, std::move(what)});
}

struct Write {
  kv::Revision at;
  std::int64_t create = 0;
  std::int64_t version = 0;  // 0: it was erased
  kv::LeaseId lease = 0;
  std::string value;
};

class Import {
 public:
  explicit Import(const ImportOptions& options)
      : options_(options), state_(std::make_unique<kv::State>()) {}

  Result<void> meta(std::string_view key, std::string_view value) {
    const bool is_compaction =
        key == backup::finished_compaction_key || key == backup::scheduled_compaction_key;
    if (!is_compaction) return {};
    const auto at = backup::write_key_in(value);
    if (!at || at->at.main > most_revision) return wrong("its compacted revision makes no sense");
    compacted_ = std::max(compacted_, at->at.main);
    return {};
  }

  Result<void> lease(std::string_view, std::string_view value) {
    leasepb::Lease lease;
    if (!parse(lease, value) || state_->leases.grant(lease.id(), lease.ttl()) != kv::Refusal::none)
      return wrong("one of its leases makes no sense");
    if (lease.remainingttl() != 0)
      state_->leases.checkpoint({.left = {{lease.id(), lease.remainingttl()}}, .term = 0});
    return {};
  }

  Result<void> alarm(std::string_view key, std::string_view) {
    etcdserverpb::AlarmMember alarm;
    if (!parse(alarm, key) || !etcdserverpb::AlarmType_IsValid(alarm.alarm()))
      return wrong("one of its alarms makes no sense");
    const auto kind = static_cast<kv::Alarm::Kind>(alarm.alarm());
    if (kind != kv::Alarm::Kind::none) state_->alarms.insert({alarm.memberid(), kind});
    return {};
  }

  // Nobody is to find out from an intruder that what was locked is open.
  Result<void> users(std::string_view key, std::string_view value) const {
    const bool are_asked = key == backup::users_are_asked_key && value == std::string_view("\1");
    if (!are_asked || options_.without_users) return {};
    return std::unexpected(Error{
        Fault::invalid,
        "the cluster of this snapshot asked who somebody is (auth enable), and this server has no "
        "users yet: whoever reaches its ports may read and write all of it. If that is meant, say "
        "--without-users, and let certificates keep strangers away (--client-cert-auth)"});
  }

  Result<void> write(std::string_view key, std::string_view value) {
    const auto at = backup::write_key_in(key);
    mvccpb::KeyValue pair;
    if (!at || at->at.main < kv::first_revision || at->at.main > most_revision ||
        !parse(pair, value) || pair.key().empty() != value.empty())
      return wrong("one of its keys makes no sense");
    last_ = std::max(last_, at->at.main);
    if (value.empty()) return {};  // etcd raises the revision in this way when it restores
    std::vector<Write>& writes = keys_[pair.key()];
    if (!at->is_live) {
      writes.push_back({.at = at->at, .value = {}});
    } else {
      writes.push_back({.at = at->at,
                        .create = pair.create_revision(),
                        .version = pair.version(),
                        .lease = pair.lease(),
                        .value = std::move(*pair.mutable_value())});
    }
    return {};
  }

  Result<std::unique_ptr<kv::State>> end() {
    std::int64_t revision = std::max({last_, compacted_, kv::first_revision});
    if (options_.bump_revision < 0 || options_.bump_revision > most_revision)
      return wrong("--bump-revision is to be more than 0, and no astronomic number");
    revision += options_.bump_revision;
    if (options_.mark_compacted) compacted_ = revision;
    kv::StoreLoader loader(state_->store);
    if (!loader.begin(revision, compacted_)) return wrong("its revisions make no sense");
    for (auto& [key, writes] : keys_)
      if (!put(loader, key, writes))
        return wrong("the past of the key '" + key + "' makes no sense");
    if (!loader.finish()) return wrong("two of its writes have the same revision");
    attach_leases();
    return std::move(state_);
  }

 private:
  // What is compacted may be in the file still, if it was not swept when it was written. A lease
  // may be gone while a key that it held is not: then none holds it.
  bool put(kv::StoreLoader& loader, const std::string& key, std::vector<Write>& writes) const {
    auto from = writes.begin();
    for (auto at = from; at != writes.end() && at->at.main <= compacted_; ++at)
      if (from->at.main < compacted_) from = at;
    if (from->at.main < compacted_ && from->version == 0) ++from;
    if (from == writes.end()) return true;
    if (state_->leases.find(writes.back().lease) == nullptr) writes.back().lease = 0;
    if (!loader.key(key)) return false;
    for (; from != writes.end(); ++from)
      if (!loader.version({.main = from->at.main,
                           .sub = static_cast<std::uint64_t>(from->at.sub),
                           .create = from->create,
                           .version = from->version,
                           .lease = from->lease,
                           .value = from->value}))
        return false;
    return true;
  }

  void attach_leases() {
    state_->store.each({.key = {}, .range_end = {"\0", 1}}, [&](const kv::Version& version) {
      if (version.lease != 0) state_->leases.attach(version.lease, *version.key);
      return true;
    });
  }

  ImportOptions options_;
  std::unique_ptr<kv::State> state_;
  std::map<std::string, std::vector<Write>> keys_;
  std::int64_t last_ = 0;
  std::int64_t compacted_ = -1;
};

}  // namespace

Result<std::unique_ptr<kv::State>> import_backup(bolt::Reader& reader,
                                                 const ImportOptions& options) {
  Import import(options);
  using Take = Result<void> (Import::*)(std::string_view, std::string_view);
  const auto is_locked = [&](std::string_view key, std::string_view value) {
    return import.users(key, value);
  };
  if (Result<void> read = reader.each(backup::users_bucket, is_locked); !read)
    return std::unexpected(read.error());
  const std::pair<std::string_view, Take> buckets[] = {{backup::meta_bucket, &Import::meta},
                                                       {backup::lease_bucket, &Import::lease},
                                                       {backup::alarm_bucket, &Import::alarm},
                                                       {backup::key_bucket, &Import::write}};
  for (const auto& [name, take] : buckets) {
    const auto visit = [&](std::string_view key, std::string_view value) {
      return (import.*take)(key, value);
    };
    if (Result<void> read = reader.each(name, visit); !read) return std::unexpected(read.error());
  }
  return import.end();
}

}  // namespace bowline::etcd
