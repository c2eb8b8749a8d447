// SPDX-License-Identifier: Apache-2.0
#include "examples/counter/counter.h"

#include <algorithm>
#include <sstream>
#include <utility>

namespace counter {
namespace {

using bowline::Error;
using bowline::Fault;
using bowline::Result;
using bowline::machine::Reader;
using bowline::machine::Writer;

// All of it is a few numbers: a copy is a snapshot.
struct Out final : Reader {
  explicit Out(std::string all) : left(std::move(all)) {}
  Result<std::string> next(std::size_t most) override {
    std::string part = left.substr(0, most);
    left.erase(0, part.size());
    return part;
  }
  std::string left;
};

// As unsigned numbers: a sum that is too large goes round, and means the same on every machine.
std::int64_t sum(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

}  // namespace

std::string Increment::encode() const {
  std::ostringstream out;
  out << client << ' ' << sequence << ' ' << by;
  return std::move(out).str();
}

std::optional<Increment> Increment::decode(std::string_view text) {
  std::istringstream in{std::string(text)};
  Increment increment;
  if (!(in >> increment.client >> increment.sequence >> increment.by)) return std::nullopt;
  if (increment.sequence == 0) return std::nullopt;
  return increment;
}

void Counter::apply(std::span<const bowline::machine::Command> commands,
                    std::span<std::string> answers) {
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const std::optional<Increment> increment = Increment::decode(commands[i].payload.view());
    answers[i] =
        increment ? add(*increment, commands[i].id.index.value) : "error: this is no command";
  }
}

std::string Counter::add(const Increment& increment, std::uint64_t index) {
  Client& client = state_.clients[increment.client];
  client.last_seen = index;
  if (increment.sequence > client.sequence) {
    state_.value = sum(state_.value, increment.by);
    client.sequence = increment.sequence;
    client.answer = state_.value;
  }
  const bool newest = increment.sequence == client.sequence;
  std::string answer =
      newest ? "ok " + std::to_string(client.answer) : "error: a later one was asked already";
  if (state_.clients.size() > max_clients) forget_one();
  return answer;
}

void Counter::forget_one() {
  state_.clients.erase(std::ranges::min_element(
      state_.clients, {}, [](const auto& each) { return each.second.last_seen; }));
}

std::unique_ptr<Reader> Counter::snapshot() {
  std::ostringstream out;
  out << state_.value << ' ' << state_.clients.size() << '\n';
  for (const auto& [id, client] : state_.clients)
    out << id << ' ' << client.sequence << ' ' << client.last_seen << ' ' << client.answer << '\n';
  return std::make_unique<Out>(std::move(out).str());
}

class Counter::In final : public Writer {
 public:
  explicit In(Counter& counter) : counter_(counter) {}
  Result<void> add(std::string_view bytes) override {
    text_ += bytes;
    return {};
  }
  Result<void> commit() override {
    std::istringstream in(text_);
    State state;
    std::size_t clients = 0;
    in >> state.value >> clients;
    for (std::size_t i = 0; in && i < clients; ++i) {
      std::uint64_t id = 0;
      Client client;
      in >> id >> client.sequence >> client.last_seen >> client.answer;
      state.clients[id] = std::move(client);
    }
    if (!in) return std::unexpected(Error{Fault::corrupt, "this is no snapshot of a counter"});
    counter_.state_ = std::move(state);
    return {};
  }

 private:
  Counter& counter_;
  std::string text_;
};

std::unique_ptr<Writer> Counter::restore() { return std::make_unique<In>(*this); }

}  // namespace counter
