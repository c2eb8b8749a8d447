// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "apps/bowline/client_verbs.h"
#include "apps/bowline/columns.h"
#include "apps/bowline/json.h"
#include "apps/bowline/progress_bar.h"
#include "apps/bowline/words.h"
#include "bowline/etcd/proto/rpc.pb.h"

// bowline snapshot save: a member's whole state, as a file.
namespace bowline::apps {
namespace {

// Written beside its place, and moved there when it is whole and on the disk.
class FileInTheMaking {
 public:
  explicit FileInTheMaking(std::string path)
      : path_(std::move(path)),
        part_(path_ + ".part"),
        file_(::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {}
  ~FileInTheMaking() {
    if (file_ >= 0) ::close(file_);
    if (file_ >= 0 && !kept_) ::unlink(part_.c_str());
  }
  FileInTheMaking(const FileInTheMaking&) = delete;
  FileInTheMaking& operator=(const FileInTheMaking&) = delete;

  bool is_open() const { return file_ >= 0; }
  bool add(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(file_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  bool keep() {
    kept_ = ::fsync(file_) == 0 && ::rename(part_.c_str(), path_.c_str()) == 0;
    return kept_;
  }
  std::string fault() const { return part_ + ": " + std::strerror(errno); }

 private:
  std::string path_;
  std::string part_;
  int file_;
  bool kept_ = false;
};

int save(const ClientSession& session, const std::string& path) {
  FileInTheMaking file(path);
  if (!file.is_open()) return session.complain(NotDone{file.fault()});
  const auto channel = session.client.connect();
  if (!channel) return session.complain(NotDone{channel.error().what});
  (*channel)->open("/etcdserverpb.Maintenance/Snapshot", std::nullopt);
  (*channel)->send("");
  (*channel)->half_close();
  ProgressBar bar("snapshot");
  const auto complain = [&](const auto&... what) {
    bar.clear();
    return session.complain(what...);
  };
  std::uint64_t bytes = 0;
  while (true) {
    // Of each piece; the whole may take as long as it needs.
    auto heard =
        (*channel)->next(std::chrono::steady_clock::now() + session.client.options().within);
    if (std::holds_alternative<GrpcChannel::Late>(heard))
      return complain(NotDone{"the member did not answer in time"});
    if (const auto* end = std::get_if<CallEnd>(&heard)) {
      if (!end->status || !end->status->ok()) return complain(*end, Effect::none);
      break;
    }
    etcdserverpb::SnapshotResponse piece;
    if (!piece.ParseFromString(std::get<std::string>(heard)))
      return complain(NotDone{"the answer cannot be read"});
    if (!file.add(piece.blob())) return complain(NotDone{file.fault()});
    bytes += piece.blob().size();
    bar.show_bytes(bytes, bytes + piece.remaining_bytes());
  }
  if (bytes == 0) return complain(NotDone{"the member sent an empty snapshot"});
  if (!file.keep()) return complain(NotDone{file.fault()});
  bar.clear();
  if (session.style == Style::json)
    return ClientSession::say(JsonObject().add("file", path).add("bytes", bytes).done().text +
                              "\n");
  if (session.style == Style::table)
    return ClientSession::say(columns({{"FILE", "BYTES"}, {path, std::to_string(bytes)}}));
  return ClientSession::say("Snapshot saved at " + path + ", " + size(bytes) + "\n");
}

}  // namespace

void add_snapshot_verbs(ClientVerbs& verbs) {
  CLI::App& family = *verbs.add_family("snapshot", "A member's whole state, as a file");
  const auto path = std::make_shared<std::string>();
  verbs
      .add(family, "save", "Fetch one from the first member that can be reached",
           [path](const ClientSession& session) { return save(session, *path); })
      ->add_option("FILE", *path, "Where to put it")
      ->required();
}

}  // namespace bowline::apps
