// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/names.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <netdb.h>
#include <sys/socket.h>

#include "bowline/base/ensure.h"

namespace bowline::runtime {
namespace {

bool is_gone(const auto& asked) { return asked.asker.expired(); }

// The EAI_ numbers say whether the answer was no, or whether there was none.
Error error_of(int number, int kernel) {
  Fault fault = Fault::unreachable;
  if (number == EAI_NONAME) fault = Fault::not_found;
#ifdef EAI_NODATA
  if (number == EAI_NODATA) fault = Fault::not_found;
#endif
  if (number == EAI_SYSTEM) return {fault, std::generic_category().message(kernel)};
  return {fault, ::gai_strerror(number)};
}

}  // namespace

struct Names::WayBack {
  // The lock is held across it: so whoever ends the Names has seen the last use of the loop.
  void post(env::Done<> done) {
    const std::scoped_lock lock(mutex);
    if (loop != nullptr) loop->post(std::move(done));
  }

  std::mutex mutex;
  Loop* loop = nullptr;  // under the mutex; null: the Names are gone
};

Names::Names(Loop& loop, Options options)
    : loop_(loop), options_(std::move(options)), way_back_(std::make_shared<WayBack>()) {
  ensure(options_.look_up != nullptr);
  ensure(options_.at_once > 0);
  way_back_->loop = &loop;
}

Names::~Names() {
  {
    const std::scoped_lock lock(way_back_->mutex);
    way_back_->loop = nullptr;
  }
  for (const auto& [host, name] : names_)
    if (name.timer) loop_.drop(name.timer);
}

void Names::find(const std::string& host, std::weak_ptr<const void> asker, env::Done<Found> done) {
  Name& name = names_[host];
  if (name.stage == Stage::late && !name.last.empty())
    return loop_.soon(
        [asker = std::move(asker), done = std::move(done), last = name.last]() mutable {
          if (!asker.expired()) done(std::move(last));
        });
  // Those who ask again and again while it hangs leave nothing behind.
  std::erase_if(name.asked, is_gone<Asked>);
  name.asked.push_back({std::move(asker), std::move(done)});
  if (name.stage != Stage::idle) return;
  name.stage = Stage::queued;
  queue_.push_back(host);
  begin_next();
}

void Names::begin_next() {
  while (under_way_ < options_.at_once && !queue_.empty()) {
    const std::string host = std::move(queue_.front());
    queue_.pop_front();
    const auto found = names_.find(host);
    ensure(found != names_.end());
    Name& name = found->second;
    name.stage = Stage::idle;
    std::erase_if(name.asked, is_gone<Asked>);
    if (!name.asked.empty()) {
      begin(host, name);
    } else if (name.last.empty()) {
      names_.erase(found);
    }
  }
}

// The thread is left to itself: nothing ends a look-up but its own patience.
void Names::begin(const std::string& host, Name& name) {
  ++under_way_;
  name.stage = Stage::under_way;
  name.timer = loop_.timer([this, host] { is_late(host); });
  loop_.set(name.timer, loop_.clock().now() + options_.patience);
  auto told = life_.guard([this, host](Found found) { ended(host, std::move(found)); });
  try {
    std::thread([host, look_up = options_.look_up, back = way_back_,
                 told = std::move(told)]() mutable {
      Found found = look_up(host);
      back->post(
          [told = std::move(told), found = std::move(found)]() mutable { told(std::move(found)); });
    }).detach();
  } catch (const std::system_error& none) {  // there are too many, or there is no memory for it
    const Error why{Fault::unreachable,
                    std::string("no thread could be made to look it up: ") + none.code().message()};
    loop_.soon(life_.guard([this, host, why] { ended(host, std::unexpected(why)); }));
  }
}

void Names::is_late(const std::string& host) {
  Name& name = names_.at(host);
  name.stage = Stage::late;
  if (name.last.empty()) return;
  const std::vector<std::string> last = name.last;
  std::vector<Asked> asked = std::exchange(name.asked, {});
  for (Asked& one : asked)
    if (!is_gone(one)) one.done(last);
}

void Names::ended(const std::string& host, Found found) {
  --under_way_;
  Name& name = names_.at(host);
  loop_.drop(std::exchange(name.timer, {}));
  name.stage = Stage::idle;
  if (found && found->empty())
    found = std::unexpected(Error{Fault::not_found, "it has no address"});
  if (found) name.last = *found;
  if (!found && found.error().fault == Fault::not_found) name.last.clear();
  if (!found && !name.last.empty()) found = name.last;
  std::vector<Asked> asked = std::exchange(name.asked, {});
  if (name.last.empty()) names_.erase(host);
  forget_one();
  begin_next();
  for (Asked& one : asked)  // the last: one of them may be the end of us
    if (!is_gone(one)) one.done(found);
}

// Each that is found adds one at most.
void Names::forget_one() {
  if (names_.size() <= options_.kept) return;
  const auto idle = [](const auto& one) { return one.second.stage == Stage::idle; };
  const auto found = std::ranges::find_if(names_, idle);
  if (found != names_.end()) names_.erase(found);
}

Names::Found look_up_by_system(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  if (const int wrong = ::getaddrinfo(host.c_str(), nullptr, &wanted, &first); wrong != 0)
    return std::unexpected(error_of(wrong, errno));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(first, &::freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* one = first; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    const int wrong = ::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(),
                                    nullptr, 0, NI_NUMERICHOST);
    if (wrong == 0) addresses.emplace_back(text.data());
  }
  return addresses;
}

}  // namespace bowline::runtime
