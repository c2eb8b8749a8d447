// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "apps/bowline/client_verbs.h"
#include "apps/bowline/columns.h"
#include "apps/bowline/json.h"
#include "apps/bowline/progress_bar.h"
#include "apps/bowline/wal.h"
#include "bowline/base/histogram.h"
#include "bowline/etcd/proto/rpc.pb.h"

// bowline check-perf: what a cluster bears, seen from here.
namespace bowline::apps {
namespace {

using std::chrono::steady_clock;

struct CheckArguments {
  std::size_t clients = 16;
  double seconds = 5;
  std::size_t value_bytes = 256;
  std::string prefix = "/bowline-check-perf/";
};

struct Counted {
  Histogram nanoseconds;  // of those that were answered
  std::uint64_t failed = 0;
  std::string why;  // the first of these
};

// One client: a write after the other, to keys of its own.
void write_on(const EtcdClient::Options& options, const CheckArguments& given, std::size_t number,
              const std::atomic<bool>& ends, Counted& counted) {
  EtcdClient client(options);
  etcdserverpb::PutRequest request;
  request.set_value(std::string(given.value_bytes, 'x'));
  for (std::uint64_t i = 0; !ends; ++i) {
    request.set_key(given.prefix + std::to_string(number) + "/" + std::to_string(i % 1000));
    const auto begun = steady_clock::now();
    const auto asked =
        client.ask<etcdserverpb::PutResponse>("/etcdserverpb.KV/Put", request, Effect::changes);
    if (std::holds_alternative<etcdserverpb::PutResponse>(asked)) {
      counted.nanoseconds.add(static_cast<std::uint64_t>(
          std::chrono::nanoseconds(steady_clock::now() - begun).count()));
      continue;
    }
    if (counted.failed++ > 0) continue;
    const auto* const no = std::get_if<NotDone>(&asked);
    counted.why = no != nullptr ? no->why : std::get<MaybeDone>(asked).why;
    if (no != nullptr) return;  // the next would go the same way
  }
}

std::string milliseconds(std::uint64_t nanoseconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f ms", static_cast<double>(nanoseconds) / 1e6);
  return text.data();
}

int tell(const ClientSession& session, const Counted& all, double seconds) {
  const Histogram& took = all.nanoseconds;
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(took.count()) / seconds);
  if (session.style == Style::json)
    return ClientSession::say(JsonObject()
                                  .add("writes", took.count())
                                  .add("writes_per_s", rate)
                                  .add("failed", all.failed)
                                  .add("p50_us", took.at(500) / 1000)
                                  .add("p99_us", took.at(990) / 1000)
                                  .add("slowest_us", took.most() / 1000)
                                  .add("why", all.why)
                                  .done()
                                  .text +
                              "\n");
  if (session.style == Style::table)
    return ClientSession::say(columns(
        {{"WRITES", "A SECOND", "FAILED", "MEDIAN", "99 OF 100 WITHIN", "SLOWEST"},
         {std::to_string(took.count()), std::to_string(rate), std::to_string(all.failed),
          milliseconds(took.at(500)), milliseconds(took.at(990)), milliseconds(took.most())}}));
  std::string text =
      std::to_string(rate) + " writes a second, " + std::to_string(took.count()) + " in all\n";
  text += "median " + milliseconds(took.at(500)) + ", 99 of 100 within " +
          milliseconds(took.at(990)) + ", the slowest " + milliseconds(took.most()) + "\n";
  return ClientSession::say(text);
}

void clean_up(const ClientSession& session, const CheckArguments& given) {
  etcdserverpb::DeleteRangeRequest request;
  request.set_key(given.prefix);
  request.set_range_end(after_prefix(given.prefix));
  const auto asked = session.client.ask<etcdserverpb::DeleteRangeResponse>(
      "/etcdserverpb.KV/DeleteRange", request, Effect::changes);
  if (!std::holds_alternative<etcdserverpb::DeleteRangeResponse>(asked))
    std::fprintf(stderr, "bowline: the keys below %s may be left: bowline del --prefix %s\n",
                 given.prefix.c_str(), given.prefix.c_str());
}

int check(const ClientSession& session, const CheckArguments& given) {
  std::vector<std::unique_ptr<Counted>> counted;
  std::vector<std::thread> clients;
  std::atomic<bool> ends = false;
  const auto begun = steady_clock::now();
  for (std::size_t i = 0; i < given.clients; ++i) {
    counted.push_back(std::make_unique<Counted>());
    EtcdClient::Options options = session.client.options();
    std::ranges::rotate(
        options.endpoints,
        options.endpoints.begin() + static_cast<std::ptrdiff_t>(i % options.endpoints.size()));
    clients.emplace_back([options, &given, i, &ends, one = counted.back().get()] {
      write_on(options, given, i, ends, *one);
    });
  }
  const std::chrono::duration<double> whole(given.seconds);
  ProgressBar bar("check-perf");
  while (steady_clock::now() - begun < whole) {
    const std::chrono::duration<double> past = steady_clock::now() - begun;
    bar.show(past / whole, std::to_string(static_cast<int>(past.count())) + " s");
    std::this_thread::sleep_for(
        std::min<std::chrono::duration<double>>(whole - past, std::chrono::milliseconds(100)));
  }
  ends = true;
  for (std::thread& one : clients) one.join();
  const double seconds = std::chrono::duration<double>(steady_clock::now() - begun).count();
  bar.clear();
  Counted all;
  for (const auto& one : counted) {
    all.nanoseconds.add(one->nanoseconds);
    all.failed += one->failed;
    if (all.why.empty()) all.why = one->why;
  }
  if (all.nanoseconds.count() == 0) return session.complain(NotDone{all.why});
  clean_up(session, given);
  const int status = tell(session, all, seconds);
  if (all.failed == 0) return status;
  std::fprintf(stderr, "bowline: %llu writes failed, the first with: %s\n",
               static_cast<unsigned long long>(all.failed), all.why.c_str());
  return something_is_wrong;
}

}  // namespace

void add_check_verb(ClientVerbs& verbs) {
  const auto given = std::make_shared<CheckArguments>();
  CLI::App* const verb =
      verbs.add(verbs.app(), "check-perf", "How many writes the cluster takes, and how soon",
                [given](const ClientSession& session) { return check(session, *given); });
  verb->add_option("--clients", given->clients, "At once, each with a connection")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  verb->add_option("--seconds", given->seconds, "For so long")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  verb->add_option("--value-bytes", given->value_bytes, "Of each value")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  verb->add_option("--prefix", given->prefix, "Of the keys; all of them are deleted at the end")
      ->capture_default_str();
}

}  // namespace bowline::apps
