// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/runtime/tls_context.h"
#include "bowline/runtime/tls_session.h"

namespace bowline::runtime {

class TlsStream;

// What the connections of a TLS network share. Outlives them.
struct TlsTraffic {
  env::Loop& loop;
  std::shared_ptr<const TlsContext> context;  // for those to come
  std::vector<char> memory = std::vector<char>(TlsSession::most_record_bytes);
  std::list<TlsStream*> streams = {};  // that were greeted, and are not over
};

// What a TlsConnection owns. It stays until the hook returns that destroys its connection.
class TlsStream : public std::enable_shared_from_this<TlsStream> {
 public:
  TlsStream(TlsTraffic&, std::unique_ptr<env::Connection> plain, TlsSide);

  // First of all. Told once, unless it ends before; then it is a connection like others.
  using Greeted = std::move_only_function<void(Result<void>)>;
  void greet(Greeted);

  void begin(env::Connection::Hooks);
  void send(std::string_view bytes);
  std::uint64_t queued();
  void hold(bool held);
  const std::string& peer() const { return peer_; }
  const std::optional<env::Identity>& identity() const { return session_->identity(); }
  const TlsSession& session() const { return *session_; }  // once greeted
  void fail(std::string why);  // whoever has it is told soon that it was closed
  void end();                  // nobody is told any more

 private:
  // Bytes of ours, and where in all that was sent the record ends that carries them.
  struct Record {
    std::uint64_t end = 0;
    std::uint64_t bytes = 0;
  };

  env::Connection::Hooks plain_hooks();
  void received(std::string_view bytes);
  void receive_greeting(std::string_view bytes);
  void greeted(Result<void>);
  void read_on(std::string_view bytes);
  void resume_soon();
  void resume();
  void flush();
  void settle();
  void drained();
  void ended(Error why);
  void close(Error why);
  void leave();

  TlsTraffic& traffic_;
  std::unique_ptr<env::Connection> plain_;  // null: it is over
  TlsSide side_;
  std::string peer_;
  Greeted greeted_;                      // empty: it was told
  bool heard_ = false;                   // something
  std::unique_ptr<TlsSession> session_;  // made when there is something for it
  std::optional<std::list<TlsStream*>::iterator> place_;

  std::optional<env::Connection::Hooks> hooks_;  // once it has begun
  bool is_held_ = false;
  bool resumes_ = false;        // soon
  std::optional<Error> ended_;  // and soon, that is told
  std::string rest_;            // came, and was not looked at: the plain connection is held then

  std::uint64_t written_ = 0;   // bytes that were given to the plain connection
  std::deque<Record> records_;  // that are still in our memory, or a part of them
  std::uint64_t unsent_ = 0;    // the bytes in these
  bool is_to_be_drained_ = false;
};

class TlsConnection final : public env::Connection {
 public:
  explicit TlsConnection(std::shared_ptr<TlsStream> stream) : stream_(std::move(stream)) {}
  ~TlsConnection() override { stream_->end(); }
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  void begin(Hooks hooks) override { stream_->begin(std::move(hooks)); }
  void send(std::string bytes) override { stream_->send(bytes); }
  std::uint64_t queued() const override { return stream_->queued(); }
  void hold(bool held) override { stream_->hold(held); }
  std::string peer() const override { return stream_->peer(); }
  std::optional<env::Identity> identity() const override { return stream_->identity(); }

 private:
  std::shared_ptr<TlsStream> stream_;
};

}  // namespace bowline::runtime
