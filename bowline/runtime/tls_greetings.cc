// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_greetings.h"

#include <utility>

namespace bowline::runtime {

TlsGreetings::TlsGreetings(env::Loop& loop, const env::Clock& clock, Duration within,
                           std::size_t most)
    : loop_(loop),
      clock_(clock),
      within_(within),
      most_(most),
      timer_(loop.timer([this] { expire(); })) {}

TlsGreetings::~TlsGreetings() {
  loop_.drop(timer_);
  for (auto& [number, greeting] : greetings_) greeting.stream->end();
}

void TlsGreetings::add(const std::shared_ptr<TlsStream>& stream, Done done) {
  if (greetings_.size() == most_)
    over(greetings_.begin()->first,
         std::unexpected(Error{Fault::full, "it was slow to greet, and too many others came"}));
  const std::uint64_t number = ++numbers_;
  greetings_.emplace(number, Greeting{stream, clock_.now() + within_, std::move(done)});
  if (greetings_.size() == 1) arm();
  stream->greet([this, number](Result<void> result) { over(number, std::move(result)); });
}

void TlsGreetings::over(std::uint64_t number, Result<void> result) {
  auto greeting = greetings_.extract(number);
  if (greeting.empty()) return;
  const std::shared_ptr<TlsStream> stream = std::move(greeting.mapped().stream);
  Done done = std::move(greeting.mapped().done);
  if (result) return done(std::make_unique<TlsConnection>(stream));
  stream->end();
  done(std::unexpected(std::move(result.error())));
}

void TlsGreetings::expire() {
  const Time now = clock_.now();
  while (!greetings_.empty() && greetings_.begin()->second.until <= now)
    over(greetings_.begin()->first,
         std::unexpected(Error{Fault::timeout, "it did not end the TLS greeting in time"}));
  arm();
}

void TlsGreetings::arm() {
  loop_.set(timer_, greetings_.empty() ? never : greetings_.begin()->second.until);
}

}  // namespace bowline::runtime
