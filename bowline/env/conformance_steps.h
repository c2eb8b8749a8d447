// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/env/conformance.h"
#include "bowline/env/env.h"

namespace bowline::env {

// What the checks of a disk are made of: each call waits for its end. The first thing that goes
// wrong is kept, and what comes after it is not even tried.
class Steps {
 public:
  explicit Steps(Ground& ground) : ground_(ground) {}

  const std::string& wrong() const { return wrong_; }
  // Notes what is wrong if it does not hold.
  bool expect(bool holds, const std::string& wrong);

  std::unique_ptr<File> create(const std::string& name, std::size_t blocks);
  std::unique_ptr<File> open(const std::string& name);
  void remove(const std::string& name);
  void rename(const std::string& from, const std::string& to);
  void sync_names();
  std::vector<Listed> list();
  // A block full of the letter.
  void write(File&, std::size_t block, char letter, Sync = Sync::yes);
  void sync(File&);
  std::string read(File&, std::size_t block, std::size_t blocks);

  // What must fail, and how.
  void refuse(const char* what, Fault, const std::function<void(Done<Result<void>>)>& call);
  void refuse_file(const char* what, Fault,
                   const std::function<void(Done<Result<std::unique_ptr<File>>>)>& call);

  // What `call` hands to the Done that it is given; nothing if it failed or never came.
  template <class T>
  std::optional<T> value(const std::string& what,
                         const std::function<void(Done<Result<T>>)>& call) {
    std::optional<Result<T>> result = wait<T>(what, call);
    if (!result) return std::nullopt;
    if (!expect(result->has_value(), what + " failed: " + told(*result))) return std::nullopt;
    return std::optional<T>(std::move(**result));
  }
  void succeed(const std::string& what, const std::function<void(Done<Result<void>>)>& call);

 private:
  template <class T>
  static std::string told(const Result<T>& result) {
    return result ? "" : result.error().what;
  }

  template <class T>
  std::optional<Result<T>> wait(const std::string& what,
                                const std::function<void(Done<Result<T>>)>& call) {
    std::optional<Result<T>> result;
    if (!wrong_.empty()) return result;
    const auto shared = std::make_shared<std::optional<Result<T>>>();
    call([shared](Result<T> came) { shared->emplace(std::move(came)); });
    if (!expect(!*shared, what + " called back within the call")) return result;
    expect(ground_.run_until([&] { return shared->has_value(); }), what + " never called back");
    return std::move(*shared);
  }

  Ground& ground_;
  std::string wrong_;
};

}  // namespace bowline::env
