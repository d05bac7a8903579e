// What the targets of records share.
#pragma once

#include <cstdlib>
#include <string_view>

namespace telepost::fuzz {

// What decodes must encode to bytes that decode to the same record.
template <typename Decode>
void round_trip(Decode decode, std::string_view bytes) {
  const auto record = decode(bytes);
  if (!record.ok()) return;
  const auto again = decode(encode(*record));  // found beside the record's type
  if (!again.ok() || !(*again == *record)) std::abort();
}

}  // namespace telepost::fuzz
