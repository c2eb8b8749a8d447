// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_network.h"

#include <limits>
#include <utility>

#include "bowline/runtime/tls_context.h"

namespace bowline::runtime {

using Connected = Result<std::unique_ptr<env::Connection>>;
using Listened = Result<std::unique_ptr<env::Listener>>;

// Whoever accepts. Gone with the listener, and then nobody is let in who is still greeting.
struct TlsNetwork::Door {
  Accepted accepted;
};

class TlsNetwork::Listener final : public env::Listener {
 public:
  Listener(std::shared_ptr<Door> door, std::unique_ptr<env::Listener> plain)
      : door_(std::move(door)), plain_(std::move(plain)) {}
  std::string address() const override { return plain_->address(); }

 private:
  std::shared_ptr<Door> door_;
  std::unique_ptr<env::Listener> plain_;
};

TlsNetwork::Found TlsNetwork::look(const TlsOptions& options, const env::Identity& self,
                                   const TlsFiles::Digest& known) {
  const Result<TlsFiles> files = read_tls_files(options);
  if (!files) return {{}, nullptr, std::unexpected(files.error())};
  const TlsFiles::Digest digest = files->digest();
  if (digest == known) return {digest, nullptr, {}};
  auto context = TlsContext::make(options, *files, self);
  if (!context) return {digest, nullptr, std::unexpected(context.error())};
  return {digest, *std::move(context), {}};
}

Result<std::unique_ptr<TlsNetwork>> TlsNetwork::open(env::Loop& loop, const env::Clock& clock,
                                                     env::Network& plain, TlsOptions options,
                                                     const env::Identity& self, Told told) {
  Found found = look(options, self, {});
  if (!found.good)
    return std::unexpected(Error{found.good.error().fault, "tls: " + found.good.error().what});
  auto network = std::make_unique<TlsNetwork>(Private{}, loop, clock, plain, std::move(options),
                                              found.context->self(), std::move(told));
  network->looked(std::move(found));
  return network;
}

TlsNetwork::TlsNetwork(Private, env::Loop& loop, const env::Clock& clock, env::Network& plain,
                       TlsOptions options, env::Identity self, Told told)
    : loop_(loop),
      clock_(clock),
      plain_(plain),
      options_(std::move(options)),
      self_(std::move(self)),
      told_(std::move(told)),
      traffic_{.loop = loop, .context = nullptr},
      calls_(loop, clock, options_.greet_within, std::numeric_limits<std::size_t>::max()),
      answers_(loop, clock, options_.greet_within, options_.most_greetings),
      timer_(loop.timer([this] { look_at_times(); })) {
  loop_.set(timer_, clock_.now() + options_.look_every);
}

TlsNetwork::~TlsNetwork() { loop_.drop(timer_); }

// ---- connections

void TlsNetwork::listen(std::string address, Accepted accepted, env::Done<Listened> done) {
  const auto door = std::make_shared<Door>(std::move(accepted));
  plain_.listen(
      std::move(address),
      life_.guard([this, weak = std::weak_ptr(door)](std::unique_ptr<env::Connection> plain) {
        if (const auto open = weak.lock()) this->accepted(open, std::move(plain));
      }),
      life_.guard([door, done = std::move(done)](Listened plain) mutable {
        if (!plain) return done(std::unexpected(std::move(plain.error())));
        done(std::make_unique<Listener>(door, *std::move(plain)));
      }));
}

void TlsNetwork::accepted(const std::shared_ptr<Door>& door,
                          std::unique_ptr<env::Connection> plain) {
  const std::string peer = plain->peer();
  const auto stream = std::make_shared<TlsStream>(traffic_, std::move(plain), TlsSide::answers);
  answers_.add(stream, [this, peer, weak = std::weak_ptr(door)](Connected connection) {
    const std::shared_ptr<Door> open = weak.lock();
    if (open == nullptr) return;
    if (connection) return open->accepted(*std::move(connection));
    told_(peer, "was not let in: " + connection.error().what);
  });
}

void TlsNetwork::connect(std::string address, env::Done<Connected> done) {
  auto greet = [this, address, done = std::move(done)](Connected plain) mutable {
    if (!plain) return done(std::unexpected(std::move(plain.error())));
    const auto stream = std::make_shared<TlsStream>(traffic_, *std::move(plain), TlsSide::calls);
    calls_.add(stream, [address, done = std::move(done)](Connected connection) mutable {
      if (connection) return done(std::move(connection));
      done(std::unexpected(Error{connection.error().fault,
                                 "cannot connect to " + address + ": " + connection.error().what}));
    });
  };
  plain_.connect(std::move(address), life_.guard(std::move(greet)));
}

// ---- files

void TlsNetwork::reload(env::Done<Result<void>> done) {
  looks_.push_back(std::move(done));
  if (looks_.size() == 1) look_next();
}

void TlsNetwork::look_at_times() {
  loop_.set(timer_, clock_.now() + options_.look_every);
  if (looks_.empty()) reload([](const Result<void>&) {});
}

// One after the other, so that what was read last is what holds.
void TlsNetwork::look_next() {
  const auto found = std::make_shared<Found>();
  loop_.aside([found, options = options_, self = self_,
               known = known_] { *found = look(options, self, known); },
              life_.guard([this, found] { looked(std::move(*found)); }));
}

void TlsNetwork::looked(Found found) {
  const std::string fault = found.good ? "" : found.good.error().what;
  if (found.context != nullptr) {
    known_ = *found.digest;
    take(std::move(found.context));
  }
  if (!fault.empty() && fault != fault_)
    told_("tls", "new files are not used, and the old ones still are: " + fault);
  fault_ = fault;
  close_expired();
  if (looks_.empty()) return;
  auto done = std::move(looks_.front());
  looks_.pop_front();
  if (!looks_.empty()) look_next();
  done(std::move(found.good));
}

void TlsNetwork::take(std::shared_ptr<const TlsContext> context) {
  traffic_.context = std::move(context);
  for (const std::string& warning : traffic_.context->warnings()) told_("tls", warning);
  for (TlsStream* const stream : traffic_.streams) {
    const Result<void> good = stream->session().judge(*traffic_.context);
    if (good) continue;
    told_(stream->peer(), "the connection is closed: " + good.error().what);
    stream->fail(good.error().what);
  }
}

void TlsNetwork::close_expired() {
  for (TlsStream* const stream : traffic_.streams) {
    if (!stream->session().has_expired()) continue;
    const std::string why = "its certificate has expired: renew it";
    told_(stream->peer(), "the connection is closed: " + why);
    stream->fail(why);
  }
}

}  // namespace bowline::runtime
