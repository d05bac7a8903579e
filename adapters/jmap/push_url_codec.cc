#include "adapters/jmap/push_url_codec.h"

#include <algorithm>
#include <charconv>

#include "base/bytes.h"
#include "schema/network.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::string_view kHttps = "https://";

bool is_label(std::string_view label) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  return !label.empty() && label.size() <= 63 && label.find_first_not_of(kLetters) == std::string_view::npos;
}

// A name whose last label begins with a digit is none: no such top-level domain is, and programs take it for an address.
bool is_host(std::string_view host) {
  if (host.size() > 253) return false;
  std::string_view label;
  for (std::size_t begin = 0; begin <= host.size();) {
    const std::size_t end = std::min(host.find('.', begin), host.size());
    label = host.substr(begin, end - begin);
    if (!is_label(label)) return false;
    begin = end + 1;
  }
  return label[0] < '0' || label[0] > '9' || schema::network_from(host).ok();
}

Result<std::uint16_t> port_in(std::string_view digits) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0) return {Errc::invalid, "no port"};
  return port;
}

}  // namespace

std::string PushUrl::origin() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return std::string(kHttps) + (is_v6 ? "[" + host + "]" : host) + (port == 443 ? "" : ":" + std::to_string(port));
}

Result<PushUrl> push_url_from(std::string_view text) {
  const Error wrong{Errc::invalid, "wants an address that begins with https://"};
  const bool is_visible = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f' && c != '"' && c != '<' && c != '>' && c != '\\'; });
  if (text.size() > kMostPushUrl || !text.starts_with(kHttps) || !is_visible || text.find('#') != std::string_view::npos) return wrong;
  text.remove_prefix(kHttps.size());
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, end);
  PushUrl url;
  url.target = text.substr(end);
  if (!url.target.starts_with('/')) url.target.insert(0, 1, '/');
  const bool is_v6 = authority.starts_with('[');
  const std::size_t after_host = is_v6 ? authority.find(']') + 1 : std::min(authority.find(':'), authority.size());
  if (is_v6 && after_host == 0) return wrong;
  url.host = to_lower(is_v6 ? authority.substr(1, after_host - 2) : authority.substr(0, after_host));
  const bool is_known = is_v6 ? url.host.find(':') != std::string::npos && url.host.find('/') == std::string::npos && schema::network_from(url.host).ok() : is_host(url.host);
  if (!is_known) return wrong;
  authority.remove_prefix(after_host);
  if (authority.empty()) return url;
  if (authority[0] != ':') return wrong;
  TELEPOST_ASSIGN(url.port, port_in(authority.substr(1)));
  return url;
}

}  // namespace telepost::adapters::jmap
