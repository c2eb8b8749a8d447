// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "apps/bowline/client_verbs.h"
#include "apps/bowline/json.h"
#include "bowline/etcd/proto/rpc.pb.h"

// Answers about keys, as text.
namespace bowline::apps {

struct KeyView {
  bool keys = true;  // of plain text: what to print of a pair
  bool values = true;
};

std::string text_of(const etcdserverpb::PutResponse&, Style, KeyView);
std::string text_of(const etcdserverpb::RangeResponse&, Style, KeyView);
std::string text_of(const etcdserverpb::DeleteRangeResponse&, Style, KeyView);
std::string text_of(const etcdserverpb::TxnResponse&, Style);
std::string text_of(const mvccpb::Event&, Style);

// {"name": "..."}, if the bytes are a text; else {"name_base64": "..."}.
JsonObject& add_bytes(JsonObject&, const std::string& name, const std::string& bytes);

}  // namespace bowline::apps
