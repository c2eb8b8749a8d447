// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace bowline {

// Immutable, shared bytes: one allocation travels from the socket to the log to the state machine.
class Bytes {
 public:
  Bytes() = default;
  static Bytes copy(std::string_view text) { return own(std::string(text)); }
  static Bytes own(std::string text) {
    Bytes bytes;
    if (text.empty()) return bytes;
    bytes.owner_ = std::make_shared<const std::string>(std::move(text));
    bytes.view_ = *bytes.owner_;
    return bytes;
  }

  // Lies in `whole`, which stays as long as any part of it is needed.
  static Bytes part(const std::shared_ptr<const std::string>& whole, std::string_view part) {
    Bytes bytes;
    if (part.empty()) return bytes;
    bytes.owner_ = whole;
    bytes.view_ = part;
    return bytes;
  }

  // Some of these, and they share their memory. `part` is a piece of view().
  Bytes slice(std::string_view part) const {
    Bytes bytes;
    if (part.empty()) return bytes;
    bytes.owner_ = owner_;
    bytes.view_ = part;
    return bytes;
  }

  std::string_view view() const { return view_; }
  std::size_t size() const { return view_.size(); }
  friend bool operator==(const Bytes& a, const Bytes& b) { return a.view_ == b.view_; }

 private:
  std::shared_ptr<const std::string> owner_;
  std::string_view view_;
};

}  // namespace bowline
