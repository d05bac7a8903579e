// The object types of JSContact (RFC 9553) as data: which properties each has, and what their values are.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace telepost::adapters::jmap {

enum class CardForm : std::uint8_t {
  text,       // String
  filled,     // String that is not empty
  flag,       // Boolean
  count,      // UnsignedInt
  from_one,   // UnsignedInt above 0
  pref,       // 1 to 100
  utc,        // UTCDateTime
  uri,        // String that begins with a scheme (RFC 3986)
  language,   // Language-Tag (RFC 5646), as far as its letters go
  country,    // two letters
  set,        // String[Boolean], all true
  texts,      // String[String]
  object,     // of `type`
  list,       // `type`[]
  by_id,      // Id[`type`]
  by_text,    // String[`type`]
  date,       // PartialDate|Timestamp
  patches,    // String[PatchObject]
};

struct CardType;
struct CardProperty {
  std::string_view name;
  CardForm form = CardForm::text;
  const CardType* type = nullptr;  // of object, list, by_id, by_text
  bool is_required = false;
};
struct CardType {
  std::string_view name;                      // its @type
  std::span<const CardProperty> properties;   // what else is there is kept as it is (section 1.7.1)
  std::span<const std::string_view> one_of = {};  // at least one of these is there
};

const CardType& card_type();
const CardType& partial_date_type();
const CardType& timestamp_type();

}  // namespace telepost::adapters::jmap
