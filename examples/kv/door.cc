// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/door.h"

#include <future>
#include <utility>
#include <variant>

namespace bowline::examples::kv {
namespace {

// A client that sends faster than it is answered, or does not take its answers, waits.
constexpr std::uint64_t most_waiting = 1024;
constexpr std::uint64_t most_queued = 4 << 20;

Response response_to(std::uint64_t id, const Outcome& outcome) {
  Response response{.id = id, .kind = Response::Kind::refused};
  if (const auto* applied = std::get_if<Applied>(&outcome)) {
    response.kind = Response::Kind::done;
    response.place = applied->id.index;
    response.body = applied->answer.value_or("");
  } else if (const auto* refused = std::get_if<Refused>(&outcome)) {
    response.leader = refused->leader;
    if (refused->why == raft::Refusal::too_large) response.kind = Response::Kind::never;
  } else if (std::holds_alternative<Unknown>(outcome)) {
    response.kind = Response::Kind::unknown;
  }
  return response;
}

}  // namespace

Door::~Door() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
}

Result<std::string> Door::open(Group group, const KvMachine& machine, const Options& options) {
  group_ = std::move(group);
  machine_ = &machine;
  options_ = options;
  std::promise<Result<std::string>> promise;
  std::future<Result<std::string>> opened = promise.get_future();
  thread_ = std::thread([this, promise = std::move(promise)]() mutable {
    network_ = std::make_unique<runtime::Network>(loop_);
    network_->listen(
        options_.listen,
        [this](std::unique_ptr<env::Connection> connection) { came(std::move(connection)); },
        [this, &promise](Result<std::unique_ptr<env::Listener>> listener) {
          if (!listener) return promise.set_value(std::unexpected(listener.error()));
          listener_ = *std::move(listener);
          promise.set_value(listener_->address());
        });
    loop_.run();
    clients_.clear();
    listener_.reset();
    network_.reset();
  });
  return opened.get();
}

void Door::came(std::unique_ptr<env::Connection> connection) {
  if (clients_.size() >= options_.most_clients) return;
  const ClientId id = ++last_client_;
  Client& client = clients_[id];
  client.connection = std::move(connection);
  client.connection->begin({
      .received = [this, id](std::string_view bytes) { received(id, bytes); },
      .closed = [this, id](const Error&) { clients_.erase(id); },
      .drained = [this, id] { hold_if_full(clients_.at(id)); },
  });
}

void Door::received(ClientId id, std::string_view bytes) {
  const bool good = clients_.at(id).frames.feed(bytes, [&](std::string_view body) {
    std::optional<Request> request = decode_request(body);
    if (!request) return false;
    serve(id, *std::move(request));
    return true;
  });
  if (!good) clients_.erase(id);
}

void Door::serve(ClientId id, Request request) {
  Client& client = clients_.at(id);
  ++client.waiting;
  hold_if_full(client);
  if (request.kind == Request::Kind::read) {
    read(id, request);
  } else {
    write(id, std::move(request));
  }
}

void Door::write(ClientId id, Request request) {
  const std::uint64_t number = request.id;
  group_->propose(std::move(request.body), [this, id, number](const Outcome& outcome) {
    loop_.post([this, id, response = response_to(number, outcome)] { answer(id, response); });
  });
}

void Door::read(ClientId id, const Request& request) {
  const std::optional<Command> command = decode_command(request.body);
  if (!command || command->verb != Verb::get)
    return answer(id, {.id = request.id, .kind = Response::Kind::never});
  const auto give = [this, id](Response response) {
    loop_.post([this, id, response = std::move(response)] { answer(id, response); });
  };
  if (options_.stale_reads) {
    return group_->with([this, give, number = request.id, key = command->key](auto*) {
      give(read_now(number, key));
    });
  }
  group_->read(raft::ReadKind::linearizable,
               [this, give, number = request.id, key = command->key](const ReadOutcome& outcome) {
                 if (std::holds_alternative<Ready>(outcome)) return give(read_now(number, key));
                 give({.id = number,
                       .kind = Response::Kind::refused,
                       .leader = std::get<Refused>(outcome).leader});
               });
}

Response Door::read_now(std::uint64_t id, const std::string& key) const {
  return {.id = id, .place = machine_->applied(), .body = encode(machine_->get(key))};
}

void Door::answer(ClientId id, const Response& response) {
  const auto client = clients_.find(id);
  if (client == clients_.end()) return;
  client->second.connection->send(frame_of(response));
  --client->second.waiting;
  hold_if_full(client->second);
}

void Door::hold_if_full(Client& client) {
  const bool full = client.waiting >= most_waiting || client.connection->queued() >= most_queued;
  if (full == client.held) return;
  client.held = full;
  client.connection->hold(full);
}

}  // namespace bowline::examples::kv
