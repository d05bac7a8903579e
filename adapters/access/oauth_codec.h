// What an OAuth client asks (RFC 6749), read and judged without a store: the authorization request, the token request, PKCE (RFC 7636).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "schema/oauth_clients.h"

namespace telepost::adapters::access {

// Of a query or a form, decoded.
using Parameters = std::vector<std::pair<std::string, std::string>>;

// application/x-www-form-urlencoded. invalid, as net::parse_target() says it.
Result<Parameters> form_from(std::string_view body);
// "" where it is not there. One without a value is none (RFC 6749 section 3.1).
std::string_view parameter(const Parameters& parameters, std::string_view name);

// An error in OAuth's words: sections 4.1.2.1 and 5.2.
struct OauthError {
  std::string_view code;      // "invalid_request" …
  std::string description{};  // in ASCII without quotes, for who writes clients
  bool operator==(const OauthError&) const = default;
};

struct AuthorizationRequest {
  std::string client;
  std::string redirect;  // which the client registered
  std::string state;     // given back as it is
  std::string challenge;
  schema::Scopes scopes;  // at most the client's
};
struct AuthorizationRefusal {
  OauthError error;
  std::string redirect;  // "": nobody may be told but the person: who asks is unknown, or where the answer goes
  std::string state;
};
// Section 4.1.1, with PKCE by S256 always (RFC 9700 section 2.1.1). Scopes that nobody knows, or that are not the client's, are left out
// (section 3.3); without any it is what the client may have.
std::variant<AuthorizationRequest, AuthorizationRefusal> read_authorization(const Parameters& parameters, const schema::OauthClients& clients);
std::string scope_text(schema::Scopes scopes);  // as OAuth names them, with a space between
// The same request as a query, for our own pages.
std::string to_query(const AuthorizationRequest& request);

// What the token endpoint is asked (sections 4.1.3 and 6).
struct CodeGrant {
  std::string client, code, redirect, verifier;
};
struct RefreshGrant {
  std::string client, token;
  std::optional<schema::Scopes> scopes;  // fewer of them; none: as before
};
std::variant<CodeGrant, RefreshGrant, OauthError> read_token_request(const Parameters& parameters, const schema::OauthClients& clients);

struct Revocation {
  std::string client, token;
};
std::variant<Revocation, OauthError> read_revocation(const Parameters& parameters, const schema::OauthClients& clients);  // RFC 7009 section 2.1

// RFC 7636 section 4.2: S256.
std::string challenge_of(std::string_view verifier);
// Section 4.6. False also for what is no verifier.
bool proves(std::string_view verifier, std::string_view challenge);

}  // namespace telepost::adapters::access
