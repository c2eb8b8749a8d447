// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "apps/bowline/client_verbs.h"
#include "apps/bowline/key_view.h"
#include "apps/bowline/numbers.h"
#include "apps/bowline/wal.h"

// bowline watch: what happens to keys, as it happens, until it is interrupted.
namespace bowline::apps {
namespace {

constexpr auto pause_before_another = std::chrono::milliseconds(200);

struct WatchArguments {
  std::string key, end;
  bool prefix = false, before = false;
  std::int64_t revision = 0;
  std::uint64_t most = 0;
};

etcdserverpb::WatchRequest request_of(const WatchArguments& given, std::int64_t from) {
  etcdserverpb::WatchRequest request;
  auto& create = *request.mutable_create_request();
  create.set_key(given.key.empty() && given.prefix ? std::string(1, '\0') : given.key);
  create.set_range_end(given.prefix ? after_prefix(given.key) : given.end);
  create.set_start_revision(from);
  create.set_prev_kv(given.before);
  // So that what we would go on at is never compacted long ago.
  create.set_progress_notify(true);
  return request;
}

// One stream, for as long as it lasts.
class Watching {
 public:
  Watching(const ClientSession& session, const WatchArguments& given)
      : session_(session), given_(given), from_(given.revision) {}

  // Goes on at the next member where the last one broke off: nothing is missed or told twice.
  int run() {
    while (true) {
      auto channel = session_.client.connect(breaks_);
      if (!channel) return session_.complain(NotDone{channel.error().what});
      (*channel)->open("/etcdserverpb.Watch/Watch", std::nullopt, leader_wanted());
      (*channel)->send(request_of(given_, from_).SerializeAsString());
      if (const auto status = follow(**channel)) return *status;
    }
  }

 private:
  std::optional<int> follow(GrpcChannel& channel) {
    while (true) {
      auto heard = channel.next(std::chrono::steady_clock::now() + std::chrono::hours(1));
      if (std::holds_alternative<GrpcChannel::Late>(heard)) continue;
      if (const auto* end = std::get_if<CallEnd>(&heard)) return ended(*end);
      etcdserverpb::WatchResponse said;
      if (!said.ParseFromString(std::get<std::string>(heard)))
        return session_.complain(NotDone{"what the member says cannot be read"});
      if (const auto status = take(said)) return status;
    }
  }

  std::optional<int> ended(const CallEnd& end) {
    const bool may_go_on = !end.status || end.status->code == rpc::Code::unavailable;
    // From "now on" means nothing after a break, before the first answer told when that was.
    if (!may_go_on || (from_ == 0 && !created_)) return session_.complain(end, Effect::none);
    ++breaks_;
    const std::string why = end.status ? end.status->message : end.why;
    if (why != std::exchange(told_, why))
      std::fprintf(stderr, "bowline: %s; going on at revision %lld\n", why.c_str(),
                   static_cast<long long>(from_));
    timespec pause{0, std::chrono::nanoseconds(pause_before_another).count()};
    nanosleep(&pause, nullptr);
    return std::nullopt;
  }

  std::optional<int> take(const etcdserverpb::WatchResponse& said) {
    if (said.canceled()) {
      const std::string compacted =
          said.compact_revision() == 0
              ? ""
              : "; the oldest that is kept is " + std::to_string(said.compact_revision());
      const std::string why =
          said.cancel_reason().empty() ? "the watch was ended by the server" : said.cancel_reason();
      return session_.complain(NotDone{why + compacted});
    }
    if (said.created()) told_.clear();
    created_ = created_ || said.created();
    if (from_ == 0 && said.created()) from_ = said.header().revision() + 1;
    for (const mvccpb::Event& one : said.events()) {
      ClientSession::say(text_of(one, session_.style));
      from_ = one.kv().mod_revision() + 1;
      if (given_.most != 0 && ++seen_ >= given_.most) return all_is_well;
    }
    std::fflush(stdout);
    return std::nullopt;
  }

  const ClientSession& session_;
  const WatchArguments& given_;
  std::int64_t from_;  // 0: now
  bool created_ = false;
  std::uint64_t seen_ = 0;
  std::size_t breaks_ = 0;
  std::string told_;  // of the last break
};

}  // namespace

void add_watch_verb(ClientVerbs& verbs) {
  const auto given = std::make_shared<WatchArguments>();
  CLI::App* const verb =
      verbs.add(verbs.app(), "watch", "Tell what happens to keys, as it happens",
                [given](const ClientSession& session) { return Watching(session, *given).run(); });
  verb->add_option("KEY", given->key, "The key, or the first of a range")->required();
  CLI::Option* const end = verb->add_option("END", given->end, "The range ends before this one");
  verb->add_flag("--prefix", given->prefix, "All keys that begin with KEY")->excludes(end);
  verb->add_flag("--prev-kv", given->before, "With what they held before");
  verb->add_option("--rev", given->revision, "From this revision on")->check(at_least(0));
  verb->add_option("--events", given->most, "End after so many");
}

}  // namespace bowline::apps
