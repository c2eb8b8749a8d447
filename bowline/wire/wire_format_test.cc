// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/wire/answer.h"
#include "bowline/wire/ask.h"
#include "bowline/wire/errand.h"
#include "bowline/wire/frame.h"
#include "bowline/wire/hello.h"
#include "bowline/wire/letter.h"
#include "bowline/wire/parcel.h"
#include "bowline/wire/specimens.h"

// Compares what nodes say in each version with bowline/wire/golden/, byte by byte, and reads these
// bytes as a node does that hears them. Other bytes are another version. With --write the file of
// the newest version is written anew; those of the others never change.
namespace bowline::wire {
namespace {

constexpr std::size_t bytes_in_line = 40;

std::string path_of(Version version) {
  return "bowline/wire/golden/version_" + std::to_string(version) + ".txt";
}

std::string contents_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    text += digits[static_cast<unsigned char>(c) >> 4];
    text += digits[static_cast<unsigned char>(c) & 15];
  }
  return text;
}

std::string text_of(const Specimen& specimen) {
  std::string text = specimen.name + "\n";
  for (std::string_view rest = specimen.frame; !rest.empty();) {
    const std::size_t count = std::min(rest.size(), bytes_in_line);
    text += "  " + hex(rest.substr(0, count)) + "\n";
    rest.remove_prefix(count);
  }
  return text;
}

std::string body_again(const Frame& frame, Version version) {
  if (frame.kind == FrameKind::refusal) return refusal_in(frame);
  if (frame.kind == FrameKind::hello) {
    const Result<Hello> hello = hello_in(frame);
    return hello ? frame_of(*hello) : "";
  }
  if (frame.kind == FrameKind::ask) {
    const Result<Ask> ask = ask_in(frame, version);
    return ask ? frame_of(*ask) : "";
  }
  if (frame.kind == FrameKind::answer) {
    const Result<Answer> answer = answer_in(frame);
    return answer ? frame_of(*answer) : "";
  }
  if (frame.kind == FrameKind::errands) {
    std::string again;
    const auto errands = errands_in(frame);
    if (!errands) return "";
    for (const Errand& one : *errands) put_errand(again, one.number, one.group, one.what.view());
    return again;
  }
  if (frame.kind == FrameKind::errand_answers) {
    std::string again;
    const auto answers = errand_answers_in(frame);
    if (!answers) return "";
    for (const ErrandAnswer& one : *answers)
      put_errand_answer(again, one.number, one.served, one.what.view());
    return again;
  }
  if (frame.kind != FrameKind::letters) {
    const Result<Parcel> parcel = parcel_in(frame);
    return parcel ? frame_of(*parcel) : "";
  }
  const Way way = specimen_way(version);
  std::string again;
  const Result<std::vector<Letter>> letters = letters_in(frame.body, way);
  if (!letters) return "";
  for (const Letter& letter : *letters) put_letter(again, letter.group, letter.message, way);
  return again;
}

// Whoever hears it says the same again.
bool is_understood(const std::string& bytes, Version version) {
  FrameReader reader(1 << 20);
  reader.allow(1 << 20, version);
  std::vector<Frame> whole;
  if (!reader.feed(bytes, whole) || whole.size() != 1) return false;
  const Frame& frame = whole.front();
  if (frame.kind == FrameKind::pulse) return true;
  const std::string again = body_again(frame, version);
  return !again.empty() && bytes.ends_with(again);
}

int compare(Version version, bool write) {
  std::string text;
  int status = 0;
  for (const Specimen& specimen : specimens(version)) {
    text += text_of(specimen);
    if (is_understood(specimen.frame, version)) continue;
    std::printf("version %d, %s: it is not understood\n", version, specimen.name.c_str());
    status = 1;
  }
  const bool may_change = version == newest_version || contents_of(path_of(version)).empty();
  if (write && may_change) std::ofstream(path_of(version)) << text;
  if (text == contents_of(path_of(version))) return status;
  std::printf(
      "%s: nodes say something else now. Other nodes do not understand that: it belongs into a new "
      "version, see docs/WIRE.md. As long as no release speaks the newest one, it may be changed: "
      "build/wire_format_test --write\n",
      path_of(version).c_str());
  return 1;
}

}  // namespace
}  // namespace bowline::wire

int main(int argc, char** argv) {
  const bool write = argc == 2 && std::string_view(argv[1]) == "--write";
  if (argc > 1 && !write) {
    std::fputs("usage: wire_format_test [--write]\n", stderr);
    return 2;
  }
  int status = 0;
  for (int version = bowline::wire::oldest_version; version <= bowline::wire::newest_version;
       ++version)
    status |= bowline::wire::compare(static_cast<bowline::wire::Version>(version), write);
  return status;
}
