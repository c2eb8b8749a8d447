// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/workers.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"

namespace bowline::runtime {

struct Job {
  env::Done<> work;
  env::Done<> done;
};

struct Workers::State : std::enable_shared_from_this<State> {
  State(std::size_t most, Post to_loop) : most_threads(most), post(std::move(to_loop)) {}

  void work_on();  // what a thread does
  void work(Job, std::unique_lock<std::mutex>&);
  bool tell_one(std::unique_lock<std::mutex>&);
  void tell();

  const std::size_t most_threads;
  const Post post;
  std::vector<std::thread> threads;  // of the loop's thread alone

  std::mutex mutex;  // over what follows
  std::condition_variable work_came;
  std::condition_variable work_ended;
  std::deque<Job> waiting;
  std::deque<Job> ended;
  std::size_t working = 0;
  std::size_t idle = 0;
  bool stopped = false;
};

void Workers::State::work_on() {
  std::unique_lock lock(mutex);
  for (;;) {
    ++idle;
    work_came.wait(lock, [&] { return stopped || !waiting.empty(); });
    --idle;
    if (stopped) return;
    Job job = std::move(waiting.front());
    waiting.pop_front();
    work(std::move(job), lock);
  }
}

void Workers::State::work(Job job, std::unique_lock<std::mutex>& lock) {
  ++working;
  lock.unlock();
  job.work();
  job.work = nullptr;
  lock.lock();
  --working;
  ended.push_back(std::move(job));
  work_ended.notify_one();
  if (ended.size() > 1) return;  // the loop has been told of the first, and will find this one too
  lock.unlock();
  // Weak, because the last to go must be the loop's thread.
  post([weak = weak_from_this()] {
    if (const std::shared_ptr<State> state = weak.lock()) state->tell();
  });
  lock.lock();
}

bool Workers::State::tell_one(std::unique_lock<std::mutex>& lock) {
  if (ended.empty()) return false;
  Job job = std::move(ended.front());
  ended.pop_front();
  lock.unlock();
  job.done();
  job.done = nullptr;  // what it held may have more work for us as it goes
  lock.lock();
  return true;
}

// One at a time, as each may be the end of the Workers.
void Workers::State::tell() {
  std::unique_lock lock(mutex);
  while (!stopped && tell_one(lock)) {}
}

Workers::Workers(std::size_t threads, Post post)
    : state_(std::make_shared<State>(threads, std::move(post))) {
  ensure(threads > 0);
}

Workers::~Workers() {
  {
    const std::scoped_lock lock(state_->mutex);
    state_->stopped = true;
  }
  state_->work_came.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

void Workers::run(env::Done<> work, env::Done<> done) {
  bool too_few = false;
  {
    const std::scoped_lock lock(state_->mutex);
    state_->waiting.push_back({std::move(work), std::move(done)});
    too_few = state_->waiting.size() > state_->idle;
  }
  if (too_few && state_->threads.size() < state_->most_threads)
    state_->threads.emplace_back([state = state_.get()] { state->work_on(); });
  state_->work_came.notify_one();
}

bool Workers::is_idle() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->waiting.empty() && state_->working == 0 && state_->ended.empty();
}

void Workers::finish() {
  std::unique_lock lock(state_->mutex);
  const auto is_idle = [&] { return state_->waiting.empty() && state_->working == 0; };
  do {
    state_->work_ended.wait(lock, [&] { return !state_->ended.empty() || is_idle(); });
  } while (state_->tell_one(lock));
}

}  // namespace bowline::runtime
