// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/runtime/tls_files.h"
#include "bowline/runtime/tls_greetings.h"
#include "bowline/runtime/tls_options.h"

namespace bowline::runtime {

// TLS over another network. A connection is there once both sides have proved who they are. Files
// that change take effect as they are: new connections greet with the new ones, and connections
// that they would not let in any more are closed. Files that are not good change nothing.
class TlsNetwork final : public env::Network {
  struct Private {};  // only open() makes one

 public:
  // What somebody has to put right: who is concerned, and a sentence.
  using Told = std::move_only_function<void(const std::string& who, const std::string& why)>;

  // Reads the files at once. `self`: whom our certificate must name; empty cluster: whichever it
  // names. `options` must have no fault.
  static Result<std::unique_ptr<TlsNetwork>> open(env::Loop&, const env::Clock&,
                                                  env::Network& plain, TlsOptions,
                                                  const env::Identity& self, Told);
  TlsNetwork(Private, env::Loop&, const env::Clock&, env::Network& plain, TlsOptions,
             env::Identity self, Told);
  ~TlsNetwork() override;
  TlsNetwork(const TlsNetwork&) = delete;
  TlsNetwork& operator=(const TlsNetwork&) = delete;

  void listen(std::string address, Accepted,
              env::Done<Result<std::unique_ptr<env::Listener>>>) override;
  void connect(std::string address, env::Done<Result<std::unique_ptr<env::Connection>>>) override;

  // Looks at the files now. An error: they are not good, and nothing has changed.
  void reload(env::Done<Result<void>>);

  const env::Identity& self() const { return traffic_.context->self(); }
  std::size_t greetings() const { return answers_.count(); }

 private:
  struct Door;
  class Listener;
  struct Found {  // by a look at the files
    std::optional<TlsFiles::Digest> digest;
    std::shared_ptr<const TlsContext> context;  // null: as before, or not good
    Result<void> good;
  };

  static Found look(const TlsOptions&, const env::Identity& self, const TlsFiles::Digest& known);
  void accepted(const std::shared_ptr<Door>&, std::unique_ptr<env::Connection> plain);
  void look_at_times();
  void look_next();
  void looked(Found);
  void take(std::shared_ptr<const TlsContext>);
  void close_expired();

  env::Loop& loop_;
  const env::Clock& clock_;
  env::Network& plain_;
  TlsOptions options_;
  env::Identity self_;
  Told told_;
  TlsTraffic traffic_;
  TlsGreetings calls_;
  TlsGreetings answers_;
  TlsFiles::Digest known_{};
  std::deque<env::Done<Result<void>>> looks_;  // the first is under way
  env::TimerId timer_;
  std::string fault_;  // of the files, as it was told last
  env::Life life_;
};

}  // namespace bowline::runtime
