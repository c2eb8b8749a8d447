// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_past.h"

#include <algorithm>
#include <utility>

namespace bowline::chaos {
namespace {

using etcdserverpb::WatchResponse;

kv::model::Write write_of(const mvccpb::Event& event, std::int64_t sub) {
  kv::model::Write write{event.kv().mod_revision(), sub, event.kv().key(), std::nullopt};
  if (event.type() == mvccpb::Event::PUT)
    write.now = kv::model::Value{.value = event.kv().value(),
                                 .create = event.kv().create_revision(),
                                 .mod = event.kv().mod_revision(),
                                 .version = event.kv().version(),
                                 .lease = event.kv().lease()};
  return write;
}

bool tell_the_same(const std::vector<mvccpb::Event>& a, const std::vector<mvccpb::Event>& b) {
  return std::ranges::equal(a, b, [](const mvccpb::Event& one, const mvccpb::Event& other) {
    return one.SerializeAsString() == other.SerializeAsString();
  });
}

}  // namespace

std::string EtcdPast::gather(const std::vector<WatchStory>& stories) {
  for (const WatchStory& story : stories) {
    if (!story.is_of_all) continue;
    for (const WatchStep& step : story.steps) {
      if (step.kind != WatchStep::Kind::heard) continue;
      WatchResponse response;
      if (!response.ParseFromString(step.message)) return story.name + " heard what is no message";
      if (std::string wrong = hear(response, story); !wrong.empty()) return wrong;
    }
  }
  return put_in_order();
}

std::string EtcdPast::hear(const WatchResponse& response, const WatchStory& story) {
  std::map<std::int64_t, Told> heard;
  for (const mvccpb::Event& event : response.events()) {
    Told& told = heard[event.kv().mod_revision()];
    told.events.push_back(event);
    told.by = story.name;
  }
  for (auto& [revision, told] : heard) {
    const auto [known, is_new] = told_.try_emplace(revision, told);
    if (is_new) continue;
    if (!tell_the_same(known->second.events, told.events))
      return name_of(revision) + " is one thing to " + known->second.by + " and another to " +
             story.name;
  }
  return {};
}

std::string EtcdPast::put_in_order() {
  first_.assign(2, 0);
  for (const auto& [revision, told] : told_) {
    if (revision != last_ + 1) return name_of(last_ + 1) + " was told to nobody who watches all";
    last_ = revision;
    first_.push_back(writes_.size());
    std::int64_t sub = 0;
    for (const mvccpb::Event& event : told.events) {
      of_key_[event.kv().key()].push_back(writes_.size());
      writes_.push_back(write_of(event, sub++));
    }
  }
  first_.push_back(writes_.size());
  told_.clear();
  return {};
}

std::size_t EtcdPast::first_of(std::int64_t revision) const {
  if (revision <= kv::first_revision) return 0;
  return revision > last_ ? writes_.size() : first_[static_cast<std::size_t>(revision)];
}

std::span<const kv::model::Write> EtcdPast::writes_at(std::int64_t revision) const {
  const std::size_t from = first_of(revision);
  return std::span(writes_).subspan(from, first_of(revision + 1) - from);
}

const kv::model::Value* EtcdPast::at(std::int64_t revision, std::string_view key) const {
  const auto found = of_key_.find(key);
  if (found == of_key_.end()) return nullptr;
  const auto after = std::ranges::lower_bound(found->second, first_of(revision + 1));
  if (after == found->second.begin()) return nullptr;
  const kv::model::Write& last = writes_[*std::prev(after)];
  return last.now ? &*last.now : nullptr;
}

kv::model::Map EtcdPast::at(std::int64_t revision) const {
  kv::model::Map map;
  for (const auto& [key, numbers] : of_key_)
    if (const kv::model::Value* value = at(revision, key)) map.emplace(key, *value);
  return map;
}

std::vector<std::string> EtcdPast::keys_of(kv::LeaseId lease, std::int64_t revision) const {
  std::vector<std::string> keys;
  for (const auto& [key, numbers] : of_key_) {
    const kv::model::Value* const value = at(revision, key);
    if (value != nullptr && value->lease == lease) keys.push_back(key);
  }
  return keys;
}

}  // namespace bowline::chaos
