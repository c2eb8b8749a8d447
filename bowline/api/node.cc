// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/node.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "bowline/api/promise.h"
#include "bowline/host/complaints.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/memory_disk.h"
#include "bowline/runtime/privacy.h"
#include "bowline/runtime/tls_network.h"

namespace bowline {
namespace {

const Error ended{Fault::not_found, "the node has ended"};

void end_process(const Error& error) {
  std::fprintf(stderr, "bowline: the disk failed, and the process ends: %s\n", error.what.c_str());
  std::_Exit(70);
}

host::Options host_options(const NodeOptions& options) {
  host::Options host = options.of_host();
  std::random_device random;
  while (host.boot == 0 || host.boot == 1) host.boot = random() & 0xffffff;
  return host;
}

}  // namespace

void log_to_stderr(std::string_view line) {
  const std::string whole = std::string(line) + "\n";  // in one piece
  std::fwrite(whole.data(), 1, whole.size(), stderr);
}

// Belongs to the thread, but for the mailbox that the loop has for others.
class Node::Inside final : public Desk, public std::enable_shared_from_this<Inside> {
 public:
  using Work = std::move_only_function<void(host::Shard*)>;

  explicit Inside(NodeOptions options)
      : options_(std::move(options)),
        complaints_(loop_.clock(),
                    [this](const std::string& who, const std::string& why) { complain(who, why); }),
        journal_(options_.id, loop_.clock(), options_.log_lines, options_.log_sink),
        mail_room_(options_.backlog_bytes) {
    if (!options_.broken) options_.broken = end_process;
  }

  Result<void> open();
  void close();
  Result<void> reload();
  Result<void> start(GroupId, GroupSetup, std::unique_ptr<machine::StateMachine>);
  Result<void> lodge(std::move_only_function<Result<std::unique_ptr<Lodger>>(const Room&)>);
  void end(GroupId group) {
    at([group](host::Shard* shard) {
      if (shard != nullptr) shard->end(group);
    });
  }
  Result<void> destroy(GroupId);
  void at(Work work) override;
  void at(Work work, std::uint64_t bytes) override;
  bool reserve(std::uint64_t bytes) override;
  void watch(std::shared_ptr<Watch::Ear>);
  void add_mail(NodeStatus&);
  const std::string& address() const { return address_; }
  const std::string& disk() const { return disk_words_; }

 private:
  struct Watchers {  // of a group
    std::function<void(const raft::RoleChanged&)> role;
    std::function<void(const raft::MembershipChanged&)> members;
    std::function<void(std::span<const PeerStatus>)> progress;
  };

  void run(std::promise<Result<void>> opened);
  Result<void> make();
  Result<env::Network*> make_network();
  Result<void> open_disk();
  host::Shard::Hooks hooks();
  void complain(const std::string& who, const std::string& why);
  void note_opening(const wal::Account&);
  void take_mail();
  void heard(GroupId, const host::News&);
  void tell_progress();
  void gone(GroupId);
  void do_start(GroupId, const GroupSetup&, std::unique_ptr<machine::StateMachine>,
                Promise<Result<void>>);

  NodeOptions options_;
  runtime::Loop loop_;
  std::unique_ptr<env::Disk> disk_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<runtime::TlsNetwork> tls_;  // over it; null: there is no certificate
  host::Complaints complaints_;
  std::map<GroupId, std::unique_ptr<machine::StateMachine>> machines_;  // of groups that run
  host::Journal journal_;
  std::map<GroupId, Watchers> watchers_;
  Ears ears_;
  env::TimerId progress_timer_;
  std::unique_ptr<host::Shard> shard_;
  std::vector<std::unique_ptr<Lodger>> lodgers_;
  std::string address_;
  std::string disk_words_;
  std::thread thread_;

  std::mutex mail_mutex_;
  std::vector<Work> mail_;     // under the mutex, for the thread
  host::Allowance mail_room_;  // likewise: of what is in the mail, or is being done
  bool closed_ = false;        // likewise: the thread has ended
};

void Node::Inside::at(Work work) {
  bool first = false;
  bool closed = false;
  {
    const std::scoped_lock lock(mail_mutex_);
    closed = closed_;
    first = mail_.empty();
    if (!closed) mail_.push_back(std::exchange(work, {}));
  }
  if (closed) return work(nullptr);
  if (first) loop_.post([this] { take_mail(); });
}

bool Node::Inside::reserve(std::uint64_t bytes) {
  const std::scoped_lock lock(mail_mutex_);
  return mail_room_.take(bytes);
}

void Node::Inside::at(Work work, std::uint64_t bytes) {
  at([this, bytes, work = std::move(work)](host::Shard* shard) mutable {
    std::exchange(work, {})(shard);
    const std::scoped_lock lock(mail_mutex_);
    mail_room_.give_back(bytes);
  });
}

void Node::Inside::watch(std::shared_ptr<Watch::Ear> ear) {
  at([this, ear = std::move(ear)](host::Shard* shard) mutable {
    if (shard != nullptr) ears_.add(std::move(ear));
  });
}

void Node::Inside::add_mail(NodeStatus& status) {
  const std::scoped_lock lock(mail_mutex_);
  status.backlog_bytes += mail_room_.bytes();
  status.backlog_refused += mail_room_.refused();
}

void Node::Inside::take_mail() {
  std::vector<Work> due;
  {
    const std::scoped_lock lock(mail_mutex_);
    due.swap(mail_);
  }
  for (Work& work : due) work(shard_.get());
}

Result<void> Node::Inside::open() {
  std::promise<Result<void>> promise;
  std::future<Result<void>> opened = promise.get_future();
  thread_ =
      std::thread([this, promise = std::move(promise)]() mutable { run(std::move(promise)); });
  Result<void> result = opened.get();
  if (!result) thread_.join();
  return result;
}

Result<void> Node::Inside::open_disk() {
  if (options_.storage) {
    disk_ = options_.storage(loop_);
    if (disk_ == nullptr)
      return std::unexpected(Error{Fault::not_found, "NodeOptions::storage gave no disk"});
    disk_words_ = disk_->path();
    return {};
  }
  if (options_.directory.empty()) {  // there are stores for all that would lie there
    disk_ = runtime::memory_disk(loop_, std::make_shared<runtime::MemoryFiles>());
    disk_words_ = disk_->path();
    return {};
  }
  Result<std::unique_ptr<env::Disk>> disk =
      runtime::open_disk(options_.directory, loop_, options_.disk);
  if (!disk) return std::unexpected(disk.error());
  disk_ = *std::move(disk);
  disk_words_ = runtime::describe(*disk_);
  if (const std::string why = runtime::exposure_of(options_.directory); !why.empty()) {
    host::Event event{host::Topic::node, host::Level::warning, {}, {}, {}, "not private", {}};
    event.more.emplace_back("why", why);
    journal_.put(event);
  }
  return {};
}

host::Shard::Hooks Node::Inside::hooks() {
  host::Shard::Hooks hooks;
  hooks.broken = [this](const Error& error) {
    host::Event event{host::Topic::disk, host::Level::error, {}, {}, {}, "disk failed", {}};
    event.more.emplace_back("why", error.what);
    journal_.put(event);
    options_.broken(error);
  };
  hooks.news = [this](GroupId group, const host::News& news) { heard(group, news); };
  if (options_.opening) hooks.opening = options_.opening;
  hooks.gone = [this](GroupId group) { gone(group); };
  hooks.told = [this](const std::string& who, const std::string& why) {
    complaints_.tell(who, why);
  };
  return hooks;
}

Result<env::Network*> Node::Inside::make_network() {
  network_ = std::make_unique<runtime::Network>(loop_, options_.network);
  if (!options_.tls.is_on()) return network_.get();
  auto tls = runtime::TlsNetwork::open(
      loop_, loop_.clock(), *network_, options_.tls,
      {.node = options_.id, .cluster = options_.cluster},
      [this](const std::string& who, const std::string& why) { complaints_.tell(who, why); });
  if (!tls) return std::unexpected(tls.error());
  tls_ = *std::move(tls);
  options_.cluster = tls_->self().cluster;
  return tls_.get();
}

void Node::Inside::complain(const std::string& who, const std::string& why) {
  host::Event event{host::Topic::peer, host::Level::warning, {}, {}, {}, "not connected", {}};
  event.more.emplace_back("who", who);
  event.more.emplace_back("why", why);
  journal_.put(event);
  if (options_.told) options_.told(who, why);
}

Result<void> Node::Inside::make() {
  if (Result<void> opened = open_disk(); !opened) return opened;
  const Result<env::Network*> network = make_network();
  if (!network) return std::unexpected(network.error());
  std::random_device random;
  const Incarnation fresh{(std::uint64_t{random()} << 31) + random() + 1};
  shard_ = std::make_unique<host::Shard>(env::Env{loop_.clock(), loop_, *disk_}, **network,
                                         host_options(options_), fresh, hooks());
  std::optional<Result<wal::Account>> opened;
  shard_->open([&opened](Result<wal::Account> account) { opened = std::move(account); });
  loop_.run_until([&opened] { return opened.has_value(); });
  if (!*opened) return std::unexpected(opened->error());
  address_ = shard_->links().address();
  note_opening(**opened);
  progress_timer_ = loop_.timer([this] { tell_progress(); });
  return {};
}

void Node::Inside::note_opening(const wal::Account& account) {
  const bool hurt = account.damaged > 0;
  host::Event event{
      host::Topic::node, hurt ? host::Level::warning : host::Level::info, {}, {}, {}, "opened", {}};
  event.more = {{"address", address_},
                {"segments", std::to_string(account.segments)},
                {"batches", std::to_string(account.batches)},
                {"mended", std::to_string(account.mended)},
                {"damaged", std::to_string(account.damaged)}};
  journal_.put(event);
}

void Node::Inside::heard(GroupId group, const host::News& news) {
  if (options_.log_sink) journal_.put(host::event_of(group, news));
  if (options_.news) options_.news(group, news);
  ears_.tell(group, news);
  const auto found = watchers_.find(group);
  if (found == watchers_.end()) return;
  const auto* const role = std::get_if<raft::RoleChanged>(&news);
  if (role != nullptr && found->second.role) found->second.role(*role);
  const auto* const members = std::get_if<raft::MembershipChanged>(&news);
  if (members != nullptr && found->second.members) found->second.members(*members);
}

void Node::Inside::tell_progress() {
  loop_.set(progress_timer_, loop_.clock().now() + options_.progress_every);
  for (const auto& [group, watchers] : watchers_) {
    const host::Replica* const replica = shard_->find(group);
    if (replica == nullptr || !watchers.progress) continue;
    if (replica->core().role() != raft::Role::leader) continue;
    watchers.progress(status_of(*shard_, *replica).peers);
  }
}

void Node::Inside::run(std::promise<Result<void>> opened) {
  Result<void> made = make();
  const bool good = made.has_value();
  opened.set_value(std::move(made));
  if (good) loop_.run();
  lodgers_.clear();
  if (shard_ != nullptr) {
    for (const GroupId group : shard_->starting()) shard_->end(group);
    for (const GroupId group : shard_->ids()) shard_->end(group);
  }
  shard_.reset();
  machines_.clear();  // here, on the thread on which they worked
  watchers_.clear();
  tls_.reset();
  network_.reset();
  disk_.reset();
  loop_.forget();  // whoever waits for an answer that was on its way
}

void Node::Inside::close() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
  std::vector<Work> rest;
  {
    const std::scoped_lock lock(mail_mutex_);
    closed_ = true;
    rest.swap(mail_);
  }
  for (Work& work : rest) work(nullptr);
}

Result<void> Node::Inside::start(GroupId group, GroupSetup setup,
                                 std::unique_ptr<machine::StateMachine> machine) {
  if (std::string fault = setup.fault(); !fault.empty())
    return std::unexpected(Error{Fault::invalid, "the options of a group: " + fault});
  Promise<Result<void>> promise(std::unexpected{ended});
  std::future<Result<void>> started = promise.future();
  loop_.post([this, group, setup = std::move(setup), machine = std::move(machine),
              promise = std::move(promise)]() mutable {
    do_start(group, setup, std::move(machine), std::move(promise));
  });
  return started.get();
}

void Node::Inside::do_start(GroupId group, const GroupSetup& setup,
                            std::unique_ptr<machine::StateMachine> machine,
                            Promise<Result<void>> promise) {
  machine::StateMachine& mine = *machine;
  // If it is here already, or on its way, this start fails, and those who watch it go on.
  const Watchers watchers{setup.role, setup.members, setup.progress};
  const bool is_first = watchers_.try_emplace(group, watchers).second;
  if (setup.progress) loop_.set(progress_timer_, loop_.clock().now() + options_.progress_every);
  shard_->start(group, {setup.options, setup.first_members(), setup.state}, mine,
                [this, group, is_first, machine = std::move(machine),
                 promise = std::move(promise)](const Result<host::Replica*>& replica) mutable {
                  if (replica) {
                    machines_.insert_or_assign(group, std::move(machine));
                    return promise({});
                  }
                  if (is_first) watchers_.erase(group);
                  machine.reset();
                  promise(std::unexpected(replica.error()));
                });
}

// Nobody uses its machine any more.
void Node::Inside::gone(GroupId group) {
  machines_.erase(group);
  watchers_.erase(group);
}

Result<void> Node::Inside::destroy(GroupId group) {
  Promise<Result<void>> promise(std::unexpected{ended});
  std::future<Result<void>> destroyed = promise.future();
  at([group, promise = std::move(promise)](host::Shard* shard) mutable {
    if (shard != nullptr) shard->destroy(group, std::move(promise));
  });
  return destroyed.get();
}

Result<void> Node::Inside::lodge(
    std::move_only_function<Result<std::unique_ptr<Lodger>>(const Room&)> make) {
  Promise<Result<void>> promise(std::unexpected{ended});
  std::future<Result<void>> made = promise.future();
  loop_.post([this, make = std::move(make), promise = std::move(promise)]() mutable {
    Result<std::unique_ptr<Lodger>> lodger =
        make({*shard_, {loop_.clock(), loop_, *disk_}, *network_});
    if (!lodger) return promise(std::unexpected(lodger.error()));
    lodgers_.push_back(*std::move(lodger));
    promise({});
  });
  return made.get();
}

Result<void> Node::Inside::reload() {
  Promise<Result<void>> promise(std::unexpected{ended});
  std::future<Result<void>> reloaded = promise.future();
  loop_.post([this, promise = std::move(promise)]() mutable {
    if (tls_ == nullptr) return promise({});
    tls_->reload(std::move(promise));
  });
  return reloaded.get();
}

Result<std::unique_ptr<Node>> Node::open(NodeOptions options) {
  if (std::string fault = options.fault(); !fault.empty())
    return std::unexpected(Error{Fault::invalid, "the options of a node: " + fault});
  auto inside = std::make_shared<Inside>(std::move(options));
  if (Result<void> opened = inside->open(); !opened) return std::unexpected(opened.error());
  return std::unique_ptr<Node>(std::make_unique<Node>(Private{}, std::move(inside)));
}

Node::~Node() { inside_->close(); }

Result<Group> Node::start(GroupId group, GroupSetup setup,
                          std::unique_ptr<machine::StateMachine> machine) {
  if (Result<void> started = inside_->start(group, std::move(setup), std::move(machine)); !started)
    return std::unexpected(started.error());
  return Group(inside_, group);
}

void Node::at(std::move_only_function<void(host::Shard*)> work) { inside_->at(std::move(work)); }

Result<void> Node::lodge(
    std::move_only_function<Result<std::unique_ptr<Lodger>>(const Room&)> make) {
  return inside_->lodge(std::move(make));
}

void Node::end(GroupId group) { inside_->end(group); }
Result<void> Node::destroy(GroupId group) { return inside_->destroy(group); }

Watch Node::watch(Hears hears) const {
  std::shared_ptr<Watch::Ear> ear = Ears::make(std::move(hears));
  inside_->watch(ear);
  return Watch(std::move(ear));
}

std::future<NodeStatus> Node::status() const {
  Promise<NodeStatus> promise(NodeStatus{});
  std::future<NodeStatus> future = promise.future();
  inside_->at([inside = inside_.get(), promise = std::move(promise)](host::Shard* shard) mutable {
    if (shard == nullptr) return;
    NodeStatus status = status_of(*shard);
    inside->add_mail(status);
    promise(std::move(status));
  });
  return future;
}

std::future<std::vector<GroupStatus>> Node::groups(std::size_t most) const {
  Promise<std::vector<GroupStatus>> promise({});
  std::future<std::vector<GroupStatus>> future = promise.future();
  inside_->at([promise = std::move(promise), most](host::Shard* shard) mutable {
    if (shard == nullptr) return;
    std::vector<GroupStatus> all;
    for (const GroupId group : shard->ids())
      if (all.size() < most) all.push_back(status_of(*shard, *shard->find(group)));
    for (const GroupId group : shard->starting())
      if (all.size() < most) all.push_back(status_of(*shard, group));
    promise(std::move(all));
  });
  return future;
}

Result<void> Node::reload() { return inside_->reload(); }
std::string Node::address() const { return inside_->address(); }
std::string Node::disk() const { return inside_->disk(); }

}  // namespace bowline
