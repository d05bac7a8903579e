// Settings as typed values. Each read takes the value or says what the key wants and gives an example.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "schema/configuration.h"
#include "schema/setting.h"

namespace telepost::schema {

// A setting under its key; the example stands in errors.
struct Keyed {
  const Setting& setting;
  std::string_view key;
  std::string_view example;

  // "telepost.toml:3:7: store.heads wants a whole number; for example heads = 100000"
  Error wants(const std::string& what) const;
  Keyed item(const Setting& one) const { return {one, key, example}; }
};

Result<void> read(const Keyed& from, bool& into);
Result<void> read(const Keyed& from, std::string& into);
Result<void> read(const Keyed& from, Duration& into);  // above zero
Result<void> read(const Keyed& from, std::vector<Duration>& into);  // at least one
Result<void> read(const Keyed& from, Endpoints& into);
Result<void> read(const Keyed& from, Networks& into);
Result<void> read(const Keyed& from, std::vector<std::string>& into);
Result<void> read(const Keyed& from, Reserve& into);
Result<void> read(const Keyed& from, log::Level& into);
Result<void> read(const Keyed& from, std::vector<std::uint32_t>& into);
Result<void> read_number(const Keyed& from, std::uint32_t& into, std::uint32_t least, std::uint32_t most);
Result<void> read_size(const Keyed& from, std::uint64_t& into, std::uint64_t least);

// The items of a list; a single value is a list of one.
std::vector<const Setting*> items_of(const Setting& setting);

}  // namespace telepost::schema
