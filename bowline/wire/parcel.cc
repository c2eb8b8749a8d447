// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/parcel.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "bowline/base/encoding.h"
#include "bowline/wire/printable.h"

// Numbers as varints unless said otherwise; what comes last goes on to the end of the frame:
//   want snapshot  group | term | index          want piece  group | identity u64 | number
//   have snapshot  group | manifest              piece       group | identity u64 | number | bytes
//   no snapshot    group | sentence              gone piece  group | identity u64 | number
namespace bowline::wire {
namespace {

constexpr auto first_kind = std::to_underlying(FrameKind::want_snapshot);
constexpr std::size_t most_sentence_bytes = 1024;

// ---- writing

void put_which(std::string& out, GroupId group, std::uint64_t identity, std::uint32_t number) {
  put_varint(out, group.value);
  put(out, identity);
  put_varint(out, number);
}

void put_body(std::string& out, const WantSnapshot& parcel) {
  put_varint(out, parcel.group.value);
  put_varint(out, parcel.at_least.term.value);
  put_varint(out, parcel.at_least.index.value);
}

void put_body(std::string& out, const HaveSnapshot& parcel) {
  put_varint(out, parcel.group.value);
  out += parcel.manifest.view();
}

void put_body(std::string& out, const NoSnapshot& parcel) {
  put_varint(out, parcel.group.value);
  out += printable(std::string_view(parcel.why).substr(0, most_sentence_bytes));
}

void put_body(std::string& out, const WantPiece& parcel) {
  put_which(out, parcel.group, parcel.identity, parcel.number);
}

void put_body(std::string& out, const Piece& parcel) {
  put_which(out, parcel.group, parcel.identity, parcel.number);
  out += parcel.bytes.view();
}

void put_body(std::string& out, const GonePiece& parcel) {
  put_which(out, parcel.group, parcel.identity, parcel.number);
}

// ---- reading

class ParcelReader {
 public:
  explicit ParcelReader(const Frame& frame) : body_(frame.body), cursor_(*body_) {}

  template <std::size_t... Kinds>
  std::optional<Parcel> parcel(std::size_t kind, std::index_sequence<Kinds...>) {
    Parcel parcel;
    const bool known = ((kind == Kinds && (take(parcel.emplace<Kinds>()), true)) || ...);
    if (!known || !cursor_.good() || !cursor_.at_end()) return std::nullopt;
    return parcel;
  }

 private:
  GroupId group() { return {cursor_.varint()}; }
  std::uint32_t number() { return static_cast<std::uint32_t>(cursor_.varint_at_most(UINT32_MAX)); }
  std::string_view rest() { return cursor_.take(cursor_.left()); }

  template <class Which>
  void take_which(Which& parcel) {
    parcel.group = group();
    parcel.identity = cursor_.u64();
    parcel.number = number();
  }

  void take(WantSnapshot& parcel) {
    parcel.group = group();
    parcel.at_least.term = {cursor_.varint_at_most(absurd)};
    parcel.at_least.index = {cursor_.varint_at_most(absurd)};
  }
  void take(HaveSnapshot& parcel) {
    parcel.group = group();
    parcel.manifest = Bytes::part(body_, rest());
  }
  void take(NoSnapshot& parcel) {
    parcel.group = group();
    const std::string_view why = rest();
    if (why.size() > most_sentence_bytes || !std::ranges::all_of(why, is_printable)) cursor_.fail();
    parcel.why = why;
  }
  void take(WantPiece& parcel) { take_which(parcel); }
  void take(Piece& parcel) {
    take_which(parcel);
    parcel.bytes = Bytes::part(body_, rest());
  }
  void take(GonePiece& parcel) { take_which(parcel); }

  std::shared_ptr<const std::string> body_;
  Cursor cursor_;
};

}  // namespace

GroupId group_of(const Parcel& parcel) {
  return std::visit([](const auto& some) { return some.group; }, parcel);
}

std::string frame_of(const Parcel& parcel) {
  std::string frame = begin_frame(static_cast<FrameKind>(first_kind + parcel.index()));
  std::visit([&](const auto& some) { put_body(frame, some); }, parcel);
  end_frame(frame);
  return frame;
}

std::string piece_frame(GroupId group, std::uint64_t identity, std::uint32_t number,
                        std::string_view bytes) {
  std::string frame = begin_frame(FrameKind::piece);
  put_which(frame, group, identity, number);
  frame += bytes;
  end_frame(frame);
  return frame;
}

Result<Parcel> parcel_in(const Frame& frame) {
  const auto kind = static_cast<std::size_t>(std::to_underlying(frame.kind)) - first_kind;
  constexpr std::size_t parcels = std::variant_size_v<Parcel>;
  std::optional<Parcel> parcel =
      ParcelReader(frame).parcel(kind, std::make_index_sequence<parcels>());
  if (!parcel)
    return std::unexpected(Error{Fault::corrupt, "a frame that has no place among snapshots"});
  return *std::move(parcel);
}

}  // namespace bowline::wire
