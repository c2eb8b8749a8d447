// SPDX-License-Identifier: Apache-2.0
#include "bowline/check/cell.h"

#include <utility>

namespace bowline::check {
namespace {

Answer write(Cell& cell, std::string value) {
  cell.there = true;
  cell.value = std::move(value);
  return {.version = ++cell.version};
}

std::uint64_t shown_version(const Cell& cell) { return cell.there ? cell.version : 0; }

}  // namespace

Answer apply(const Operation& operation, Cell& cell) {
  switch (operation.verb) {
    case Verb::get:
      if (!cell.there) return {.kind = Answer::Kind::absent};
      return {.version = cell.version, .value = cell.value};
    case Verb::put: return write(cell, operation.value);
    case Verb::put_at:
      if (shown_version(cell) == operation.version) return write(cell, operation.value);
      return {.kind = Answer::Kind::mismatch, .version = shown_version(cell)};
    case Verb::append: return write(cell, cell.value + operation.value);
    case Verb::remove:
      if (!cell.there) return {.kind = Answer::Kind::absent};
      cell.there = false;
      cell.value.clear();
      return {.version = cell.version};
  }
  return {};
}

bool is_read_here(const Operation& operation, const Cell& cell) {
  if (operation.verb == Verb::put_at) return shown_version(cell) != operation.version;
  return operation.verb == Verb::get || (operation.verb == Verb::remove && !cell.there);
}

std::uint64_t version_needed(const Operation& operation) {
  if (operation.fate != Fate::done || !operation.answer) return 0;
  const Answer& answer = *operation.answer;
  const bool wrote = operation.verb == Verb::put || operation.verb == Verb::append ||
                     operation.verb == Verb::put_at;
  if (answer.kind == Answer::Kind::done && wrote) return answer.version - 1;
  return answer.version;
}

}  // namespace bowline::check
