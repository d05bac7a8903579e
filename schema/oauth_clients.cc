#include "schema/oauth_clients.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace telepost::schema {
namespace {

constexpr std::size_t kMaxRedirectBytes = 512;

struct LoopbackRedirect {
  std::string_view host;  // "127.0.0.1" or "[::1]"
  std::string_view rest;  // behind the port
};

std::optional<LoopbackRedirect> loopback_from(std::string_view address) {
  for (const std::string_view host : {std::string_view("http://127.0.0.1"), std::string_view("http://[::1]")}) {
    if (!address.starts_with(host)) continue;
    std::string_view rest = address.substr(host.size());
    if (rest.starts_with(':')) {
      std::uint16_t port = 0;
      const auto [end, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), port);
      if (error != std::errc() || port == 0) return std::nullopt;
      rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    }
    if (rest.empty() || rest.front() == '/' || rest.front() == '?') return LoopbackRedirect{host, rest};
  }
  return std::nullopt;
}

bool is_scheme_of_a_program(std::string_view scheme) {
  const bool is_word = !scheme.empty() && scheme.front() >= 'a' && scheme.front() <= 'z' &&
                       scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+-.") == std::string_view::npos;
  return is_word && scheme.find('.') != std::string_view::npos;
}

}  // namespace

bool is_redirect(std::string_view address) {
  // What no address needs as it stands, or what ends one where it is written into a page's policy.
  const auto is_foreign = [](char c) { return c <= ' ' || c >= 0x7f || std::string_view("\"'<>\\^`{|}#;,").find(c) != std::string_view::npos; };
  if (address.size() > kMaxRedirectBytes || std::any_of(address.begin(), address.end(), is_foreign)) return false;
  if (loopback_from(address)) return true;
  const std::size_t colon = address.find(':');
  if (colon == std::string_view::npos) return false;
  if (address.substr(0, colon) != "https") return is_scheme_of_a_program(address.substr(0, colon));
  if (!address.starts_with("https://")) return false;
  const std::string_view authority = address.substr(8, address.find_first_of("/?", 8) - 8);
  return !authority.empty() && authority.find('@') == std::string_view::npos;
}

bool allows_redirect(const OauthClient& client, std::string_view address) {
  const auto asked = is_redirect(address) ? loopback_from(address) : std::nullopt;
  return std::any_of(client.redirects.begin(), client.redirects.end(), [&](const std::string& one) {
    if (one == address) return true;
    const auto registered = loopback_from(one);
    return asked && registered && asked->host == registered->host && asked->rest == registered->rest;
  });
}

const OauthClient* find_client(const OauthClients& clients, std::string_view id) {
  const auto found = std::find_if(clients.begin(), clients.end(), [&](const OauthClient& client) { return client.id == id; });
  return found == clients.end() ? nullptr : &*found;
}

}  // namespace telepost::schema
