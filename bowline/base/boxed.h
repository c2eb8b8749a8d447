// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <utility>
#include <variant>

namespace bowline {

// What std::optional is, but the value lives on the heap: one word where there is none. For what is
// large and seldom there. A copy has a value of its own.
template <class T>
class Boxed {
 public:
  Boxed() = default;
  explicit Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Boxed(const Boxed& other) : value_(other ? std::make_unique<T>(*other) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(Boxed other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  ~Boxed() = default;

  explicit operator bool() const { return value_ != nullptr; }
  bool has_value() const { return value_ != nullptr; }
  T* get() { return value_.get(); }  // nullptr: none
  const T* get() const { return value_.get(); }
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return value_.get(); }
  const T* operator->() const { return value_.get(); }
  void reset() { value_.reset(); }

 private:
  std::unique_ptr<T> value_;
};

// Of a variant of boxes: the value in it if it is a T, else nullptr.
template <class T, class Boxes>
auto* boxed_if(Boxes& boxes) {
  auto* const box = std::get_if<Boxed<T>>(&boxes);
  return box == nullptr ? nullptr : box->get();
}

}  // namespace bowline
