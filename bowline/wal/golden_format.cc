// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/golden_format.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>
#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/base/ensure.h"
#include "bowline/wal/forged_segment.h"
#include "bowline/wal/identity.h"

namespace bowline::wal {
namespace {

constexpr std::size_t block_size = 4096;
constexpr std::size_t head_size = 24;

template <class... Args>
std::string print(const char* format, Args... args) {
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(), format, args...);
  return text.data();
}

std::string words(unsigned flags, std::initializer_list<const char*> names) {
  std::string text;
  for (const char* name : names) {
    if ((flags & 1U) != 0) text += (text.empty() ? "" : ", ") + std::string(name);
    flags >>= 1;
  }
  ensure(flags == 0);
  return text.empty() ? "none" : text;
}

// Reads a file from its beginning, and writes down each field with its bytes.
class Page {
 public:
  Page(std::string_view file, std::uint64_t disk, std::uint64_t segment)
      : file_(file), disk_(disk), segment_(segment) {}

  std::uint64_t number(std::size_t bytes, const std::string& what) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i) value |= byte(at_ + i) << (8 * i);
    say(bytes, what + " " + std::to_string(value));
    return value;
  }
  std::uint64_t varint(const std::string& what) {
    const auto [value, size] = peek_varint();
    say(size, what + " " + std::to_string(value));
    return value;
  }
  // The meaning is told once the value is known.
  std::pair<std::uint64_t, std::size_t> peek_varint() const {
    std::uint64_t value = 0;
    std::size_t size = 0;
    do value |= (byte(at_ + size) & 0x7fU) << (7 * size);
    while ((byte(at_ + size++) & 0x80U) != 0);
    return {value, size};
  }
  void say(std::size_t bytes, const std::string& what) {
    for (std::size_t from = 0; from < bytes; from += 8) {
      std::string hex;
      for (std::size_t i = from; i < std::min(bytes, from + 8); ++i)
        hex += print("%02x ", static_cast<unsigned>(byte(at_ + i)));
      text_ += print("%05zx  %-25s", at_ + from, hex.c_str()) + (from == 0 ? what : "");
      while (text_.ends_with(' ')) text_.pop_back();
      text_ += "\n";
    }
    at_ += bytes;
  }
  void title(const std::string& text) { text_ += "\n" + text + "\n"; }

  // The head of the next block. How much content its batch has.
  std::uint64_t head(std::uint64_t at) {
    const std::string_view block = file_.substr(at_, block_size);
    std::string where;
    for (const std::uint64_t value : {disk_, segment_, std::uint64_t{at_ / block_size}})
      for (unsigned i = 0; i < 8; ++i) where.push_back(static_cast<char>(value >> (8 * i)));
    const std::uint32_t crc = crc32c(block.substr(4), crc32c(where));
    for (unsigned i = 0; i < 4; ++i) ensure(byte(at_ + i) == (crc >> (8 * i) & 0xffU));
    say(4, "crc32c");
    ensure(number(4, "at") == at);
    number(4, "blocks");
    const std::uint64_t content = number(4, "bytes of content");
    number(8, "batch");
    return content;
  }
  // The rest of a block is zero; and then a parity block whose rest is that of the block before.
  void finish_and_repeat() {
    const std::size_t end = (at_ + block_size - 1) / block_size * block_size;
    for (std::size_t i = at_; i < end; ++i) ensure(byte(i) == 0);
    text_ += print("%05zx  zero up to here, and then the parity block:\n", end);
    at_ = end;
    head(1);
    ensure(file_.substr(end + head_size, block_size - head_size) ==
           file_.substr(end - block_size + head_size, block_size - head_size));
    text_ += print("%05zx  as from %05zx on, since there is only one block to make it of\n", at_,
                   at_ - block_size);
    at_ = end + block_size;
  }

  std::size_t at() const { return at_; }
  const std::string& text() const { return text_; }
  std::string_view file() const { return file_; }

 private:
  std::uint64_t byte(std::size_t at) const { return static_cast<unsigned char>(file_[at]); }

  std::string_view file_;
  std::uint64_t disk_;
  std::uint64_t segment_;
  std::size_t at_ = 0;
  std::string text_;
};

// The payloads of a list, in bytes.
std::uint64_t list(Page& page) {
  std::uint64_t bytes = 0;
  for (std::uint64_t left = page.varint("entries"); left > 0; --left) {
    const auto [code, size] = page.peek_varint();
    constexpr std::array kinds = {"command", "membership", "blank"};
    bytes += code >> 4;
    page.say(size, std::string(kinds.at(code >> 2 & 3)) + " of " + std::to_string(code >> 4) +
                       " bytes; skips: " + words(code & 3, {"terms", "indexes"}));
    if ((code & 2) != 0) page.varint("indexes skipped");
    if ((code & 1) != 0) page.varint("terms skipped");
  }
  return bytes;
}

std::uint64_t row(Page& page) {
  page.varint("row of group");
  page.varint("write");
  const unsigned flags = static_cast<unsigned char>(page.file()[page.at()]);
  page.say(1, "flags: " + words(flags, {"hard", "base", "discard", "cut", "entries", "repaired",
                                        "forget", "moved"}));
  ensure((flags & ~(1U | 8U | 16U)) == 0);  // what the example has
  if ((flags & 1U) != 0) {
    page.varint("term");
    page.varint("voted for");
    page.number(8, "in its life");
    page.number(1, "blank");
  }
  if ((flags & 8U) != 0) page.varint("cut after");
  return (flags & 16U) != 0 ? list(page) : 0;
}

void follows(Page& page) {
  page.varint("follows segment");
  page.varint("which ends at block");
  page.varint("with batch");
}

std::uint64_t rows(Page& page) {
  std::uint64_t payloads = 0;
  for (std::uint64_t left = page.varint("rows"); left > 0; --left) payloads += row(page);
  return payloads;
}

void echo(Page& page) {
  page.varint("echo of batch");
  page.varint("its content");
  page.varint("its table");
  const bool has_follows = page.number(1, "its flags") == 1;
  if (has_follows) follows(page);
  page.varint("its rows");
  const auto [size, bytes] = page.peek_varint();
  page.say(bytes, "in bytes " + std::to_string(size));
  page.say(size, "the rows once more");
}

void batch(Page& page, const std::string& title) {
  page.title(title);
  const std::size_t begin = page.at() + head_size;
  const std::uint64_t content = page.head(0);
  const std::uint64_t table = page.number(4, "bytes of table");
  const unsigned flags = static_cast<unsigned char>(page.file()[page.at()]);
  page.say(1, "flags: " + words(flags, {"follows", "echo"}));
  if ((flags & 1U) != 0) follows(page);
  if ((flags & 2U) != 0) echo(page);
  const std::uint64_t payloads = rows(page);
  ensure(page.at() == begin + table && content == table + payloads);
  if (payloads > 0) page.say(payloads, "the payloads");
  page.finish_and_repeat();
}

std::string identity_text() {
  std::string file(identity_bytes, '\0');
  encode(Identity{{{77}, {3}, 0, 1}, {forged_disk}}, file);
  Page page(file, 0, 0);
  page.title("The file 'identity':");
  page.head(0);
  page.varint("format");
  page.number(8, "cluster");
  page.number(8, "node");
  page.number(8, "disk");
  page.varint("shard");
  page.varint("of shards");
  page.finish_and_repeat();
  return page.text();
}

std::string segment_text() {
  raft::Persist first{.hard_state = raft::HardState{{1}, {2}, {100}, false}};
  first.entries = {{{{1}, {1}}, raft::Kind::blank, {}},
                   {{{1}, {2}}, raft::Kind::command, Bytes::copy("moor the ship")}};
  raft::Persist second{.cut_after = Index{1}};
  second.entries = {{{{3}, {2}}, raft::Kind::command, Bytes::copy("cast off")}};
  Draft begin;
  begin.follow({});
  begin.add({7}, 1, first);
  Draft on;
  on.add({7}, 2, second);
  ForgedSegment segment(1, {}, 6);
  segment.put(1, std::move(begin)).put(2, std::move(on)).put(3, Draft());
  Page page(segment.bytes(), forged_disk, 1);
  batch(page, "The file '00000000000000000001.wal', a first batch:");
  batch(page, "A second one, which takes the entry 2 back and writes another:");
  batch(page, "A mark:");
  return page.text();
}

}  // namespace

std::string golden_format() { return (identity_text() + segment_text()).substr(1); }

}  // namespace bowline::wal
