#include "adapters/jmap/date_codec.h"

namespace telepost::adapters::jmap {

std::string to_utc_date(Time time) {
  std::string text = to_rfc3339(time);
  if (text.ends_with(".000Z")) text.replace(text.size() - 5, 5, "Z");
  return text;
}

Result<Time> date_from(std::string_view text) {
  if (text.find_first_of("tz ") != std::string_view::npos) return {Errc::invalid, "a Date has a capital T and Z"};
  return from_rfc3339(text);
}

Result<Time> utc_date_from(std::string_view text) {
  if (!text.ends_with('Z')) return {Errc::invalid, "a UTCDate ends in Z"};
  return date_from(text);
}

}  // namespace telepost::adapters::jmap
