// How far the store has come with a change of its classes of service (store/redating.h).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "schema/ids.h"

namespace telepost::schema {

struct RedatingRecord {
  std::uint64_t classes = 0;  // dates_digest() of those that it is about; 0: they date nothing
  AccountId after{};          // the last account that was looked at
  bool done = false;
  bool operator==(const RedatingRecord&) const = default;
};
std::string encode(const RedatingRecord& record);
Result<RedatingRecord> decode_RedatingRecord(std::string_view bytes);

namespace keys {
inline constexpr std::string_view kRedating = "R";  // in the partition meta
}  // namespace keys

}  // namespace telepost::schema
