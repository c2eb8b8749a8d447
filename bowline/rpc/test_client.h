// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nghttp2/nghttp2.h>

#include "bowline/rpc/status.h"

// The client's side of an HTTP/2 connection, from bytes to bytes, for tests. It may also do what no
// good client does.
namespace bowline::rpc {

using Fields = std::vector<std::pair<std::string, std::string>>;

// What came of one call.
struct Heard {
  Fields head;
  Fields trailers;
  std::string body;  // as it came
  std::vector<std::string> messages;
  bool ended = false;   // by the server, as it should be
  bool closed = false;  // in any way
  std::uint32_t error = 0;

  std::string field(std::string_view name) const;  // of the trailers or the head
  std::optional<Code> code() const;
  std::string message() const;  // grpc-message, without its escapes
  friend bool operator==(const Heard&, const Heard&) = default;
};

struct CallOptions {
  std::string verb = "POST";
  std::string content_type = "application/grpc";
  std::string authority = "test";
  Fields more = {};
};

class TestClient {
 public:
  struct Options {
    std::uint32_t window = 1U << 20U;  // of each stream; 0: takes nothing
    bool updates_windows = true;
  };
  TestClient() : TestClient(Options{}) {}
  explicit TestClient(const Options&);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  // Begins a call; nothing of its body yet.
  std::int32_t open(std::string_view path, const CallOptions& = {});
  void message(std::int32_t id, std::string_view bytes);
  void raw(std::int32_t id, std::string_view bytes);  // of the body, whatever they are
  void half_close(std::int32_t id);
  void reset(std::int32_t id);
  std::int32_t call(std::string_view path, std::string_view request, const CallOptions& = {});
  std::int32_t get(std::string_view path);
  void ping();
  void give_window(std::int32_t id, std::int32_t bytes);

  void received(std::string_view bytes);
  std::string take();
  void inject(std::string_view bytes) { injected_ += bytes; }  // behind what take() gives

  const Heard& heard(std::int32_t id) { return heard_[id]; }
  bool was_sent_away() const { return goaway_.has_value(); }
  std::uint32_t goaway_error() const { return goaway_.value_or(0); }
  const std::string& goaway_text() const { return goaway_text_; }
  int pongs() const { return pongs_; }

 private:
  struct Callbacks;
  struct Body {
    std::string bytes;
    bool ends = false;
    bool waits = false;
  };
  struct Closes {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  Body& body(std::int32_t id) { return bodies_[id]; }
  void resume(std::int32_t id);

  Options options_;
  std::unique_ptr<nghttp2_session, Closes> session_;
  std::map<std::int32_t, Body> bodies_;
  std::map<std::int32_t, Heard> heard_;
  std::optional<std::uint32_t> goaway_;
  std::string goaway_text_;
  int pongs_ = 0;
  std::string injected_;
};

// Frames by hand.
inline constexpr std::uint8_t headers_frame = 1;
inline constexpr std::uint8_t end_headers = 4;
std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload);
std::string framed_message(std::string_view bytes);

}  // namespace bowline::rpc
