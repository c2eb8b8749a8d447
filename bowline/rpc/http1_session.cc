// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/http1_session.h"

#include <algorithm>
#include <array>
#include <utility>

#include "bowline/rpc/http1.h"

namespace bowline::rpc {
namespace {

constexpr std::size_t most_unread = 64U << 10U;  // while a request is being answered

struct Reason {
  int status;
  std::string_view text;
};
constexpr std::array<Reason, 24> reasons = {{{200, "OK"},
                                             {204, "No Content"},
                                             {301, "Moved Permanently"},
                                             {302, "Found"},
                                             {304, "Not Modified"},
                                             {400, "Bad Request"},
                                             {401, "Unauthorized"},
                                             {403, "Forbidden"},
                                             {404, "Not Found"},
                                             {405, "Method Not Allowed"},
                                             {408, "Request Timeout"},
                                             {409, "Conflict"},
                                             {412, "Precondition Failed"},
                                             {413, "Content Too Large"},
                                             {415, "Unsupported Media Type"},
                                             {417, "Expectation Failed"},
                                             {421, "Misdirected Request"},
                                             {429, "Too Many Requests"},
                                             {431, "Request Header Fields Too Large"},
                                             {500, "Internal Server Error"},
                                             {501, "Not Implemented"},
                                             {503, "Service Unavailable"},
                                             {504, "Gateway Timeout"},
                                             {505, "HTTP Version Not Supported"}}};

std::string_view reason_of(int status) {
  const auto found = std::ranges::find(reasons, status, &Reason::status);
  return found == reasons.end() ? "Status" : found->text;
}

bool has_no_body(int status) { return status == 204 || status == 304; }

// A value that came from elsewhere shall not begin another header.
void put_header(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value) out += (c >= '\0' && c < ' ') || c == '\x7f' ? ' ' : c;
  out += "\r\n";
}

std::string hex(std::size_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string result;
  do result.insert(result.begin(), digits[number % 16]);
  while ((number /= 16) > 0);
  return result;
}

}  // namespace

std::unique_ptr<Session> make_http1(Router& router, const Limits& limits, std::string peer,
                                    Time now, Session::Wakes wakes) {
  return std::make_unique<Http1Session>(router, limits, std::move(peer), now, std::move(wakes));
}

void Http1Answer::listen(ExchangeHooks hooks) {
  if (session_ == nullptr || has_ended_) return;
  if (hooks_) session_->buried_.push_back(std::move(hooks_));
  hooks_ = std::make_unique<ExchangeHooks>(std::move(hooks));
}

void Http1Answer::begin(HttpAnswer answer) {
  if (session_ == nullptr || head_) return;
  std::string first = std::move(answer.body);
  head_ = std::move(answer);
  session_->wake();
  body(std::move(first));
}

void Http1Answer::body(std::string bytes) {
  if (session_ == nullptr || has_ended_ || !head_ || bytes.empty()) return;
  queued_ += bytes.size();
  pieces_.push_back(std::move(bytes));
  session_->wake();
}

void Http1Answer::end(bool whole) {
  if (session_ == nullptr || has_ended_) return;
  has_ended_ = true;
  is_whole_ = whole;
  if (hooks_) session_->buried_.push_back(std::move(hooks_));
  session_->wake();
}

Http1Session::Http1Session(Router& router, const Limits& limits, std::string peer, Time now,
                           Wakes wakes)
    : router_(router),
      limits_(limits),
      peer_(std::move(peer)),
      wakes_(std::move(wakes)),
      reader_(limits_),
      now_(now),
      since_(now) {}

Http1Session::~Http1Session() {
  is_inside_ = true;
  drop_answer(Cancelled::with_connection);
}

void Http1Session::wake() {
  if (is_inside_ || has_woken_ || over_) return;
  has_woken_ = true;
  wakes_();
}

bool Http1Session::holds() const {
  return answer_ &&
         (reader_.unread() > most_unread || answer_->queued_ > limits_.most_queued_bytes);
}

void Http1Session::received(std::string_view bytes, Time now) {
  if (over_ || closes_) return;
  now_ = now;
  is_inside_ = true;
  if (reader_.is_idle() && !answer_) since_ = now;
  reader_.add(bytes);
  read_on();
  buried_.clear();
  is_inside_ = false;
}

// One request at a time: the next one is read when this one is answered.
void Http1Session::read_on() {
  while (!answer_ && !closes_ && !over_) {
    const bool was_in_body = reader_.is_in_body();
    switch (reader_.next()) {
      case Http1Reader::Step::more:
        if (!was_in_body && reader_.is_in_body()) since_ = now_;
        return;
      case Http1Reader::Step::expects:
        before_ += "HTTP/1.1 100 Continue\r\n\r\n";
        since_ = now_;
        break;
      case Http1Reader::Step::request: run(); break;
      case Http1Reader::Step::refused: refuse(reader_.status(), reader_.sentence()); return;
    }
  }
}

void Http1Session::run() {
  is_first_ = false;
  answer_ = std::make_shared<Http1Answer>(*this);
  HttpRequest& request = reader_.request();
  request.peer = peer_;
  router_.answer(Exchange(answer_), std::move(request));
}

void Http1Session::refuse(int status, std::string sentence) {
  why_ = sentence.substr(0, sentence.find('\n'));
  drop_answer(Cancelled::by_us);
  answer_ = std::make_shared<Http1Answer>(*this);
  closes_ = true;
  Exchange(answer_).answer({.status = status, .body = std::move(sentence)});
}

void Http1Session::take(std::string& out, std::uint64_t room, Time now) {
  if (over_) return;
  now_ = now;
  is_inside_ = true;
  has_woken_ = false;
  const std::size_t begin = out.size();
  const std::uint64_t room_end = begin + room;
  out += std::exchange(before_, {});
  while (answer_ && !over_ && out.size() < room_end) {
    const std::size_t before = out.size();
    const std::shared_ptr<Http1Answer> answer = answer_;
    send_answer(out, room_end);
    out += std::exchange(before_, {});  // of the next request
    if (std::exchange(drained_is_owed_, false) && answer->hooks_ && answer->hooks_->drained)
      answer->hooks_->drained();
    if (answer_ == answer && out.size() == before) break;
  }
  if (queued() == 0)
    waits_since_ = never;
  else if (waits_since_ == never || out.size() > begin)
    waits_since_ = now;
  if (drains_since_ != never && !answer_ && reader_.is_idle()) end({});
  buried_.clear();
  is_inside_ = false;
}

void Http1Session::send_answer(std::string& out, std::uint64_t end_of_room) {
  Http1Answer& answer = *answer_;
  if (!answer.head_) return;
  if (!answer.head_is_sent_) send_head(out);
  send_body(out, end_of_room);
  if (!answer.has_ended_ || answer.queued_ > 0) return;
  if (!answer.is_whole_) return end("an answer was cut off");
  if (answer.is_chunked_) out += "0\r\n\r\n";
  answered();
}

// If all of it is there, its size is told; else it comes in chunks, or until the connection ends.
void Http1Session::send_head(std::string& out) {
  Http1Answer& answer = *answer_;
  const HttpAnswer& head = *answer.head_;
  answer.head_is_sent_ = true;
  const bool is_all_there = answer.has_ended_ && answer.is_whole_;
  const bool has_body = !has_no_body(head.status);
  answer.is_chunked_ = !is_all_there && has_body && !reader_.is_old() && !reader_.is_head();
  if (!is_all_there && reader_.is_old()) closes_ = true;
  out += "HTTP/1.1 " + std::to_string(head.status) + " ";
  out += reason_of(head.status);
  out += "\r\n";
  if (has_body && !head.content_type.empty()) put_header(out, "Content-Type", head.content_type);
  for (std::size_t i = 0; i < head.headers.size(); ++i)
    put_header(out, head.headers.name(i), head.headers.value(i));
  if (is_all_there && has_body) put_header(out, "Content-Length", std::to_string(answer.queued_));
  if (answer.is_chunked_) put_header(out, "Transfer-Encoding", "chunked");
  if (!may_stay())
    put_header(out, "Connection", "close");
  else if (reader_.is_old())
    put_header(out, "Connection", "keep-alive");
  out += "\r\n";
  if (has_body && !reader_.is_head()) return;
  answer.pieces_.clear();
  answer.queued_ = 0;
}

void Http1Session::send_body(std::string& out, std::uint64_t end_of_room) {
  Http1Answer& answer = *answer_;
  const std::uint64_t before = answer.queued_;
  while (!answer.pieces_.empty() && out.size() < end_of_room) {
    std::string& first = answer.pieces_.front();
    const std::size_t part =
        std::min<std::uint64_t>(first.size() - answer.sent_of_first_, end_of_room - out.size());
    if (answer.is_chunked_) out += hex(part) + "\r\n";
    out.append(first, answer.sent_of_first_, part);
    if (answer.is_chunked_) out += "\r\n";
    answer.sent_of_first_ += part;
    answer.queued_ -= part;
    if (answer.sent_of_first_ < first.size()) continue;
    answer.pieces_.pop_front();
    answer.sent_of_first_ = 0;
  }
  const bool is_low = before > limits_.low_queue_bytes && answer.queued_ <= limits_.low_queue_bytes;
  if (before > 0 && (is_low || answer.queued_ == 0)) drained_is_owed_ = true;
}

void Http1Session::answered() {
  answer_->session_ = nullptr;
  answer_.reset();
  since_ = now_;
  if (!may_stay()) return end(why_);
  read_on();
}

void Http1Session::drop_answer(Cancelled why) {
  const std::shared_ptr<Http1Answer> answer = std::move(answer_);
  answer_ = nullptr;
  if (!answer) return;
  answer->session_ = nullptr;
  const auto hooks = std::move(answer->hooks_);
  if (hooks && hooks->cancelled && !answer->has_ended_) hooks->cancelled(why);
}

void Http1Session::end(std::string why) {
  over_ = true;
  why_ = std::move(why);
  drop_answer(Cancelled::by_us);
}

void Http1Session::drain(Time now) {
  if (over_ || drains_since_ != never) return;
  now_ = now;
  drains_since_ = now;
  wake();
}

Time Http1Session::deadline() const {
  if (over_) return never;
  Time next = drains_since_ == never ? never : later(drains_since_, limits_.drain_within);
  if (waits_since_ != never) next = std::min(next, later(waits_since_, limits_.taken_within));
  if (answer_) return next;
  if (reader_.is_idle())
    return std::min(next,
                    later(since_, is_first_ ? limits_.first_within : limits_.http1_idle_within));
  return std::min(
      next, later(since_, reader_.is_in_body() ? limits_.body_within : limits_.header_within));
}

void Http1Session::tick(Time now) {
  if (over_ || deadline() > now) return;
  now_ = now;
  is_inside_ = true;
  if (drains_since_ != never && later(drains_since_, limits_.drain_within) <= now)
    end("an answer did not end while we are going");
  else if (waits_since_ != never && later(waits_since_, limits_.taken_within) <= now)
    end("the client did not take what was sent to it");
  else if (reader_.is_idle())
    end(is_first_ ? "it connected and said nothing" : "");
  else
    refuse(408, "the rest of the request did not come in time\n");
  buried_.clear();
  is_inside_ = false;
}

}  // namespace bowline::rpc
