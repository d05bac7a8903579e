#include "adapters/access/oauth_reply_codec.h"

#include "adapters/access/json_codec.h"
#include "adapters/net/http_target_codec.h"
#include "adapters/net/origin_codec.h"

namespace telepost::adapters::access {
namespace {

// RFC 6749 section 3.1.2: a query of the redirect's own stays.
std::string with_answer(std::string_view redirect, std::initializer_list<std::pair<std::string_view, std::string_view>> parameters) {
  std::string address(redirect);
  char separator = redirect.find('?') == std::string_view::npos ? '?' : '&';
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    address += separator;
    address.append(name).append("=").append(net::to_segment(value));
    separator = '&';
  }
  return address;
}

}  // namespace

std::string metadata(std::string_view issuer) {
  const std::string base(issuer);
  Json scopes = Json::array();
  for (const schema::OAuthScope& scope : schema::kOAuthScopes) scopes.push_back(scope.name);
  return to_text({{"issuer", base},
                  {"authorization_endpoint", base + "/oauth/authorize"},
                  {"token_endpoint", base + "/oauth/token"},
                  {"revocation_endpoint", base + "/oauth/revoke"},
                  {"scopes_supported", std::move(scopes)},
                  {"response_types_supported", {"code"}},
                  {"response_modes_supported", {"query"}},
                  {"grant_types_supported", {"authorization_code", "refresh_token"}},
                  {"token_endpoint_auth_methods_supported", {"none"}},
                  {"revocation_endpoint_auth_methods_supported", {"none"}},
                  {"code_challenge_methods_supported", {"S256"}},
                  {"authorization_response_iss_parameter_supported", true}});
}

std::string to_json(const TokenAnswer& answer) {
  return to_text({{"access_token", answer.access},
                  {"token_type", "Bearer"},
                  {"expires_in", answer.lifetime.count()},
                  {"refresh_token", answer.refresh},
                  {"scope", scope_text(answer.scopes)}});
}

std::string to_json(const OauthError& error) {
  Json json = {{"error", error.code}};
  if (!error.description.empty()) json["error_description"] = error.description;
  return to_text(json);
}

std::string redirect_with_code(const AuthorizationRequest& request, std::string_view code, std::string_view issuer) {
  return with_answer(request.redirect, {{"code", code}, {"state", request.state}, {"iss", issuer}});
}

std::string redirect_with_error(std::string_view redirect, std::string_view state, const OauthError& error, std::string_view issuer) {
  return with_answer(redirect, {{"error", error.code}, {"error_description", error.description}, {"state", state}, {"iss", issuer}});
}

std::string form_target(std::string_view redirect) {
  const std::string origin = net::origin_of(redirect);
  // An address of IPv6 is no host of CSP's grammar.
  if (!origin.empty() && origin.find('[') == std::string::npos) return origin;
  return std::string(redirect.substr(0, redirect.find(':') + 1));
}

}  // namespace telepost::adapters::access
