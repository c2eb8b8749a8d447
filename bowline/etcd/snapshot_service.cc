// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/snapshot_service.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "bowline/etcd/backup.h"
#include "bowline/etcd/unary.h"

namespace bowline::etcd {
namespace {

constexpr std::size_t message_bytes = 32 << 10;        // as etcd's
constexpr std::uint64_t most_untaken_bytes = 1 << 20;  // that the client has not taken
constexpr std::uint64_t keys_of_a_slice = 500;         // keys of one turn
constexpr const char* snapshot_path = "/etcdserverpb.Maintenance/Snapshot";

}  // namespace

struct SnapshotService::Stream {
  rpc::Call call;
  std::unique_ptr<Backup> backup;  // once it was asked for
  std::string made;                // and not sent
  std::uint64_t sent = 0;
  bool is_waiting = false;  // until the client has taken some
  bool is_over = false;
};

SnapshotService::SnapshotService(Here& here) : here_(here) {}
SnapshotService::~SnapshotService() = default;

void SnapshotService::add_to(rpc::Router& router) {
  router.server_streaming(snapshot_path, [this](rpc::Call call) { open(std::move(call)); });
}

void SnapshotService::open(rpc::Call call) {
  if (streams_.size() >= most_streams) return refuse(call, Wrong::too_many_requests);
  auto stream = std::make_shared<Stream>();
  stream->call = std::move(call);
  streams_.insert(stream);
  const auto weak = std::weak_ptr<Stream>(stream);
  stream->call.listen({.message =
                           [this, weak](std::string_view bytes) {
                             const auto self = weak.lock();
                             if (!self) return;
                             etcdserverpb::SnapshotRequest request;
                             if (!parse(request, bytes)) return finish(self, unreadable());
                             if (!self->backup) begin(self);
                           },
                       .half_closed =
                           [this, weak] {
                             const auto self = weak.lock();
                             if (self && !self->backup) finish(self, unreadable());
                           },
                       .cancelled =
                           [this, weak](rpc::Cancelled) {
                             const auto self = weak.lock();
                             if (!self) return;
                             self->is_over = true;
                             streams_.erase(self);
                           },
                       .drained =
                           [this, weak] {
                             const auto self = weak.lock();
                             if (self && std::exchange(self->is_waiting, false)) go_on(self);
                           }});
}

void SnapshotService::begin(const std::shared_ptr<Stream>& stream) {
  const host::Replica* const replica = here_.quorum.replica();
  const LogId applied = replica == nullptr ? LogId{} : replica->applied();
  stream->backup = std::make_unique<Backup>(here_.machine.state(), applied);
  go_on(stream);
}

void SnapshotService::go_on(const std::shared_ptr<Stream>& stream) {
  here_.loop.soon(life_.guard([this, stream] { work(stream); }));
}

void SnapshotService::work(const std::shared_ptr<Stream>& stream) {
  if (stream->is_over) return;
  Backup& backup = *stream->backup;
  const bool is_more = backup.step(keys_of_a_slice, stream->made);
  if (backup.lost())
    return finish(stream, {rpc::Code::unavailable,
                           "the state was replaced while it was read: ask for it again"});
  send(*stream, is_more ? message_bytes : 1);
  if (!is_more) return finish(stream, {});
  stream->is_waiting = stream->call.queued() > most_untaken_bytes;
  if (!stream->is_waiting) go_on(stream);
}

// Whole messages; of what is left the last one.
void SnapshotService::send(Stream& stream, std::size_t least) {
  std::string_view rest = stream.made;
  while (rest.size() >= least) {
    const std::string_view part = rest.substr(0, message_bytes);
    rest.remove_prefix(part.size());
    stream.sent += part.size();
    etcdserverpb::SnapshotResponse response;
    response.set_remaining_bytes(*stream.backup->bytes() - stream.sent);
    response.set_blob(part.data(), part.size());
    stream.call.message(response.SerializeAsString());
  }
  stream.made.erase(0, stream.made.size() - rest.size());
}

void SnapshotService::finish(const std::shared_ptr<Stream>& stream, rpc::Status status) {
  stream->is_over = true;
  streams_.erase(stream);
  if (stream->call) stream->call.finish(std::move(status));
}

void SnapshotService::stop() {
  while (!streams_.empty()) finish(std::shared_ptr(*streams_.begin()), status_of(Wrong::stopped));
}

}  // namespace bowline::etcd
