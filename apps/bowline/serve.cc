// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "apps/bowline/client_network.h"
#include "apps/bowline/early_end.h"
#include "apps/bowline/process_figures.h"
#include "apps/bowline/serve_environment.h"
#include "apps/bowline/serve_member.h"
#include "apps/bowline/serve_page.h"
#include "bowline/api/node.h"
#include "bowline/etcd/doors.h"
#include "bowline/etcd/front.h"
#include "bowline/etcd/here.h"
#include "bowline/etcd/served_machine.h"
#include "bowline/host/complaints.h"
#include "bowline/host/news.h"
#include "bowline/runtime/file_extents.h"
#include "bowline/runtime/privacy.h"
#include "bowline/runtime/tls_network.h"

namespace bowline::apps {
namespace {

constexpr auto stop_within = std::chrono::seconds(15);

int complain(const std::string& what) {
  std::fprintf(stderr, "bowline serve: %s\n", what.c_str());
  return 1;
}

// For whoever waits for a line of this kind before it uses a server that it has started.
void say(const std::string& what) { std::fprintf(stderr, "%s\n", what.c_str()); }

// As etcd says it: scripts take the third word of the first line.
std::string version_text() {
  return std::string("etcd Version: ") + etcd::server_version +
         "\nServer: Bowline, which speaks the API of that version";
}

// A member that ends although nobody told it to.
enum class Parting : std::uint8_t {
  none,
  removed,   // from its cluster
  disowned,  // the cluster knows it with other data than those that are here
  differs    // the data of the others are not those that are here
};

// On the node's thread: ours hears of it by the signal that it waits for.
void part(std::atomic<Parting>& parting, Parting why) {
  parting = why;
  ::kill(::getpid(), SIGTERM);
}

// What is left to do and to say when all is over.
int farewell(Parting parting, const std::string& directory, const WhoWeAre& self) {
  if (parting == Parting::disowned)
    return complain(
        "--data-dir: the other members know this one with other data than those in " + directory +
        ": it was emptied or lost, or is of before the member was replaced. Start with the right "
        "one; if there is none, remove the member, add it anew, and start with an empty one and "
        "--initial-cluster-state=existing");
  if (parting == Parting::differs)
    return complain(
        "--experimental-initial-corrupt-check: the other members have other data than those in " +
        directory +
        ": what is there was changed by something else than this cluster. Remove the member, add "
        "it anew, and start with an empty directory and --initial-cluster-state=existing");
  if (parting != Parting::removed) return 0;
  const Result<void> noted = remember_removal(directory, self);
  return noted ? 0 : complain("--data-dir: " + noted.error().what);
}

// ---- the parts

etcd::Front::Options front_options(const ServeFlags& flags, const ServePlan& plan,
                                   const WhoWeAre& self, std::atomic<Parting>& parting) {
  std::random_device random;
  etcd::Front::Options options;
  options.names = {flags.name, plan.peer_urls, plan.client_urls};
  options.seed = (std::uint64_t{random()} << 32U) | random();
  options.settings.token = self.token;
  options.settings.limits = {.txn_ops = flags.max_txn_ops,
                             .request_bytes = flags.max_request_bytes};
  options.settings.election = std::chrono::milliseconds(flags.election_timeout);
  options.settings.progress_every = std::chrono::milliseconds(plan.progress_ms);
  options.settings.strict_reconfig = flags.strict_reconfig_check;
  options.settings.most_learners = flags.max_learners;
  options.settings.quota_bytes = plan.quota_bytes;
  options.settings.quota_memory_bytes = plan.quota_memory_bytes;
  options.settings.auto_compaction = plan.auto_compaction;
  options.settings.comparisons = plan.comparisons;
  options.tell = say;
  options.quorum.within = std::chrono::seconds(5) + 2 * options.settings.election;
  options.verdicts.removed = [&parting] {
    say("this member has been permanently removed from the cluster: it ends");
    part(parting, Parting::removed);
  };
  options.verdicts.disowned = [&parting] { part(parting, Parting::disowned); };
  if (plan.compares_at_start)
    options.differs_at_start = [&parting] { part(parting, Parting::differs); };
  options.server.limits = plan.limits;
  options.gate = plan.gate;
  options.has_gateway = flags.enable_grpc_gateway;
  options.times_calls = flags.metrics == "extensive";
  options.slow_after = plan.slow_after;
  options.has_pages_apart = !plan.listen_pages.empty();
  options.process = process_figures;
  options.ask_peers_every = std::chrono::seconds(5);
  return options;
}

class FrontLodger final : public Lodger {
 public:
  FrontLodger(const Room& room, std::unique_ptr<env::Network> network, etcd::ServedMachine& machine,
              etcd::Front::Options options)
      : network_(std::move(network)),
        front_(room.env, *network_, room.shard, the_group, machine, std::move(options)),
        pages_(page_sources(room, the_group, front_.router(), machine)) {
    pages_.add_to(front_.pages());
  }
  etcd::Front& front() { return front_; }

 private:
  std::unique_ptr<env::Network> network_;
  etcd::Front front_;
  dash::Pages pages_;
};

// Where values go that have no room in memory. Without a quota that was said, the data may become
// as large as both together.
Result<kv::ValueMemory> value_memory(ServePlan& plan) {
  const bool is_said = plan.quota_bytes != 0 || plan.quota_memory_bytes == 0;
  if (!is_said) plan.quota_bytes = plan.quota_memory_bytes;
  if (!plan.memory_for_values) return kv::ValueMemory{};
  runtime::FileExtents::Options options;
  options.complain = [](const std::string& what) { say(what); };
  auto opened = runtime::FileExtents::open(plan.directory, std::move(options));
  if (!opened) return std::unexpected(opened.error());
  if (!is_said) plan.quota_bytes += (*opened)->most_bytes();
  return kv::ValueMemory{.extents = *std::move(opened), .bytes = *plan.memory_for_values};
}

// On the node's thread, as all that is here.
Result<std::unique_ptr<env::Network>> client_network(const Room& room, const ServePlan& plan) {
  std::unique_ptr<runtime::TlsNetwork> tls;
  if (plan.client_tls.is_on()) {
    auto complaints = std::make_shared<host::Complaints>(
        room.env.clock, [](const std::string& who, const std::string& why) {
          say("client port: " + who + ": " + why);
        });
    auto opened =
        runtime::TlsNetwork::open(room.env.loop, room.env.clock, room.network, plan.client_tls, {},
                                  [complaints](const std::string& who, const std::string& why) {
                                    complaints->tell(who, why);
                                  });
    if (!opened) return std::unexpected(opened.error());
    tls = *std::move(opened);
  }
  return std::make_unique<ClientNetwork>(room.network, std::move(tls), plan.with_tls);
}

// The front lives on the node's thread; these wait for it on ours.
class Served {
 public:
  Served(Node& node, etcd::Front& front) : node_(node), front_(front) {}

  Result<std::string> listen(const std::string& address, etcd::Doors::Kind kind) {
    return wait<Result<std::string>>(
        [this, address, kind](auto told) { front_.listen(address, std::move(told), kind); });
  }
  std::future<bool> ready() {
    return begin<bool>(
        [this](auto told) { front_.ready([told = std::move(told)]() mutable { told(true); }); });
  }
  std::future<bool> stop() {
    return begin<bool>(
        [this](auto told) { front_.stop([told = std::move(told)]() mutable { told(true); }); });
  }

 private:
  template <class What>
  std::future<What> begin(std::move_only_function<void(env::Done<What>)> work) {
    auto promise = std::make_shared<std::promise<What>>();
    std::future<What> future = promise->get_future();
    node_.at([work = std::move(work), promise](host::Shard*) mutable {
      work([promise](What what) { promise->set_value(std::move(what)); });
    });
    return future;
  }
  template <class What>
  What wait(std::move_only_function<void(env::Done<What>)> work) {
    return begin<What>(std::move(work)).get();
  }

  Node& node_;
  etcd::Front& front_;
};

// Who makes the certificate of a member has to know the name that it gets here.
std::string advice_of(const ServePlan& plan, const WhoWeAre& self) {
  if (!plan.peer_tls.is_on()) return {};
  return ". As a member it is bowline://" + self.token + "/node/" + std::to_string(self.id.value);
}

// systemd's way to be told that a service is up.
void tell_systemd(const std::string& what) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path == nullptr || std::string(path).size() >= sizeof address.sun_path) return;
  std::string(path).copy(address.sun_path, sizeof address.sun_path - 1);
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return;
  const auto bytes =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::string(path).size());
  static_cast<void>(::sendto(socket, what.data(), what.size(), 0,
                             reinterpret_cast<const sockaddr*>(&address), bytes));
  ::close(socket);
}

bool is_time_to_end(const sigset_t& signals, std::chrono::milliseconds within) {
  const timespec time{within.count() / 1000, (within.count() % 1000) * 1'000'000};
  return sigtimedwait(&signals, nullptr, &time) > 0;
}

// Where clients are answered, for people.
Result<std::string> listen(Served& served, const ServePlan& plan) {
  using Kind = etcd::Doors::Kind;
  std::string where;
  for (const auto& [addresses, kind] : {std::pair{&plan.listen_clients, Kind::clients},
                                        {&plan.listen_pages, Kind::pages},
                                        {&plan.listen_probes, Kind::probes}}) {
    for (const std::string& address : *addresses) {
      const Result<std::string> listens = served.listen(address, kind);
      if (!listens) return listens;
      if (kind == Kind::clients) where += (where.empty() ? "" : ", ") + *listens;
    }
  }
  return where;
}

int serve(const ServeFlags& flags, const ServePlan& plan, Served served, const sigset_t& signals,
          const std::atomic<Parting>& parting) {
  const Result<std::string> where = listen(served, plan);
  if (!where) return complain(where.error().what);
  std::future<bool> ready = served.ready();
  bool ends = false;
  while (!ends && ready.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    ends = is_time_to_end(signals, std::chrono::milliseconds(5));
  const bool was_ready = !ends;
  if (was_ready) {
    say("published local member to cluster: " + flags.name);
    say("enabled capabilities for version 3.5");
    say("ready to serve client requests on " + *where);
    tell_systemd("READY=1");
    while (!is_time_to_end(signals, std::chrono::hours(1))) {}
  }
  if (parting == Parting::none) say("told to end: handing over");
  tell_systemd("STOPPING=1");
  served.stop().wait_for(stop_within);
  return parting == Parting::removed && !was_ready ? 1 : 0;
}

}  // namespace

ServeVerb::ServeVerb(CLI::App& app)
    : verb_(app.add_subcommand(
          "serve",
          "a member of a cluster that speaks etcd's API; without flags, a cluster of one "
          "on port 2379")) {
  flags_.add_to(*verb_);
  verb_->set_version_flag("--version", version_text(), "says it, and ends");
  verb_->footer(
      "Each has its variable: ETCD_ and the flag in capitals, ETCD_DATA_DIR for --data-dir. Other "
      "flags of etcd are taken, too, and what they come to is said at the start.");
}

void ServeVerb::read_as_go_does(std::vector<std::string>& words) {
  if (words.size() < 2 || words[1] != "serve") return;
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  for (std::string& word : words)
    if (word.size() > 2 && word[0] == '-' && is_letter(word[1]) && is_letter(word[2]))
      word.insert(0, 1, '-');
}

// What was said, and where: in a file, or by flags and variables. `told`: of variables that say
// nothing.
Result<ServeFlags> ServeVerb::said(std::vector<std::string>& told) const {
  const Variables variables = etcd_variables();
  const auto file = variables.find("ETCD_CONFIG_FILE");
  ServeFlags flags = flags_;
  if (flags.config_file.empty() && file != variables.end()) flags.config_file = file->second;
  if (!flags.config_file.empty()) return flags_in(flags.config_file);
  Result<std::vector<std::string>> taken = take_variables(*verb_, variables, flags);
  if (!taken) return std::unexpected(taken.error());
  told = *std::move(taken);
  return flags;
}

int ServeVerb::run() const {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before there is another thread
  std::vector<std::string> told;
  const Result<ServeFlags> flags_said = said(told);
  if (!flags_said) return complain(flags_said.error().what);
  const ServeFlags& flags = *flags_said;
  Result<ServePlan> plan = plan_of(flags);
  if (!plan) return complain(plan.error().what);
  told.insert(told.end(), plan->told.begin(), plan->told.end());
  for (const std::string& sentence : told) say(sentence);
  const Result<WhoWeAre> self =
      remember(plan->directory, {plan->self, flags.initial_cluster_token});
  if (!self) return complain(self.error().what);
  if (const std::string told_of = runtime::exposure_of(plan->directory); !told_of.empty())
    say("--data-dir: " + told_of);
  std::atomic<Parting> parting = Parting::none;
  NodeOptions options = node_options(flags, *plan, *self);
  options.news = [&parting](GroupId, const host::News& news) {
    const auto* const stands_by = std::get_if<raft::StandingBy>(&news);
    if (stands_by != nullptr && stands_by->why == raft::Standby::disowned)
      part(parting, Parting::disowned);
  };
  std::optional<EarlyEnd> early(std::in_place, signals,
                                [&parting] { return parting != Parting::none; });
  Result<std::unique_ptr<Node>> node = Node::open(std::move(options));
  if (!node) return complain(node.error().what + advice_of(*plan, *self));
  const Result<kv::ValueMemory> memory = value_memory(*plan);
  if (!memory) return complain("--memory-for-values: " + memory.error().what);
  auto machine = std::make_unique<etcd::ServedMachine>(kv::Watches::Bounds{}, *memory);
  etcd::ServedMachine& served = *machine;
  const Result<Group> group =
      (*node)->start(the_group, group_setup(flags, *plan), std::move(machine));
  if (!group) return complain(group.error().what);
  etcd::Front* front = nullptr;
  const Result<void> lodged = (*node)->lodge([&](const Room& room) {
    Result<std::unique_ptr<env::Network>> network = client_network(room, *plan);
    if (!network) return Result<std::unique_ptr<Lodger>>(std::unexpected(network.error()));
    auto lodger = std::make_unique<FrontLodger>(room, *std::move(network), served,
                                                front_options(flags, *plan, *self, parting));
    front = &lodger->front();
    return Result<std::unique_ptr<Lodger>>(std::move(lodger));
  });
  if (!lodged) return complain(lodged.error().what);
  early.reset();
  const int ended = serve(flags, *plan, {**node, *front}, signals, parting);
  return std::max(ended, farewell(parting, plan->directory, *self));
}

}  // namespace bowline::apps
