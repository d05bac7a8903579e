// A record that may not be there, read and decoded. Inside the store.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "store/engine/engine.h"

namespace telepost::store {

// Decode: schema::decode_…; Reader: a PartitionReader, or an AccountWrite in a mode with reads. Errors: those of reading, corrupt.
template <auto Decode, class Reader>
auto stored(const Reader& reader, Space space, const std::string& key)
    -> Result<std::optional<typename decltype(Decode(std::string_view()))::value_type>> {
  using Record = typename decltype(Decode(std::string_view()))::value_type;
  TELEPOST_ASSIGN(const auto bytes, reader.get(space, key));
  if (!bytes) return std::optional<Record>();
  TELEPOST_ASSIGN(Record record, Decode(*bytes));
  return std::optional<Record>(std::move(record));
}

}  // namespace telepost::store
