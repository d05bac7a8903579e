#include "adapters/net/http_condition_codec.h"

#include <chrono>

#include "adapters/net/http_date_codec.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

struct EntityTag {
  std::string_view opaque;  // with its quotes
  bool is_weak = false;
};

// Section 8.8.3. Takes one from the front; nothing when there is none. A comma may stand inside.
std::optional<EntityTag> take_tag(std::string_view& text) {
  EntityTag tag{};
  std::string_view rest = text;
  if (rest.starts_with("W/")) {
    tag.is_weak = true;
    rest.remove_prefix(2);
  }
  if (!rest.starts_with('"')) return {};
  const std::size_t end = rest.find('"', 1);
  if (end == std::string_view::npos) return {};
  tag.opaque = rest.substr(0, end + 1);
  for (const char c : tag.opaque) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return {};
  }
  text = rest.substr(end + 1);
  return tag;
}

std::optional<EntityTag> only_tag(std::string_view text) {
  const std::optional<EntityTag> tag = take_tag(text);
  if (!text.empty()) return {};
  return tag;
}

// Section 8.8.3.2.
enum class Comparison : unsigned char { strong, weak };
bool are_equal(const EntityTag& a, const EntityTag& b, Comparison comparison) {
  return a.opaque == b.opaque && (comparison == Comparison::weak || (!a.is_weak && !b.is_weak));
}

bool names(std::string_view list, const HttpValidators* current, Comparison comparison) {
  if (trim(list) == "*") return current != nullptr;
  const std::optional<EntityTag> own = current == nullptr ? std::nullopt : only_tag(current->etag);
  if (!own) return false;
  for (std::string_view rest = trim(list); !rest.empty();) {
    const std::optional<EntityTag> tag = take_tag(rest);
    if (!tag) return false;  // what follows a broken tag cannot be told from its inside
    if (are_equal(*tag, *own, comparison)) return true;
    rest = trim(rest);
    if (!rest.empty() && rest.front() != ',') return false;
    while (rest.starts_with(',')) rest = trim(rest.substr(1));
  }
  return false;
}

auto seconds_of(Time time) { return std::chrono::floor<std::chrono::seconds>(time); }

std::optional<Time> date_of(const HttpRequest& request, std::string_view name, Time now) {
  const std::optional<std::string> value = request.field(name);
  if (!value) return {};
  return from_http_date(*value, now);
}

}  // namespace

HttpVerdict judge_conditions(const HttpRequest& request, const HttpValidators* current, Time now) {
  const bool is_read = request.method == "GET";
  const std::optional<Time> modified = current == nullptr ? std::nullopt : current->last_modified;
  if (const auto if_match = request.field("If-Match")) {
    if (!names(*if_match, current, Comparison::strong)) return HttpVerdict::failed;
  } else if (const auto since = date_of(request, "If-Unmodified-Since", now); since && modified) {
    if (seconds_of(*modified) > *since) return HttpVerdict::failed;
  }
  if (const auto if_none_match = request.field("If-None-Match")) {
    if (!names(*if_none_match, current, Comparison::weak)) return HttpVerdict::go_on;
    return is_read ? HttpVerdict::unchanged : HttpVerdict::failed;
  }
  if (const auto since = date_of(request, "If-Modified-Since", now); since && modified && is_read) {
    if (seconds_of(*modified) <= *since) return HttpVerdict::unchanged;
  }
  return HttpVerdict::go_on;
}

bool is_range_wanted(const HttpRequest& request, const HttpValidators& current, Time now) {
  const std::optional<std::string> condition = request.field("If-Range");
  if (!condition) return true;
  if (const std::optional<EntityTag> tag = only_tag(*condition)) {
    const std::optional<EntityTag> own = only_tag(current.etag);
    return own && are_equal(*tag, *own, Comparison::strong);
  }
  // Section 8.8.2.2: a date is strong when what it dates cannot have changed twice in its second.
  const std::optional<Time> date = from_http_date(*condition, now);
  if (!date || !current.last_modified || seconds_of(*current.last_modified) != *date) return false;
  return now - *date >= std::chrono::seconds(1);
}

}  // namespace telepost::adapters::net
