// The arguments of a method, read one by one as what they must be. Each error names its argument (RFC 8620 section 3.6.2).
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/jmap/json_codec.h"
#include "base/clock.h"

namespace telepost::adapters::jmap {

// Also of other objects whose members are known: a filter's condition, a comparator. Every error is invalid. The object must outlive it.
class Arguments {
 public:
  explicit Arguments(const Json& object) : object_(object) {}  // precondition: an object

  const Json& object() const { return object_; }
  // Whether it is there, as anything but null.
  bool has(std::string_view name) const;

  Result<std::string> text(std::string_view name);
  Result<std::optional<std::string>> text_or_null(std::string_view name);
  Result<const std::string*> text_view_or_null(std::string_view name);  // in the object; null, or absent: nullptr
  Result<std::string> id(std::string_view name);
  Result<std::optional<std::string>> id_or_null(std::string_view name);
  // Without those that stood before; references to created objects ("#x") where they are wanted.
  enum class References : unsigned char { refused, taken };
  Result<std::optional<std::vector<std::string>>> ids_or_null(std::string_view name, References references = References::refused);
  Result<std::optional<std::vector<std::string>>> texts_or_null(std::string_view name);
  Result<bool> boolean_or(std::string_view name, bool fallback);
  Result<std::int64_t> integer_or(std::string_view name, std::int64_t fallback);          // RFC 8620 section 1.3: Int
  Result<std::optional<std::uint64_t>> unsigned_or_null(std::string_view name);           // UnsignedInt
  Result<std::optional<Time>> utc_date_or_null(std::string_view name);
  Result<const Json*> object_or_null(std::string_view name);                              // null, or absent: nullptr
  Result<const Json*> array_or_null(std::string_view name);

  // Nothing may be there that nobody asked for.
  Result<void> done() const;

 private:
  const Json* take(std::string_view name);       // nullptr: absent
  const Json* take_value(std::string_view name); // nullptr: absent or null

  const Json& object_;
  std::set<std::string, std::less<>> known_;
};

// An Int; none: it is no number, has a fraction or is no integer that a double holds.
std::optional<std::int64_t> integer_in(const Json& value);

}  // namespace telepost::adapters::jmap
