// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/names.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "bowline/etcd/digests.h"

namespace bowline::etcd {
namespace {

std::uint64_t first_eight(std::string_view bytes) {
  const std::array<std::uint8_t, 20> sum = sha1(bytes);
  std::uint64_t id = 0;
  for (std::size_t i = 0; i < 8; ++i) id = (id << 8U) | sum[i];
  return id;
}

std::string joined(std::vector<std::string> urls, std::string_view token) {
  std::ranges::sort(urls);
  std::string all;
  for (const std::string& url : urls) all += url;
  all += token;
  return all;
}

// Fields are apart by ';'. What would be taken for more than a letter is written as %xx.
bool is_plain(char c) { return c > ' ' && c <= '~' && c != '%' && c != ';'; }

std::string escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    if (is_plain(c)) {
      out += c;
      continue;
    }
    out += '%';
    out += digits[static_cast<unsigned char>(c) >> 4U];
    out += digits[static_cast<unsigned char>(c) & 15U];
  }
  return out;
}

std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  return std::nullopt;
}

std::optional<std::string> unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = digit(text[i + 1]);
    const auto low = digit(text[i + 2]);
    if (!high || !low) return std::nullopt;
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

}  // namespace

NodeId member_id(std::vector<std::string> peer_urls, std::string_view token) {
  return {first_eight(joined(std::move(peer_urls), token))};
}

ClusterId cluster_id(std::vector<NodeId> founders) {
  std::ranges::sort(founders);
  std::string all;
  for (const NodeId id : founders)
    for (int shift = 56; shift >= 0; shift -= 8) all += static_cast<char>(id.value >> shift);
  return {first_eight(all)};
}

std::string to_metadata(const MemberNames& names) {
  std::string out = "name=" + escaped(names.name);
  for (const std::string& url : names.peer_urls) out += ";peer=" + escaped(url);
  for (const std::string& url : names.client_urls) out += ";client=" + escaped(url);
  return out;
}

std::optional<MemberNames> names_in(std::string_view metadata) {
  MemberNames names;
  for (const std::string& field : split(metadata, ';')) {
    const std::size_t equals = field.find('=');
    if (equals == std::string::npos) return std::nullopt;
    const std::optional<std::string> value = unescaped(std::string_view(field).substr(equals + 1));
    if (!value) return std::nullopt;
    const std::string_view key = std::string_view(field).substr(0, equals);
    if (key == "name") names.name = *value;
    if (key == "peer") names.peer_urls.push_back(*value);
    if (key == "client") names.client_urls.push_back(*value);
  }
  return names;
}

std::string hex_of(std::uint64_t id) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%llx", static_cast<unsigned long long>(id));
  return text.data();
}

std::optional<std::string> address_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  const std::string_view kind = url.substr(0, scheme);
  std::string_view rest = url.substr(scheme + 3);
  if (kind != "http" && kind != "https") return std::nullopt;
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const std::size_t colon = rest.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && colon > 0 && colon + 1 < rest.size() &&
      rest.substr(colon + 1).find_first_not_of("0123456789") == std::string_view::npos;
  if (!has_port || rest.find('/') != std::string_view::npos) return std::nullopt;
  return std::string(rest);
}

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(by), text.size());
    if (end > 0) parts.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

void fill(etcdserverpb::Member& out, const raft::Member& member) {
  const MemberNames names = names_in(member.metadata.view()).value_or(MemberNames{});
  out.set_id(member.id.value);
  out.set_name(names.name);
  for (const std::string& url : names.peer_urls) out.add_peerurls(url);
  if (names.peer_urls.empty()) out.add_peerurls("http://" + std::string(member.address.view()));
  for (const std::string& url : names.client_urls) out.add_clienturls(url);
  // Who was added as a voter is one to its clients while it catches up: nobody has to promote it.
  out.set_islearner(member.now == raft::Standing::learner && member.goal != raft::Standing::voter);
}

}  // namespace bowline::etcd
