// SPDX-License-Identifier: Apache-2.0
#include "fuzz/front_targets.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include <google/protobuf/message.h>

#include "apps/bowline/config_file.h"
#include "bowline/base/ensure.h"
#include "bowline/env/env.h"
#include "bowline/etcd/convert.h"
#include "bowline/etcd/gateway.h"
#include "bowline/etcd/gateway_routes.h"
#include "bowline/etcd/json_codec.h"
#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/etcd/unary.h"
#include "bowline/kv/kv_machine.h"
#include "bowline/kv/model.h"
#include "bowline/kv/watch_checker.h"

namespace bowline::fuzz {
namespace {

using etcd::GatewayRoute;
using Message = std::unique_ptr<google::protobuf::Message>;

// ---- the gateway

class SoonLoop final : public env::Loop {
 public:
  env::TimerId timer(std::move_only_function<void()>) override { return {}; }
  void set(env::TimerId, Time) override {}
  void drop(env::TimerId) override {}
  void soon(env::Done<> work) override { waiting_.push_back(std::move(work)); }
  void aside(env::Done<>, env::Done<>) override { ensure(false); }
  void run() {
    while (!waiting_.empty()) {
      env::Done<> work = std::move(waiting_.front());
      waiting_.pop_front();
      work();
    }
  }

 private:
  std::deque<env::Done<>> waiting_;
};

// What the client was sent.
class SentExchange final : public rpc::ExchangeChannel {
 public:
  void listen(rpc::ExchangeHooks) override {}
  void begin(rpc::HttpAnswer answer) override {
    ensure(!begun_ && !ended_);
    begun_ = true;
    answer_ = std::move(answer);
  }
  void body(std::string bytes) override {
    ensure(begun_ && !ended_);
    answer_.body += bytes;
  }
  void end(bool whole) override {
    ensure(begun_ && whole && !ended_);
    ended_ = true;
  }
  std::uint64_t queued() const override { return 0; }
  bool over() const override { return ended_; }
  const rpc::HttpAnswer& answer() const {
    ensure(ended_);  // nobody waits for ever
    return answer_;
  }

 private:
  rpc::HttpAnswer answer_;
  bool begun_ = false;
  bool ended_ = false;
};

// Null: there are no such bytes.
Message read(std::string_view name, std::string_view bytes) {
  const auto* const type =
      etcdserverpb::RangeRequest::descriptor()->file()->pool()->FindMessageTypeByName(
          "etcdserverpb." + std::string(name));
  ensure(type != nullptr);
  Message message(google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return nullptr;
  message->DiscardUnknownFields();
  return message;
}

// What JSON says of a message is all that is in it.
void check_again(const etcd::JsonCodec& codec, std::string_view name, const Message& message) {
  const std::string bytes = message->SerializeAsString();
  const auto text = codec.to_json(name, bytes);
  ensure(text.has_value());
  const auto again = codec.to_bytes(name, *text);
  ensure(again.has_value());
  const Message same = read(name, *again);
  ensure(same != nullptr && same->SerializeAsString() == bytes);
}

// Every method says the same.
class OneAnswer {
 public:
  OneAnswer(const etcd::JsonCodec& codec, std::string_view answer)
      : codec_(codec), answer_(answer) {
    std::set<std::string_view> known;
    for (const GatewayRoute& route : etcd::gateway_routes()) {
      if (!known.insert(route.method).second) continue;
      if (route.method.ends_with("/Watch") || route.method.ends_with("KeepAlive") ||
          route.method.ends_with("/Snapshot"))
        router_.bidirectional(std::string(route.method), [this, &route](rpc::Call call) {
          keep(route, std::make_shared<rpc::Call>(std::move(call)));
        });
      else
        router_.unary(std::string(route.method),
                      [this, &route](rpc::Call call, std::string_view bytes) {
                        heard(route, bytes);
                        say(route, call);
                        if (call) call.finish({});
                      });
    }
  }
  rpc::Router& router() { return router_; }
  bool heard() const { return heard_; }

 private:
  void keep(const GatewayRoute& route, const std::shared_ptr<rpc::Call>& call) {
    call->listen({.message =
                      [this, &route, call](std::string_view bytes) {
                        heard(route, bytes);
                        for (int i = 0; i < 2 && *call; ++i) say(route, *call);
                      },
                  .half_closed =
                      [call] {
                        if (*call) call->finish({});
                      }});
  }
  void heard(const GatewayRoute& route, std::string_view bytes) {
    const Message request = read(route.request, bytes);
    if (request != nullptr) check_again(codec_, route.request, request);
    heard_ = true;
  }
  void say(const GatewayRoute& route, rpc::Call& call) {
    const Message message = read(route.response, answer_);
    if (message == nullptr) return call.finish({rpc::Code::internal, "say \"no\"\n"});
    check_again(codec_, route.response, message);
    call.message(message->SerializeAsString());
  }

  const etcd::JsonCodec& codec_;
  std::string answer_;
  rpc::Router router_;
  bool heard_ = false;
};

const GatewayRoute* route_of(unsigned char byte) {
  const auto routes = etcd::gateway_routes();
  const std::size_t at = byte % (routes.size() + 1);
  return at == routes.size() ? nullptr : &routes[at];
}

// ---- watches

// The map, and what it has to tell.
class WatchedMap {
 public:
  explicit WatchedMap(std::uint64_t seed) : checker_(model_, seed) {
    for (const char* key : {"a", "b", "a", "c"}) carry(kv::Command(kv::Put{.key = key}));
    carry(kv::Command(kv::DeleteRange{.keys = {"b", {}}}));
    stream_ = watches().open(checker_);
  }
  void carry(const kv::Command& command) {
    const std::string bytes = kv::encode(command);
    const std::array commands = {machine::Command{{{1}, {++index_}}, Bytes::own(bytes)}};
    std::array<std::string, 1> answers;
    const std::string wanted = kv::encode(model_.run(command, 1));  // what is told is told at once
    machine_.apply(commands, answers);
    ensure(answers[0] == wanted);
    sound();
  }
  bool ask(const etcdserverpb::WatchRequest& request) {
    if (request.has_create_request()) {
      const etcdserverpb::WatchCreateRequest& wanted = request.create_request();
      const kv::WatchRequest watch = etcd::to_kv(wanted);
      if (watch.keys.is_empty() || watch.start < 0) return false;
      const bool is_new = watches().create(stream_, wanted.watch_id(), watch);
      ensure(is_new != checker_.has(wanted.watch_id()));
      if (is_new) checker_.created(wanted.watch_id(), watch);
    } else if (request.has_cancel_request()) {
      const kv::WatchId id = request.cancel_request().watch_id();
      ensure(watches().cancel(stream_, id) == checker_.has(id));
      checker_.canceled(id);
    } else if (request.has_progress_request()) {
      progress();
    }
    sound();
    return true;
  }
  void progress() {
    if (const auto revision = watches().progress(stream_)) checker_.told_progress(*revision);
    watches().progress_due();
    sound();
  }
  void work() {
    machine_.step(2);
    if (checker_.was_full()) watches().drained(stream_);
    sound();
  }
  void reads(bool reads) { checker_.reads(reads); }
  std::int64_t revision() const { return model_.revision(); }
  // Everyone reads, until all has been told.
  void finish() {
    checker_.reads(true);
    watches().drained(stream_);
    for (int i = 0; i < 100'000 && (machine_.can_step() || watches().behind() > 0); ++i) work();
    checker_.expect_all();
    sound();
    watches().close(stream_);
  }

 private:
  kv::Watches& watches() { return machine_.watches(); }
  void sound() const { ensure(checker_.fault().empty()); }

  kv::KvMachine machine_{{.batch_bytes = 200, .fragment_bytes = 300}};
  kv::model::Model model_;
  kv::WatchChecker checker_;
  kv::StreamId stream_ = 0;
  std::uint64_t index_ = 0;
};

constexpr unsigned char actions = 6;

bool act(WatchedMap& map, unsigned char action, std::string_view& rest) {
  const std::string byte(rest.substr(0, 1));
  rest.remove_prefix(byte.size());
  switch (action) {
    case 0: map.carry(kv::Command(kv::Put{.key = byte, .value = "v"})); break;
    case 1: map.carry(kv::Command(kv::DeleteRange{.keys = {"a", byte}})); break;
    case 2: map.work(); break;
    case 3: map.reads(byte < "\x40"); break;
    case 4: map.progress(); break;
    default: map.carry(kv::Command(kv::Compact{map.revision() / 2})); break;
  }
  return true;
}

std::string piece_of(const etcdserverpb::WatchRequest& request) {
  const std::string bytes = request.SerializeAsString();
  return static_cast<char>(bytes.size() + actions - 1) + bytes;
}

std::string input_of(std::size_t route, std::string_view answer, std::string_view body) {
  return std::string(1, static_cast<char>(route)) + static_cast<char>(answer.size()) +
         std::string(answer) + std::string(body);
}

}  // namespace

bool eat_gateway(std::string_view input) {
  if (input.size() < 2) return false;
  google::protobuf::SetLogHandler(nullptr);  // as the server does
  const GatewayRoute* const route = route_of(static_cast<unsigned char>(input[0]));
  const auto size = static_cast<unsigned char>(input[1]);
  input.remove_prefix(2);
  static const etcd::JsonCodec codec;
  SoonLoop loop;
  OneAnswer service(codec, input.substr(0, size));
  etcd::Gateway gateway(loop, service.router());
  gateway.add_to(service.router());
  const auto sent = std::make_shared<SentExchange>();
  rpc::HttpRequest request;
  request.method = "POST";
  request.path = route == nullptr ? "/v3/none" : std::string(route->path);
  request.body = input.substr(std::min<std::size_t>(size, input.size()));
  service.router().answer(rpc::Exchange(sent), std::move(request));
  loop.run();
  const rpc::HttpAnswer& answer = sent->answer();
  ensure(service.heard() || answer.status >= 400);
  // Whatever it is, it is JSON: a message without fields takes any.
  for (std::string_view rest = answer.body; !rest.empty();) {
    const std::string line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    ensure(codec.to_bytes("WatchProgressRequest", line).has_value());
  }
  return answer.status == 200;
}

bool eat_config(std::string_view input) {
  const auto entries = apps::config_in(input);
  if (!entries) {
    ensure(!entries.error().what.empty());
    return false;
  }
  std::set<std::string> flags;
  for (const apps::ConfigEntry& one : *entries) {
    ensure(one.flag.starts_with("--") && flags.insert(one.flag).second);
    ensure(one.line >= 1 && one.line <= input.size() + 1);
  }
  return true;
}

bool eat_watches(std::string_view input) {
  google::protobuf::SetLogHandler(nullptr);
  WatchedMap map(input.size());
  bool asked = false;
  while (!input.empty()) {
    const auto head = static_cast<unsigned char>(input.front());
    input.remove_prefix(1);
    if (head < actions) {
      act(map, head, input);
      continue;
    }
    const std::string_view bytes = input.substr(0, head - actions + 1U);
    input.remove_prefix(bytes.size());
    etcdserverpb::WatchRequest request;
    if (etcd::parse(request, bytes)) asked = map.ask(request) || asked;
  }
  map.finish();
  return asked;
}

// One body for each route, the same for all answers: the fuzzer mixes them.
std::vector<Seed> gateway_seeds() {
  etcdserverpb::RangeResponse range;
  range.mutable_header()->set_revision(7);
  range.add_kvs()->set_key("a");
  range.set_more(true);
  const std::string answer = range.SerializeAsString();
  constexpr std::string_view transaction =
      R"({"compare":[{"key":"YQ==","target":"VALUE","value":"MQ=="}],
 "success":[{"request_put":{"key":"Yg==","value":"Mg=="}},{"requestRange":{"key":"Yg=="}}],
 "failure":[{"request_txn":{"success":[{"request_delete_range":{"key":"YQ=="}}]}}]})";
  const auto routes = etcd::gateway_routes();
  const auto at = [&](std::string_view path) {
    const auto found = std::ranges::find(routes, path, &GatewayRoute::path);
    ensure(found != routes.end());
    return static_cast<std::size_t>(found - routes.begin());
  };
  std::string deep = R"({"a":)";
  for (int i = 0; i < 1000; ++i) deep += '[';
  return {
      {"put", input_of(at("/v3/kv/put"), {}, R"({"key":"YQ==","value":"MQ==","lease":"7"})")},
      {"range",
       input_of(at("/v3/kv/range"), answer, R"({"key":"YQ==","limit":3,"sort_order":"DESCEND"})")},
      {"txn", input_of(at("/v3/kv/txn"), {}, transaction)},
      {"deep", input_of(at("/v3/kv/txn"), {}, deep)},
      {"watch", input_of(at("/v3/watch"), answer,
                         R"({"create_request":{"key":"YQ==","filters":["NOPUT",1]}})")},
      {"alive", input_of(at("/v3/lease/keepalive"), answer, R"({"ID":"8"})")},
      {"member", input_of(at("/v3/cluster/member/add"), {},
                          R"({"peerURLs":["http://127.0.0.1:7"],"isLearner":true})")},
      {"alarm", input_of(at("/v3/maintenance/alarm"), {}, R"({"action":"ACTIVATE","alarm":1})")},
      {"nothing", input_of(at("/v3/maintenance/status"), answer, {})},
      {"nowhere", input_of(routes.size(), answer, "{}")}};
}

std::vector<Seed> config_seeds() {
  return {{"plain",
           "name: n1\ndata-dir: /var/lib/x\nquota-backend-bytes: 5000\n"
           "enable-v2: false\ncors:\n"},
          {"lists",
           "listen-client-urls: [http://a:1, 'http://b:2']\ninitial-cluster: >\n"
           "  a=http://a:1,\n  b=http://b:2\nlog-outputs:\n  - stderr\n  - \"x\\u0041\"\n"},
          {"sections",
           "client-transport-security:\n  cert-file: a.pem\n  client-cert-auth: true\n"
           "  crl-file: c\npeer-transport-security: {key-file: k, allowed-cn: n}\n"},
          {"json", R"({"name": "n1", "corrupt-check-time": 5, "cors": ["*", "b"]})"},
          {"anchors", "name: &one n1\ndata-dir: *one\n? initial-cluster\n: |\n  a\n# end\n---\n"},
          {"twice", "name: a\nname: b\n"},
          {"deep", "name: " + std::string(600, '[')}};
}

std::vector<Seed> watches_seeds() {
  const auto create = [](const char* key, const char* end, std::int64_t start, std::int64_t id) {
    etcdserverpb::WatchRequest request;
    etcdserverpb::WatchCreateRequest& watch = *request.mutable_create_request();
    watch.set_key(key);
    watch.set_range_end(end);
    watch.set_start_revision(start);
    watch.set_watch_id(id);
    watch.set_prev_kv(id % 2 == 1);
    watch.set_fragment(id > 2);
    watch.set_progress_notify(id > 1);
    return piece_of(request);
  };
  etcdserverpb::WatchRequest cancel, progress, filtered;
  cancel.mutable_cancel_request()->set_watch_id(1);
  progress.mutable_progress_request();
  filtered.mutable_create_request()->add_filters(etcdserverpb::WatchCreateRequest::NOPUT);
  const std::string writes("\0a\0b\1z\0c", 8);
  const std::string work(6, '\2');
  return {{"present", create("a", "", 0, 1) + writes + piece_of(progress)},
          {"past", create("a", "z", 2, 2) + work + writes + work + piece_of(progress) + "\4x"},
          {"canceled", create("a", "z", 1, 1) + writes + piece_of(cancel) + writes},
          {"compacted", writes + create("a", "z", 2, 3) + "\5x" + work + writes},
          {"slow", create("a", "z", 0, 3) + "\3\x7f" + writes + writes + "\3 " + work + writes},
          {"filtered", piece_of(filtered) + create("b", "", 9, 4) + writes + writes}};
}

}  // namespace bowline::fuzz
