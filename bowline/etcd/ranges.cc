// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/ranges.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "bowline/etcd/convert.h"
#include "bowline/etcd/range_bytes.h"
#include "bowline/etcd/unary.h"
#include "bowline/kv/long_range.h"

namespace bowline::etcd {
namespace {

using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;

// To write so many bytes costs about as much as to look at a key.
constexpr std::uint64_t bytes_a_key = 256;

// More than what is in an answer besides its items.
constexpr std::uint64_t frame_bytes = 256;

}  // namespace

struct Ranges::Task {
  Task(rpc::Call its_call, RangeRequest its_request, const kv::Store& store,
       const kv::Weight& weight)
      : call(std::move(its_call)),
        request(std::move(its_request)),
        range(store, to_kv(request), weight) {}

  rpc::Call call;
  RangeRequest request;
  kv::LongRange range;
  std::uint64_t number = 0;
  etcdserverpb::ResponseHeader header;  // of the moment in which it began
  std::string bytes;                    // of the answer, as far as it is written
  bool is_writing = false;
  std::uint64_t held_bytes = 0;
};

Ranges::Ranges(Here& here) : here_(here), left_(here.settings.limits.range_keys) {}
Ranges::~Ranges() = default;

void Ranges::answer(rpc::Call call, RangeRequest request) {
  const kv::Range range = to_kv(request);
  const kv::Weight weight = here_.room.begin(call);
  if (!kv::LongRange::is_long(here_.store(), range, here_.settings.limits.range_keys))
    return answer_at_once(std::move(call), range, weight);
  auto task = std::make_unique<Task>(std::move(call), std::move(request), here_.store(), weight);
  task->number = tasks_begun_++;
  here_.fill(task->header);
  if (left_ == 0 || !go_on(*task)) keep(std::move(task));
  wake();
}

void Ranges::answer_at_once(rpc::Call call, const kv::Range& range, kv::Weight weight) {
  const auto found = here_.store().range(range, weight);
  if (!found && found.error() == kv::Refusal::answer_too_large)
    return call.finish(here_.room.refusal(weight));
  if (!found) return call.finish(status_of(found.error()));
  here_.room.took(weight);
  etcdserverpb::ResponseHeader header;
  here_.fill(header);
  call.answer(bytes_of(header, *found));
}

void Ranges::keep(std::unique_ptr<Task> task) {
  const auto is_of_same = [&](const auto& other) {
    return other->call.peer() == task->call.peer();
  };
  if (tasks_.size() < most_under_way &&
      std::ranges::count_if(tasks_, is_of_same) < std::ptrdiff_t{most_of_a_connection})
    return tasks_.push_back(std::move(task));
  held_bytes_ -= task->held_bytes;
  refuse(task->call, Wrong::too_many_requests);
}

// ---- turn by turn

void Ranges::wake() {
  if (std::exchange(is_awake_, true)) return;
  here_.loop.soon(life_.guard([this] { work(); }));
}

void Ranges::work() {
  is_awake_ = false;
  left_ = here_.settings.limits.range_keys;
  if (tasks_.empty()) return;
  bool is_any_over = false;
  while (left_ > 0 && !tasks_.empty()) {
    std::unique_ptr<Task> task = pick();
    const bool is_over = go_on(*task);
    is_any_over = is_any_over || is_over;
    if (!is_over) tasks_.push_back(std::move(task));
  }
  if (is_any_over) here_.stir();  // a compaction may have waited for it
  wake();
}

// Each in its turn; but when they hold too much together, the oldest goes on until it is answered.
std::unique_ptr<Ranges::Task> Ranges::pick() {
  auto at = tasks_.begin();
  if (held_bytes_ > 2 * here_.settings.limits.answer_bytes)
    at = std::ranges::min_element(tasks_, {}, [](const auto& task) { return task->number; });
  std::unique_ptr<Task> task = std::move(*at);
  tasks_.erase(at);
  return task;
}

// True: it is over.
bool Ranges::go_on(Task& task) {
  held_bytes_ -= task.held_bytes;
  task.held_bytes = 0;
  if (advance(task)) return true;
  task.held_bytes = task.range.held_bytes() + task.bytes.capacity();
  held_bytes_ += task.held_bytes;
  return false;
}

// If the state was replaced by that of a snapshot, it begins anew: at the same revision, if it
// asked for one, and that may be compacted there.
bool Ranges::advance(Task& task) {
  if (task.call.over()) return true;
  if (!task.range.step(left_)) {
    answer(std::move(task.call), std::move(task.request));
    return true;
  }
  if (!task.range.is_ready()) return false;
  if (!task.is_writing && !begin_to_write(task)) return true;
  if (!write(task)) return false;
  finish(task);
  return true;
}

// How much it will be is known now.
bool Ranges::begin_to_write(Task& task) {
  const kv::Weight& found = task.range.weight();
  kv::Weight now = here_.room.begin(task.call);
  now.sum = found.sum;
  if (found.is_too_much() || now.is_too_much()) {
    task.call.finish(here_.room.refusal(found.is_too_much() ? found : now));
    return false;
  }
  RangeResponse front;
  *front.mutable_header() = task.header;
  task.bytes.reserve(found.sum + frame_bytes);
  front.AppendToString(&task.bytes);
  return task.is_writing = true;
}

// True: that was all of it. The bytes of a message are those of its fields, one after the other.
bool Ranges::write(Task& task) {
  RangeResponse part;
  bool is_all = false;
  while (left_ > 0 && !is_all) {
    const std::optional<kv::Item> item = task.range.next();
    is_all = !item;
    if (!item) break;
    fill(*part.add_kvs(), *item);
    left_ -= std::min(left_, 1 + item->value.size() / bytes_a_key);
  }
  if (is_all) {
    part.set_more(task.range.more());
    part.set_count(task.range.count());
  }
  part.AppendToString(&task.bytes);
  return is_all;
}

// Others may have been answered on its connection meanwhile.
void Ranges::finish(Task& task) {
  const std::uint64_t weight = task.range.weight().sum;
  if (here_.room.admits(task.call, weight)) task.call.answer(std::move(task.bytes));
}

}  // namespace bowline::etcd
