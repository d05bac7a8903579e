#include "adapters/net/origin_codec.h"

#include "base/bytes.h"

namespace telepost::adapters::net {

std::string origin_of(std::string_view url) {
  const bool is_tls = starts_with_ignoring_case(url, "https://");
  if (!is_tls && !starts_with_ignoring_case(url, "http://")) return {};
  const std::size_t host = is_tls ? 8 : 7;
  const std::size_t end = std::min(url.find_first_of("/?#", host), url.size());
  std::string origin = to_lower(url.substr(0, end));
  const std::string_view usual = is_tls ? ":443" : ":80";
  if (origin.ends_with(usual)) origin.resize(origin.size() - usual.size());
  return origin.size() > host ? origin : std::string();
}

PageOrigin page_origin(const HttpRequest& request, std::string_view own_url) {
  if (const auto origin = request.field("Origin")) {
    const std::string own = origin_of(own_url);
    return !own.empty() && origin_of(*origin) == own && origin->find_first_of("/?#", origin->find("//") + 2) == std::string::npos ? PageOrigin::own
                                                                                                                                  : PageOrigin::other;
  }
  const auto site = request.field("Sec-Fetch-Site");
  if (!site) return PageOrigin::untold;
  return *site == "same-origin" || *site == "none" ? PageOrigin::own : PageOrigin::other;
}

bool may_use_cookie(const HttpRequest& request, std::string_view own_url) {
  const bool must_name = request.method != "GET" || request.field("Upgrade").has_value();
  if (must_name && !request.field("Origin")) return false;
  return page_origin(request, own_url) == PageOrigin::own;
}

}  // namespace telepost::adapters::net
