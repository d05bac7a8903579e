// What OAuth clients are answered: JSON, and redirects that a browser carries.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "adapters/access/oauth_codec.h"

namespace telepost::adapters::access {

// RFC 8414 section 2. `issuer` is the server's address; all others lie below it.
std::string metadata(std::string_view issuer);

struct TokenAnswer {
  std::string access, refresh;
  std::chrono::seconds lifetime;  // of the access token
  schema::Scopes scopes;
};
std::string to_json(const TokenAnswer& answer);  // RFC 6749 section 5.1
std::string to_json(const OauthError& error);    // section 5.2

// Where the browser goes with the answer, which says who gave it (RFC 9207).
std::string redirect_with_code(const AuthorizationRequest& request, std::string_view code, std::string_view issuer);
std::string redirect_with_error(std::string_view redirect, std::string_view state, const OauthError& error, std::string_view issuer);

// What a page's policy lets a form lead to behind such a redirect (CSP form-action): "https://mail.example.test", "org.example.mail:".
std::string form_target(std::string_view redirect);

}  // namespace telepost::adapters::access
