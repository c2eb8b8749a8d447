// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/whole.h"

#include <optional>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::sim {
namespace {

host::Options options_of(const Whole::Setting& setting, wal::Options log) {
  host::Options options;
  options.self = setting.node;
  options.listen = SimulatedNetwork::address_of(setting.node);
  options.log = log;
  options.snapshots.piece_bytes = setting.piece_bytes;
  options.backlog_bytes = setting.backlog_bytes;
  options.boot = setting.boot;
  options.newest_version = setting.newest_version;
  options.detector = {.pulse = setting.silence / 10, .silence = setting.silence};
  return options;
}

}  // namespace

Whole::Whole(Platter& platter, Cables& cables, Chance& chance, const Clock& clock, Time now,
             const Setting& setting, Machine& machine, Watched::Hooks hooks,
             host::Onlooker& onlooker)
    : Running(platter, chance, clock, now, setting.node),
      network_(cables, setting.node, loop_, chance),
      machine_(machine, setting.snapshot_bytes, setting.vault, std::move(hooks), setting.guest,
               setting.program != nullptr),
      shard_(std::make_unique<host::Shard>(
          env(), network_, options_of(setting, log_options(setting.tail_bytes)), setting.fresh,
          host::Shard::Hooks{.broken = [this](Error error) { broken_ = std::move(error); }},
          &onlooker)),
      program_(setting.program) {}

Whole::~Whole() {
  if (program_ != nullptr) program_->end();
  shard_.reset();
}

// Nothing that a start waits for takes time.
template <class Came>
bool Whole::run_until(Came came) {
  const Time now = loop_.now();
  while (!came() && loop_.next_at() <= now) loop_.run_next();
  return came();
}

void Whole::begin(host::Birth birth) {
  std::optional<Result<wal::Account>> opened;
  shard_->open([&opened](Result<wal::Account> result) { opened = std::move(result); });
  ensure(run_until([&] { return opened.has_value(); }));
  if (!*opened) {
    refusal_ = opened->error().what;
    return;
  }
  account_ = **opened;
  std::optional<Result<host::Replica*>> started;
  shard_->start(group, std::move(birth), machine_,
                [&started](Result<host::Replica*> result) { started = std::move(result); });
  ensure(run_until([&] { return started.has_value(); }));
  if (!*started) {
    refusal_ = started->error().what;
    return;
  }
  replica_ = **started;
  if (program_ != nullptr) program_->begin(env(), network_, *shard_, group);
}

}  // namespace bowline::sim
