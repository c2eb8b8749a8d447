// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "apps/bowline/client_verbs.h"
#include "apps/bowline/key_view.h"
#include "apps/bowline/numbers.h"
#include "apps/bowline/wal.h"

// bowline put, get and del.
namespace bowline::apps {
namespace {

using etcdserverpb::RangeRequest;

struct Keys {  // which are meant
  std::string key, end;
  bool prefix = false;
  bool from = false;

  void add_to(CLI::App& verb) {
    verb.add_option("KEY", key, "The key, or the first of a range")->required();
    CLI::Option* const last = verb.add_option("END", end, "The range ends before this one");
    CLI::Option* const begins =
        verb.add_flag("--prefix", prefix, "All keys that begin with KEY")->excludes(last);
    verb.add_flag("--from-key", from, "KEY and all that follow")->excludes(last)->excludes(begins);
  }
  void fill(auto& request) const {
    const std::string first(1, '\0');
    request.set_key(key.empty() && (prefix || from) ? first : key);
    if (prefix) {
      request.set_range_end(after_prefix(key));
    } else if (from) {
      request.set_range_end(first);
    } else {
      request.set_range_end(end);
    }
  }
};

void add_put(ClientVerbs& verbs) {
  struct Arguments {
    std::string key, lease = "0";
    std::optional<std::string> value;
    bool before = false, same_value = false, same_lease = false;
  };
  const auto given = std::make_shared<Arguments>();
  CLI::App* const verb =
      verbs.add(verbs.app(), "put", "Give a key a value", [given](const ClientSession& session) {
        const auto lease = id_in(given->lease);
        if (!lease) {
          std::fprintf(stderr, "bowline: --lease: %s\n", lease.error().what.c_str());
          return bad_usage;
        }
        if (!given->value && !given->same_value) {
          std::fprintf(stderr,
                       "bowline: put needs a value behind the key; an empty one is written ''\n");
          return bad_usage;
        }
        etcdserverpb::PutRequest request;
        request.set_key(given->key);
        request.set_value(given->value.value_or(""));
        request.set_lease(static_cast<std::int64_t>(*lease));
        request.set_prev_kv(given->before);
        request.set_ignore_value(given->same_value);
        request.set_ignore_lease(given->same_lease);
        return session.finish(session.client.ask<etcdserverpb::PutResponse>(
                                  "/etcdserverpb.KV/Put", request, Effect::changes),
                              [&](const auto& said) { return text_of(said, session.style, {}); });
      });
  verb->add_option("KEY", given->key, "The key")->required();
  CLI::Option* const value = verb->add_option("VALUE", given->value, "What it is to hold");
  verb->add_option("--lease", given->lease, "The key ends with this lease");
  verb->add_flag("--prev-kv", given->before, "Show what it held before");
  verb->add_flag("--ignore-value", given->same_value, "Leave the value as it is")->excludes(value);
  verb->add_flag("--ignore-lease", given->same_lease, "Leave the lease as it is");
}

struct GetArguments {
  Keys keys;
  std::int64_t limit = 0, revision = 0;
  std::string sort_by, order, consistency = "l";
  bool keys_only = false, count_only = false, values_only = false;
};

RangeRequest range_of(const GetArguments& given) {
  RangeRequest request;
  given.keys.fill(request);
  request.set_limit(given.limit);
  request.set_revision(given.revision);
  request.set_keys_only(given.keys_only);
  request.set_count_only(given.count_only);
  request.set_serializable(given.consistency == "s");
  if (given.sort_by == "version") request.set_sort_target(RangeRequest::VERSION);
  if (given.sort_by == "create") request.set_sort_target(RangeRequest::CREATE);
  if (given.sort_by == "modify") request.set_sort_target(RangeRequest::MOD);
  if (given.sort_by == "value") request.set_sort_target(RangeRequest::VALUE);
  if (given.order == "descend") request.set_sort_order(RangeRequest::DESCEND);
  if (given.order == "ascend" || (given.order.empty() && !given.sort_by.empty()))
    request.set_sort_order(RangeRequest::ASCEND);
  return request;
}

void add_get(ClientVerbs& verbs) {
  const auto given = std::make_shared<GetArguments>();
  CLI::App* const verb = verbs.add(
      verbs.app(), "get", "Show keys and their values", [given](const ClientSession& session) {
        const KeyView view{.keys = !given->values_only && !given->count_only,
                           .values = !given->count_only};
        return session.finish(session.client.ask<etcdserverpb::RangeResponse>(
                                  "/etcdserverpb.KV/Range", range_of(*given), Effect::none),
                              [&](const auto& said) { return text_of(said, session.style, view); });
      });
  given->keys.add_to(*verb);
  verb->add_option("--limit", given->limit, "So many at most")->check(at_least(0));
  verb->add_option("--rev", given->revision, "As it was at this revision");
  verb->add_option("--sort-by", given->sort_by, "key, version, create, modify or value")
      ->transform(CLI::IsMember({"key", "version", "create", "modify", "value"}, CLI::ignore_case));
  verb->add_option("--order", given->order, "ascend or descend")
      ->transform(CLI::IsMember({"ascend", "descend"}, CLI::ignore_case));
  verb->add_option("--consistency", given->consistency,
                   "l: shows all that was done before; s: as that member has it")
      ->check(CLI::IsMember({"l", "s"}))
      ->capture_default_str();
  CLI::Option* const only = verb->add_flag("--keys-only", given->keys_only, "Without the values");
  verb->add_flag("--count-only", given->count_only, "How many there are");
  verb->add_flag("--print-value-only", given->values_only, "Without the keys")->excludes(only);
}

void add_del(ClientVerbs& verbs) {
  struct Arguments {
    Keys keys;
    bool before = false;
  };
  const auto given = std::make_shared<Arguments>();
  CLI::App* const verb =
      verbs.add(verbs.app(), "del", "Delete keys", [given](const ClientSession& session) {
        etcdserverpb::DeleteRangeRequest request;
        given->keys.fill(request);
        request.set_prev_kv(given->before);
        return session.finish(session.client.ask<etcdserverpb::DeleteRangeResponse>(
                                  "/etcdserverpb.KV/DeleteRange", request, Effect::changes),
                              [&](const auto& said) { return text_of(said, session.style, {}); });
      });
  given->keys.add_to(*verb);
  verb->add_flag("--prev-kv", given->before, "Show what they held");
}

}  // namespace

void add_key_verbs(ClientVerbs& verbs) {
  add_put(verbs);
  add_get(verbs);
  add_del(verbs);
}

}  // namespace bowline::apps
