// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

#include "bowline/env/env.h"
#include "bowline/runtime/tls_connection.h"

namespace bowline::runtime {

// The sessions that are being greeted. Each has so much time and no more, however busy it keeps us;
// and there are so many and no more: the oldest has had its chance.
class TlsGreetings {
 public:
  using Done = std::move_only_function<void(Result<std::unique_ptr<env::Connection>>)>;

  TlsGreetings(env::Loop&, const env::Clock&, Duration within, std::size_t most);
  ~TlsGreetings();
  TlsGreetings(const TlsGreetings&) = delete;
  TlsGreetings& operator=(const TlsGreetings&) = delete;

  void add(const std::shared_ptr<TlsStream>&, Done);
  std::size_t count() const { return greetings_.size(); }

 private:
  struct Greeting {
    std::shared_ptr<TlsStream> stream;
    Time until;
    Done done;
  };

  void over(std::uint64_t number, Result<void>);
  void expire();
  void arm();

  env::Loop& loop_;
  const env::Clock& clock_;
  Duration within_;
  std::size_t most_;
  std::map<std::uint64_t, Greeting> greetings_;  // in the order in which they came
  std::uint64_t numbers_ = 0;
  env::TimerId timer_;
};

}  // namespace bowline::runtime
