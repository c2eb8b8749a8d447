// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/clients.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace bowline::chaos {
namespace {

using examples::kv::Clerk;
using examples::kv::Command;
using examples::kv::Reply;
using examples::kv::Verb;

std::uint64_t now() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

check::Operation operation_of(std::uint64_t client, const Command& command, const Reply& reply) {
  check::Operation operation{.client = client,
                             .verb = static_cast<check::Verb>(command.verb),
                             .key = command.key,
                             .value = command.value,
                             .version = command.version};
  if (reply.fate == Reply::Fate::refused) operation.fate = check::Fate::refused;
  if (reply.fate == Reply::Fate::maybe) operation.fate = check::Fate::unknown;
  if (reply.answer) {
    operation.answer = check::Answer{.kind = static_cast<check::Answer::Kind>(reply.answer->kind),
                                     .version = reply.answer->version,
                                     .value = reply.answer->value};
  }
  if (command.verb == Verb::get && reply.fate == Reply::Fate::done)
    operation.places = {reply.place.value};
  return operation;
}

}  // namespace

Clients::Clients(Options options) : options_(std::move(options)) {
  for (std::uint64_t client = 1; client <= options_.count; ++client)
    threads_.emplace_back([this, client] { run(client); });
}

void Clients::stop() {
  stops_ = true;
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

// Reads go to any of the servers, since any of them must be right about them.
void Clients::run(std::uint64_t client) {
  Prng prng(options_.seed * 1000 + client);
  const Duration patience = client % 3 == 0 ? options_.patience / 10 : options_.patience;
  const Clerk::Options options{.servers = options_.servers,
                               .patience = patience,
                               .attempt = std::min(options_.attempt, patience / 2),
                               .seed = client};
  Clerk writer(options);
  Clerk reader(options);
  while (!stops_) {
    const Command command = draw(prng, client);
    if (command.verb != Verb::get) {
      record(writer, client, command);
      continue;
    }
    const auto to = static_cast<std::ptrdiff_t>(prng.below(options_.servers.size()));
    reader.ask(std::next(options_.servers.begin(), to)->first);
    record(reader, client, command);
  }
}

void Clients::wait_for(std::uint64_t done) {
  for (std::uint64_t now = done_; now < done; now = done_) done_.wait(now);
}

Command Clients::draw(Prng& prng, std::uint64_t client) {
  const std::uint64_t number = ++begun_;
  const std::uint64_t key =
      number / options_.operations * options_.keys + prng.below(options_.keys);
  Command command{.key = "k" + std::to_string(key)};
  const std::uint64_t dice = prng.below(100);
  command.verb = dice < 40   ? Verb::get
                 : dice < 65 ? Verb::append
                 : dice < 80 ? Verb::put
                 : dice < 95 ? Verb::put_at
                             : Verb::remove;
  command.mark = (client << 32) + number;
  if (command.verb != Verb::get && command.verb != Verb::remove)
    command.value = std::to_string(client) + "." + std::to_string(number) + ";";
  const std::scoped_lock lock(mutex_);
  if (command.verb == Verb::put_at) command.version = versions_[command.key];
  return command;
}

Reply Clients::record(Clerk& clerk, std::uint64_t client, const Command& command) {
  const std::uint64_t called = now();
  Reply reply = clerk.call(command);
  Recorded recorded{.operation = operation_of(client, command, reply), .mark = command.mark};
  recorded.operation.called = called;
  recorded.operation.ended = now();
  if (reply.fate == Reply::Fate::done) {
    ++done_;
    done_.notify_all();
  }
  const std::scoped_lock lock(mutex_);
  std::uint64_t& version = versions_[command.key];
  if (reply.answer) {
    const bool is_gone = command.verb == Verb::remove;
    version = is_gone ? 0 : reply.answer->version;
  }
  history_.push_back(std::move(recorded));
  return reply;
}

bool Clients::look_at_all(Duration patience) {
  std::set<std::string> keys;
  for (const Recorded& recorded : history_) keys.insert(recorded.operation.key);
  const std::uint64_t client = options_.count + 1;
  Clerk clerk({.servers = options_.servers, .patience = patience, .seed = client});
  const Command last{
      .verb = Verb::put, .key = "last", .value = "x", .mark = (client << 32) + ++begun_};
  bool all = record(clerk, client, last).fate == Reply::Fate::done;
  for (const std::string& key : keys) {
    if (!all) break;
    all = record(clerk, client, {.verb = Verb::get, .key = key}).fate == Reply::Fate::done;
  }
  return all;
}

}  // namespace bowline::chaos
