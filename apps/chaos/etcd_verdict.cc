// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_verdict.h"

#include <vector>

#include "apps/chaos/etcd_answers.h"
#include "apps/chaos/etcd_causes.h"
#include "apps/chaos/etcd_known.h"
#include "apps/chaos/etcd_leases.h"
#include "apps/chaos/etcd_past.h"
#include "apps/chaos/etcd_told.h"

namespace bowline::chaos {
namespace {

std::vector<EtcdTold::Compaction> compactions_of(const EtcdHistory& history) {
  std::vector<EtcdTold::Compaction> all;
  for (const EtcdCall& call : history.calls) {
    if (call.kind != EtcdCall::Kind::compact || call.fate == EtcdCall::Fate::refused) continue;
    etcdserverpb::CompactionRequest request;
    request.ParseFromString(call.request);
    all.push_back({call.called, request.revision()});
  }
  return all;
}

}  // namespace

EtcdVerdict judge(const EtcdHistory& history) {
  EtcdVerdict verdict;
  for (const EtcdCall& call : history.calls)
    ++verdict.fates.at(static_cast<std::size_t>(call.fate));
  EtcdPast past;
  verdict.wrong = past.gather(history.stories);
  verdict.revisions = past.last();
  if (verdict.wrong.empty()) verdict.wrong = header_fault(history);
  if (!verdict.wrong.empty()) return verdict;

  const std::vector<EtcdTold::Compaction> compactions = compactions_of(history);
  EtcdTold told(past, compactions);
  for (const WatchStory& story : history.stories)
    if (verdict.wrong.empty()) verdict.wrong = told.fault(story, history.through);
  verdict.events = told.events();
  verdict.progress = told.progress();
  verdict.resumed = told.resumed();
  verdict.compacted = told.compacted();

  const EtcdKnown known(history);
  const EtcdLeases leases(history);
  const EtcdCauses causes(history, past, known, leases);
  verdict.unknown_done = causes.unknown_done();
  verdict.expired = causes.expired();
  if (verdict.wrong.empty()) verdict.wrong = EtcdAnswers(history, past, known, causes).fault();
  if (verdict.wrong.empty()) verdict.wrong = leases.fault();
  if (verdict.wrong.empty()) verdict.wrong = causes.fault();
  return verdict;
}

}  // namespace bowline::chaos
