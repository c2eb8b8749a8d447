// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/key_view.h"

#include <array>
#include <utility>
#include <vector>

#include "apps/bowline/columns.h"
#include "apps/bowline/words.h"
#include "bowline/base/utf8.h"
#include "bowline/dash/json.h"
#include "bowline/rpc/framing.h"

namespace bowline::apps {
namespace {

constexpr std::size_t most_letters = 60;  // of a cell

using etcdserverpb::ResponseOp;

std::string cell(const std::string& bytes) { return safe(bytes, most_letters); }

Json json_of(const mvccpb::KeyValue& pair) {
  JsonObject object;
  add_bytes(object, "key", pair.key());
  add_bytes(object, "value", pair.value());
  return object.add("created", Json{std::to_string(pair.create_revision())})
      .add("changed", Json{std::to_string(pair.mod_revision())})
      .add("version", Json{std::to_string(pair.version())})
      .add("lease", hex_of(static_cast<std::uint64_t>(pair.lease())))
      .done();
}

std::vector<Json> json_of(const auto& pairs) {
  std::vector<Json> list;
  for (const mvccpb::KeyValue& one : pairs) list.push_back(json_of(one));
  return list;
}

std::string table_of(const auto& pairs) {
  std::vector<Row> rows{{"KEY", "VALUE", "CREATED", "CHANGED", "VERSION", "LEASE"}};
  for (const mvccpb::KeyValue& one : pairs)
    rows.push_back({cell(one.key()), cell(one.value()), std::to_string(one.create_revision()),
                    std::to_string(one.mod_revision()), std::to_string(one.version()),
                    one.lease() == 0 ? "-" : hex_of(static_cast<std::uint64_t>(one.lease()))});
  return columns(rows);
}

std::string plain_of(const mvccpb::KeyValue& pair, KeyView view) {
  std::string text;
  if (view.keys) text += pair.key() + "\n";
  if (view.values) text += pair.value() + "\n";
  return text;
}

std::string plain_of(const auto& pairs, KeyView view) {
  std::string text;
  for (const mvccpb::KeyValue& one : pairs) text += plain_of(one, view);
  return text;
}

JsonObject begin(const etcdserverpb::ResponseHeader& header) {
  JsonObject object;
  object.add("revision", Json{std::to_string(header.revision())});
  return object;
}

// One of a transaction's answers.
std::string text_of(const ResponseOp& one, Style style) {
  switch (one.response_case()) {
    case ResponseOp::kResponseRange: return text_of(one.response_range(), style, {});
    case ResponseOp::kResponsePut: return text_of(one.response_put(), style, {});
    case ResponseOp::kResponseDeleteRange: return text_of(one.response_delete_range(), style, {});
    case ResponseOp::kResponseTxn: return text_of(one.response_txn(), style);
    default: return "";
  }
}

}  // namespace

JsonObject& add_bytes(JsonObject& object, const std::string& name, const std::string& bytes) {
  if (is_utf8(bytes)) return object.add(name, Json{dash::in_quotes(bytes)});
  return object.add(name + "_base64", rpc::base64_encode(bytes));
}

std::string text_of(const etcdserverpb::PutResponse& said, Style style, KeyView view) {
  if (style == Style::json) {
    JsonObject object = begin(said.header());
    if (said.has_prev_kv()) object.add("before", json_of(said.prev_kv()));
    return object.done().text + "\n";
  }
  if (style == Style::table)
    return columns({{"WRITTEN", "REVISION"}, {"1", std::to_string(said.header().revision())}}) +
           (said.has_prev_kv() ? "\n" + table_of(std::array{said.prev_kv()}) : "");
  return "OK\n" + (said.has_prev_kv() ? plain_of(said.prev_kv(), view) : "");
}

std::string text_of(const etcdserverpb::RangeResponse& said, Style style, KeyView view) {
  if (style == Style::json)
    return begin(said.header())
               .add("count", Json{std::to_string(said.count())})
               .add("more", said.more())
               .add("keys", json_of(said.kvs()))
               .done()
               .text +
           "\n";
  const std::string count = std::to_string(said.count());
  if (!view.keys && !view.values)
    return style == Style::table ? columns({{"KEYS"}, {count}}) : count + "\n";
  if (style == Style::plain) return plain_of(said.kvs(), view);
  return table_of(said.kvs()) + "\n" + count + (said.count() == 1 ? " key" : " keys") +
         (said.more() ? " in all, of which these are the first\n" : " in all\n");
}

std::string text_of(const etcdserverpb::DeleteRangeResponse& said, Style style, KeyView view) {
  if (style == Style::json)
    return begin(said.header())
               .add("deleted", Json{std::to_string(said.deleted())})
               .add("before", json_of(said.prev_kvs()))
               .done()
               .text +
           "\n";
  const std::string deleted = std::to_string(said.deleted());
  if (style == Style::table)
    return columns({{"DELETED", "REVISION"}, {deleted, std::to_string(said.header().revision())}}) +
           (said.prev_kvs().empty() ? "" : "\n" + table_of(said.prev_kvs()));
  return deleted + "\n" + plain_of(said.prev_kvs(), view);
}

std::string text_of(const etcdserverpb::TxnResponse& said, Style style) {
  if (style != Style::json) {
    std::string text = said.succeeded() ? "SUCCESS\n" : "FAILURE\n";
    if (style == Style::table)
      text = columns({{"COMPARES", "REVISION"},
                      {said.succeeded() ? "all hold" : "one failed",
                       std::to_string(said.header().revision())}});
    for (const ResponseOp& one : said.responses()) text += "\n" + text_of(one, style);
    return text;
  }
  std::vector<Json> list;
  for (const ResponseOp& one : said.responses()) {
    std::string text = text_of(one, style);
    if (!text.empty()) text.pop_back();
    list.push_back(Json{text.empty() ? "{}" : text});
  }
  return begin(said.header())
             .add("succeeded", said.succeeded())
             .add("responses", list)
             .done()
             .text +
         "\n";
}

std::string text_of(const mvccpb::Event& event, Style style) {
  const bool put = event.type() == mvccpb::Event::PUT;
  if (style == Style::json) {
    JsonObject object;
    object.add("event", put ? "put" : "delete").add("key", json_of(event.kv()));
    if (event.has_prev_kv()) object.add("before", json_of(event.prev_kv()));
    return object.done().text + "\n";
  }
  if (style == Style::table)
    return columns({{put ? "put" : "delete", cell(event.kv().key()), cell(event.kv().value()),
                     "at " + std::to_string(event.kv().mod_revision())}});
  std::string text = put ? "PUT\n" : "DELETE\n";
  if (event.has_prev_kv()) text += plain_of(event.prev_kv(), {});
  return text + plain_of(event.kv(), {});
}

}  // namespace bowline::apps
