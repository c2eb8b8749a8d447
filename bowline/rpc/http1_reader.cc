// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/http1_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace bowline::rpc {
namespace {

using Step = Http1Reader::Step;

bool is_token_letter(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         marks.find(c) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_letter);
}

bool is_control(char c) { return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f'; }

// Printable ASCII: what is not would have to be escaped.
bool is_target(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// Only digits of that base, and at least one; none: it is something else, or too long to be true.
bool parse_number(std::string_view text, int base, std::uint64_t& number) {
  constexpr std::size_t most_digits = 15;
  if (text.empty() || text.size() > most_digits) return false;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

bool names(std::string_view list, std::string_view wanted) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (lower(trimmed(list.substr(0, comma))) == wanted) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

Step Http1Reader::refuse(int status, std::string sentence) {
  status_ = status;
  sentence_ = std::move(sentence);
  return Step::refused;
}

Step Http1Reader::next() {
  if (status_ != 0) return Step::refused;
  if (state_ == State::whole) {
    state_ = State::head;
    request_ = {};
    forget_read();
  }
  while (true) {
    Step step = Step::more;
    const State before = state_;
    switch (state_) {
      case State::head: step = read_head(); break;
      case State::body: step = read_body(); break;
      case State::chunk_size: step = read_chunk_size(); break;
      case State::chunk: step = read_chunk(); break;
      case State::chunk_end: step = read_chunk_end(); break;
      case State::trailer: step = read_trailer(); break;
      case State::whole: return Step::request;
    }
    if (step != Step::more) return step;
    if (state_ == before) {
      forget_read();
      return Step::more;
    }
  }
}

void Http1Reader::forget_read() {
  in_.erase(0, at_);
  scan_ -= std::min(scan_, at_);
  at_ = 0;
}

// A line, without its end. Each CR has its LF, and each LF its CR: others count a lone one as the
// end of a line, or do not.
Step Http1Reader::line(std::string_view& found, std::size_t most) {
  for (scan_ = std::max(scan_, at_); scan_ < in_.size(); ++scan_) {
    if (scan_ - at_ > most) return refuse(431, "a line of the request is too long\n");
    const char c = in_[scan_];
    if (c == '\n' && (scan_ == at_ || in_[scan_ - 1] != '\r'))
      return refuse(400, "a line of the request ends without a carriage return\n");
    if (c != '\n' && scan_ > at_ && in_[scan_ - 1] == '\r')
      return refuse(400, "a carriage return in the request does not end a line\n");
    if (c != '\n') continue;
    found = std::string_view(in_).substr(at_, scan_ - 1 - at_);
    at_ = ++scan_;
    return Step::request;
  }
  return Step::more;
}

Step Http1Reader::read_head() {
  const std::size_t begin = at_;
  for (scan_ = std::max(scan_, at_); scan_ < in_.size(); ++scan_) {
    if (scan_ - begin >= limits_.most_header_bytes)
      return refuse(431, "the head of the request is too long: at most " +
                             std::to_string(limits_.most_header_bytes) + " bytes\n");
    const char c = in_[scan_];
    const char last = scan_ == begin ? '\0' : in_[scan_ - 1];
    if (c == '\n' && last != '\r')
      return refuse(400, "a line of the request ends without a carriage return\n");
    if (c != '\n' && last == '\r')
      return refuse(400, "a carriage return in the request does not end a line\n");
    if (c != '\n' || scan_ < begin + 3 || in_[scan_ - 2] != '\n') continue;
    at_ = ++scan_;
    return parse_head(std::string_view(in_).substr(begin, at_ - begin));
  }
  return Step::more;
}

Step Http1Reader::parse_head(std::string_view head) {
  has_host_ = has_length_ = is_chunked_ = expects_ = false;
  length_ = 0;
  constexpr std::string_view end = "\r\n";
  std::size_t count = 0;
  while (!head.empty()) {
    const std::size_t size = head.find(end);
    const std::string_view one = head.substr(0, size);
    head.remove_prefix(size + end.size());
    if (one.empty() && head.empty()) break;
    if (++count > limits_.most_headers + 1)
      return refuse(431, "the request has too many headers: at most " +
                             std::to_string(limits_.most_headers) + "\n");
    const bool is_good = count == 1 ? parse_request_line(one) : parse_field(one);
    if (!is_good) return Step::refused;
  }
  return frame_body();
}

bool Http1Reader::parse_request_line(std::string_view text) {
  const std::size_t first = text.find(' ');
  const std::size_t last = text.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    refuse(400, "the first line of a request is: a method, a path, HTTP/1.1\n");
    return false;
  }
  const std::string_view version = text.substr(last + 1);
  const std::string_view method = text.substr(0, first);
  const std::string_view target = text.substr(first + 1, last - first - 1);
  if (!is_token(method) || !is_target(target)) {
    refuse(400, "the first line of a request is: a method, a path, HTTP/1.1\n");
    return false;
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    refuse(version.starts_with("HTTP/") ? 505 : 400, "this port speaks HTTP/1.1 and HTTP/2\n");
    return false;
  }
  is_old_ = version == "HTTP/1.0";
  keeps_alive_ = !is_old_;
  is_head_ = method == "HEAD";
  request_.method = is_head_ ? "GET" : method;
  return parse_target(target);
}

// "/path?query"; a proxy would be asked for "http://host/path".
bool Http1Reader::parse_target(std::string_view target) {
  constexpr std::string_view scheme = "http://";
  if (target.starts_with(scheme)) {
    target.remove_prefix(scheme.size());
    target.remove_prefix(std::min(target.find('/'), target.size()));
    if (target.empty()) target = "/";
  }
  if (!target.starts_with('/') && target != "*") {
    refuse(400, "a path begins with /\n");
    return false;
  }
  const std::size_t mark = std::min(target.find('?'), target.size());
  request_.path = target.substr(0, mark);
  request_.query = target.substr(std::min(mark + 1, target.size()));
  return true;
}

bool Http1Reader::parse_field(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  if (colon == std::string_view::npos || !is_token(name)) {
    refuse(400, "a header is a name, a colon and a value, on one line\n");
    return false;
  }
  const std::string_view value = trimmed(text.substr(colon + 1));
  if (std::ranges::any_of(value, is_control)) {
    refuse(400, "a header has a control character in it\n");
    return false;
  }
  return take_field(lower(name), value);
}

bool Http1Reader::take_field(const std::string& name, std::string_view value) {
  const auto wrong = [this](int status, std::string sentence) {
    refuse(status, std::move(sentence));
    return false;
  };
  if (name == "host") {
    if (std::exchange(has_host_, true)) return wrong(400, "the request has two Host headers\n");
    if (value.find_first_of(" \t/@\\") != std::string_view::npos)
      return wrong(400, "the Host header is not a host\n");
    request_.host = value;
  } else if (name == "content-length") {
    if (std::exchange(has_length_, true))
      return wrong(400, "the request has two Content-Length headers\n");
    if (!parse_number(value, 10, length_))
      return wrong(400, "the Content-Length is not a number\n");
  } else if (name == "transfer-encoding") {
    if (is_chunked_) return wrong(400, "the request has two Transfer-Encoding headers\n");
    if (lower(value) != "chunked")
      return wrong(501, "the only Transfer-Encoding that is known here is chunked\n");
    is_chunked_ = true;
  } else if (name == "connection") {
    if (names(value, "close")) keeps_alive_ = false;
    if (is_old_ && names(value, "keep-alive")) keeps_alive_ = true;
  } else if (name == "expect") {
    if (lower(value) != "100-continue") return wrong(417, "only 100-continue can be expected\n");
    expects_ = true;
  }
  request_.headers.add(name, value);
  return true;
}

// Where the body ends. Two answers to that are one too many.
Step Http1Reader::frame_body() {
  if (!has_host_ && !is_old_) return refuse(400, "the request has no Host header\n");
  if (is_chunked_ && has_length_)
    return refuse(400, "the request has both a Content-Length and a Transfer-Encoding\n");
  if (is_chunked_ && is_old_) return refuse(400, "HTTP/1.0 has no Transfer-Encoding\n");
  if (length_ > limits_.most_body_bytes)
    return refuse(413, "the body is too long: at most " + std::to_string(limits_.most_body_bytes) +
                           " bytes\n");
  const bool has_body = is_chunked_ || length_ > 0;
  state_ = is_chunked_ ? State::chunk_size : has_body ? State::body : State::whole;
  trailer_bytes_ = 0;
  return expects_ && has_body && !is_old_ ? Step::expects : Step::more;
}

Step Http1Reader::read_body() {
  const std::size_t count = std::min<std::uint64_t>(length_, unread());
  request_.body.append(in_, at_, count);
  at_ += count;
  length_ -= count;
  if (length_ == 0) state_ = State::whole;
  return Step::more;
}

// Its size in hex; extensions after a semicolon mean nothing to us.
Step Http1Reader::read_chunk_size() {
  constexpr std::size_t most_line = 256;
  std::string_view text;
  const Step step = line(text, most_line);
  if (step != Step::request) return step;
  const std::size_t semicolon = text.find(';');
  const std::string_view digits = text.substr(0, semicolon);
  if (!parse_number(digits, 16, length_) || std::ranges::any_of(text, is_control))
    return refuse(400, "the size of a chunk is not a number\n");
  if (request_.body.size() + length_ > limits_.most_body_bytes)
    return refuse(413, "the body is too long: at most " + std::to_string(limits_.most_body_bytes) +
                           " bytes\n");
  state_ = length_ == 0 ? State::trailer : State::chunk;
  return Step::more;
}

Step Http1Reader::read_chunk() {
  const std::size_t count = std::min<std::uint64_t>(length_, unread());
  request_.body.append(in_, at_, count);
  at_ += count;
  length_ -= count;
  if (length_ == 0) state_ = State::chunk_end;
  return Step::more;
}

Step Http1Reader::read_chunk_end() {
  constexpr std::string_view end = "\r\n";
  const std::string_view here = std::string_view(in_).substr(at_, end.size());
  if (!end.starts_with(here)) return refuse(400, "a chunk is longer than its size says\n");
  if (here.size() < end.size()) return Step::more;
  at_ += end.size();
  state_ = State::chunk_size;
  return Step::more;
}

// What comes behind a chunked body is read and thrown away.
Step Http1Reader::read_trailer() {
  std::string_view text;
  while (true) {
    const std::size_t begin = at_;
    const Step step = line(text, limits_.most_header_bytes);
    if (step != Step::request) return step;
    trailer_bytes_ += at_ - begin;
    if (text.empty()) break;
    if (trailer_bytes_ > limits_.most_header_bytes)
      return refuse(431, "there is too much behind the body of the request\n");
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || !is_token(text.substr(0, colon)))
      return refuse(400, "a header is a name, a colon and a value, on one line\n");
  }
  state_ = State::whole;
  return Step::more;
}

}  // namespace bowline::rpc
