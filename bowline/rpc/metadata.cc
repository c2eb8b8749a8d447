// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/metadata.h"

namespace bowline::rpc {

void Metadata::add(std::string_view name, std::string_view value) {
  Field field;
  field.name = static_cast<std::uint32_t>(letters_.size());
  letters_ += name;
  field.value = static_cast<std::uint32_t>(letters_.size());
  letters_ += value;
  field.end = static_cast<std::uint32_t>(letters_.size());
  fields_.push_back(field);
}

std::string_view Metadata::name(std::size_t i) const {
  const Field& field = fields_[i];
  return std::string_view(letters_).substr(field.name, field.value - field.name);
}

std::string_view Metadata::value(std::size_t i) const {
  const Field& field = fields_[i];
  return std::string_view(letters_).substr(field.value, field.end - field.value);
}

std::string_view Metadata::operator[](std::string_view wanted) const {
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (name(i) == wanted) return value(i);
  return {};
}

bool Metadata::has(std::string_view wanted) const {
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (name(i) == wanted) return true;
  return false;
}

std::vector<std::string_view> Metadata::all(std::string_view wanted) const {
  std::vector<std::string_view> values;
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (name(i) == wanted) values.push_back(value(i));
  return values;
}

void Metadata::clear() {
  letters_.clear();
  fields_.clear();
}

}  // namespace bowline::rpc
