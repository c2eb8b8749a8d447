// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bowline/rpc/http.h"
#include "bowline/rpc/limits.h"

namespace bowline::rpc {

// The requests of an HTTP/1.1 connection, from bytes. Strict: what two readers could understand in
// two ways (where a body ends, above all) is refused, whatever follows it. Whether the bytes come
// one by one or all at once makes no difference.
class Http1Reader {
 public:
  explicit Http1Reader(const Limits& limits) : limits_(limits) {}

  enum class Step : std::uint8_t {
    more,     // needs more bytes
    expects,  // the client waits for our word before it sends its body (Expect: 100-continue)
    request,  // request() is whole
    refused   // status() and sentence() say why; nothing more is read
  };
  void add(std::string_view bytes) { in_ += bytes; }
  Step next();  // after request: goes on with the one behind it

  HttpRequest& request() { return request_; }
  bool is_old() const { return is_old_; }            // HTTP/1.0
  bool keeps_alive() const { return keeps_alive_; }  // as far as the client is concerned
  bool is_head() const { return is_head_; }

  // Between two requests, or within one?
  bool is_idle() const { return state_ == State::head && in_.size() == at_; }
  bool is_in_body() const { return state_ != State::head; }
  std::size_t unread() const { return in_.size() - at_; }
  std::size_t held() const { return in_.size() + request_.body.size(); }

  int status() const { return status_; }
  const std::string& sentence() const { return sentence_; }

 private:
  enum class State : std::uint8_t { head, body, chunk_size, chunk, chunk_end, trailer, whole };

  Step refuse(int status, std::string sentence);
  Step read_head();
  Step parse_head(std::string_view head);
  bool parse_request_line(std::string_view text);
  bool parse_target(std::string_view target);
  bool parse_field(std::string_view text);
  bool take_field(const std::string& name, std::string_view value);
  Step frame_body();
  Step read_body();
  Step read_chunk_size();
  Step read_chunk();
  Step read_chunk_end();
  Step read_trailer();
  Step line(std::string_view& found, std::size_t most);
  void forget_read();

  const Limits& limits_;
  std::string in_;
  std::size_t at_ = 0;    // what is before it was read
  std::size_t scan_ = 0;  // up to here there is no end of what is looked for
  State state_ = State::head;
  HttpRequest request_;
  bool is_old_ = false;
  bool keeps_alive_ = true;
  bool is_head_ = false;
  bool has_host_ = false;
  bool has_length_ = false;
  bool is_chunked_ = false;
  bool expects_ = false;
  std::uint64_t length_ = 0;  // of the body, or of the chunk, that is left
  std::size_t trailer_bytes_ = 0;
  int status_ = 0;
  std::string sentence_;
};

}  // namespace bowline::rpc
