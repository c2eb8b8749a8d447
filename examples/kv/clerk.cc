// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/clerk.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::examples::kv {
namespace {

constexpr Duration first_pause = std::chrono::milliseconds(2);
constexpr Duration longest_pause = std::chrono::milliseconds(100);

}  // namespace

struct Clerk::Errand {
  Command command;
  std::optional<session::Serial> serial;  // of a write, once the session has taken it
  std::uint64_t request = 0;              // under way; 0: none
  std::optional<Reply> reply;

  bool is_read() const { return command.verb == Verb::get; }
};

Clerk::Clerk(Options options) : options_(std::move(options)), network_(loop_) {
  ensure(!options_.servers.empty());
  forget_session();
  // So that not all of them begin with the same server.
  const std::uint64_t skip = options_.seed % options_.servers.size();
  at_ = std::next(options_.servers.begin(), static_cast<std::ptrdiff_t>(skip))->first;
}

Clerk::~Clerk() = default;

Reply Clerk::get(std::string key) { return call({.verb = Verb::get, .key = std::move(key)}); }
Reply Clerk::put(std::string key, std::string value) {
  return call({.verb = Verb::put, .key = std::move(key), .value = std::move(value)});
}
Reply Clerk::put_at(std::string key, std::uint64_t version, std::string value) {
  return call(
      {.verb = Verb::put_at, .key = std::move(key), .value = std::move(value), .version = version});
}
Reply Clerk::append(std::string key, std::string value) {
  return call({.verb = Verb::append, .key = std::move(key), .value = std::move(value)});
}
Reply Clerk::remove(std::string key) { return call({.verb = Verb::remove, .key = std::move(key)}); }

Reply Clerk::call(const Command& command) { return call(std::span(&command, 1)).front(); }

std::vector<Reply> Clerk::call(std::span<const Command> commands) {
  deadline_ = loop_.clock().now() + options_.patience;
  std::vector<Errand> errands;
  for (const Command& command : commands) errands.push_back({.command = command});
  const auto is_open = [](const Errand& errand) { return !errand.reply; };
  while (std::ranges::any_of(errands, is_open) && loop_.clock().now() < deadline_) {
    if (broken_) disconnect();
    if (connection_ == nullptr && !connect()) {
      ask_next({});
      continue;
    }
    send_what_waits(errands);
    wait();
  }
  std::vector<Reply> replies;
  for (Errand& errand : errands) {
    if (!errand.reply) give_up(errand);
    replies.push_back(*std::move(errand.reply));
  }
  asked_.clear();
  return replies;
}

void Clerk::ask(NodeId server) {
  ensure(options_.servers.contains(server));
  if (server == at_) return;
  disconnect();
  at_ = server;
}

void Clerk::rest(Duration duration) {
  loop_.run_until([] { return false; }, loop_.clock().now() + duration);
}

void Clerk::forget_session() {
  // Tags only tell tries apart.
  session_ = session::Client({.first_tag = (options_.seed << 32) + (sessions_++ << 24)});
  opening_ = 0;
}

bool Clerk::connect() {
  std::optional<Result<std::unique_ptr<env::Connection>>> connected;
  network_.connect(options_.servers.at(at_),
                   [&connected](auto result) { connected = std::move(result); });
  loop_.run_until([&connected] { return connected.has_value(); });
  if (!*connected) return false;
  connection_ = **std::move(connected);
  frames_ = {};
  connection_->begin({
      .received =
          [this](std::string_view bytes) {
            const auto take = [this](std::string_view body) { return received(body); };
            if (!frames_.feed(bytes, take)) broken_ = true;
          },
      .closed = [this](const Error&) { broken_ = true; },
  });
  return true;
}

// What was under way on it may be done, or become so.
void Clerk::disconnect() {
  connection_.reset();
  broken_ = false;
  opening_ = 0;
  for (const auto& [request, errand] : std::exchange(asked_, {})) {
    errand->request = 0;
    if (errand->serial) settle(*errand, session_.heard(*errand->serial, session::Unknown{}));
  }
}

// Whom to ask instead; after a while, unless somebody knew.
void Clerk::ask_next(NodeId hint) {
  const NodeId before = at_;
  if (options_.servers.contains(hint)) {
    at_ = hint;
  } else {
    const auto next = options_.servers.upper_bound(at_);
    at_ = (next == options_.servers.end() ? options_.servers.begin() : next)->first;
  }
  if (at_ != before) disconnect();
  pause_ = std::clamp(2 * pause_, first_pause, longest_pause);
  const Time until = std::min(loop_.clock().now() + pause_, deadline_);
  loop_.run_until([this] { return broken_; }, until);
}

void Clerk::send_what_waits(std::span<Errand> errands) {
  const auto is_write = [](const Errand& errand) { return !errand.reply && !errand.is_read(); };
  if (session_.over()) forget_session();
  if (!session_.session() && opening_ == 0 && std::ranges::any_of(errands, is_write)) send_open();
  for (Errand& errand : errands) {
    if (errand.reply || errand.request != 0) continue;
    if (errand.is_read()) {
      errand.request = send(Request::Kind::read, encode(errand.command));
    } else {
      if (!errand.serial) errand.serial = session_.call(encode(errand.command));
      if (!errand.serial) continue;  // the session has its hands full
      errand.request = send(Request::Kind::write, session_.attempt(*errand.serial));
    }
    asked_[errand.request] = &errand;
  }
}

void Clerk::send_open() { opening_ = send(Request::Kind::write, session_.open()); }

std::uint64_t Clerk::send(Request::Kind kind, std::string body) {
  connection_->send(frame_of(Request{.id = ++tries_, .kind = kind, .body = std::move(body)}));
  return tries_;
}

void Clerk::wait() {
  heard_ = refused_ = false;
  hint_ = {};
  const Time until = std::min(loop_.clock().now() + options_.attempt, deadline_);
  const bool in_time = loop_.run_until([this] { return heard_ || broken_; }, until);
  if (broken_ || !in_time) {
    disconnect();
    ask_next({});
  } else if (refused_) {
    ask_next(hint_);
  } else {
    pause_ = {};
  }
}

bool Clerk::received(std::string_view body) {
  const std::optional<Response> response = decode_response(body);
  if (!response) return false;
  heard_ = true;
  if (response->kind == Response::Kind::refused) {
    refused_ = true;
    hint_ = response->leader;
  }
  if (response->id == opening_) {
    opening_ = 0;
    if (response->kind == Response::Kind::done) session_.heard(response->body);
    return true;
  }
  const auto asked = asked_.find(response->id);
  if (asked == asked_.end()) return true;  // of a call that was given up
  Errand& errand = *asked->second;
  asked_.erase(asked);
  errand.request = 0;
  hear(errand, *response);
  return true;
}

void Clerk::hear(Errand& errand, const Response& response) {
  if (errand.serial) return hear_write(errand, response);
  if (response.kind == Response::Kind::never) errand.reply = Reply{.fate = Reply::Fate::refused};
  if (response.kind != Response::Kind::done) return;
  std::optional<Answer> answer = decode_answer(response.body);
  if (answer) errand.reply = Reply{.answer = std::move(answer), .place = response.place};
}

void Clerk::hear_write(Errand& errand, const Response& response) {
  session::Word word = session::Unknown{};
  if (response.kind == Response::Kind::refused || response.kind == Response::Kind::never)
    word = session::NeverDone{};
  // Without a body it is done, and its answer is to be had by asking again.
  if (response.kind == Response::Kind::done && !response.body.empty())
    word = session::Answered{response.body};
  settle(errand, session_.heard(*errand.serial, word));
  if (response.kind == Response::Kind::never && !errand.reply) give_up(errand);
}

void Clerk::settle(Errand& errand, const session::Verdict& verdict) {
  using What = session::Verdict::What;
  if (verdict.what == What::done) {
    errand.reply = Reply{};
    if (verdict.answer) errand.reply->answer = decode_answer(*verdict.answer);
  } else if (verdict.what == What::maybe) {
    errand.reply = Reply{.fate = Reply::Fate::maybe};
  } else if (verdict.what == What::refused) {
    errand.serial.reset();  // the session has ended without it: once more, in another one
  }
}

void Clerk::give_up(Errand& errand) {
  errand.reply = Reply{.fate = Reply::Fate::refused};
  if (!errand.serial) return;
  if (session_.give_up(*errand.serial).what != session::Verdict::What::refused)
    errand.reply->fate = Reply::Fate::maybe;
}

}  // namespace bowline::examples::kv
