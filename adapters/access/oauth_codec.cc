#include "adapters/access/oauth_codec.h"

#include <algorithm>

#include "adapters/net/http_target_codec.h"
#include "base/hmac.h"
#include "base/radix64url.h"
#include "base/sha256.h"

namespace telepost::adapters::access {
namespace {

constexpr std::size_t kMaxValueBytes = 2048;
constexpr std::size_t kMaxStateBytes = 1024;
constexpr std::size_t kChallengeLetters = 43;  // of 32 bytes
constexpr std::string_view kUnreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

// RFC 6749 section 3.1: none twice, those that nobody knows included.
bool has_one_twice(const Parameters& parameters) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (parameters[i].first == parameters[j].first) return true;
    }
  }
  return false;
}

bool has_long_value(const Parameters& parameters) {
  return std::any_of(parameters.begin(), parameters.end(), [](const auto& one) { return one.second.size() > kMaxValueBytes; });
}

// The scopes that are known among the words, and the client's.
schema::Scopes scopes_among(std::string_view words, schema::Scopes most) {
  schema::Scopes all;
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    if (const auto scopes = schema::scopes_of_oauth(word)) all.add(both(*scopes, most));
  }
  return all;
}

bool is_challenge(std::string_view text) { return text.size() == kChallengeLetters && from_base64url(text).ok(); }

std::optional<OauthError> fault_of(const Parameters& parameters) {
  if (has_one_twice(parameters)) return OauthError{"invalid_request", "a parameter stands twice"};
  if (has_long_value(parameters)) return OauthError{"invalid_request", "a value is too long"};
  return std::nullopt;
}

// Whom an answer may go to is known.
std::optional<OauthError> fault_of_known(const Parameters& parameters) {
  if (parameter(parameters, "state").size() > kMaxStateBytes) return OauthError{"invalid_request", "state has more than 1024 bytes"};
  if (!parameter(parameters, "request").empty()) return OauthError{"request_not_supported"};  // RFC 9101, which is not spoken here
  if (!parameter(parameters, "request_uri").empty()) return OauthError{"request_uri_not_supported"};
  const std::string_view type = parameter(parameters, "response_type");
  if (type.empty()) return OauthError{"invalid_request", "response_type is missing"};
  if (type != "code") return OauthError{"unsupported_response_type", "response_type must be code"};
  const std::string_view mode = parameter(parameters, "response_mode");
  if (!mode.empty() && mode != "query") return OauthError{"invalid_request", "response_mode must be query"};
  if (parameter(parameters, "code_challenge_method") != "S256") return OauthError{"invalid_request", "code_challenge_method must be S256 (RFC 7636)"};
  if (!is_challenge(parameter(parameters, "code_challenge"))) return OauthError{"invalid_request", "code_challenge must be 43 letters of base64url"};
  return std::nullopt;
}

// RFC 6749 section 5.2.
std::optional<OauthError> fault_of_client(const Parameters& parameters, const schema::OauthClients& clients) {
  if (auto fault = fault_of(parameters)) return fault;
  const std::string_view id = parameter(parameters, "client_id");
  if (id.empty()) return OauthError{"invalid_request", "client_id is missing"};
  if (schema::find_client(clients, id) == nullptr) return OauthError{"invalid_client", "this client is not registered here"};
  if (!parameter(parameters, "client_secret").empty()) return OauthError{"invalid_client", "the clients here have no secret"};
  return std::nullopt;
}

std::string text(const Parameters& parameters, std::string_view name) { return std::string(parameter(parameters, name)); }

}  // namespace

Result<Parameters> form_from(std::string_view body) {
  TELEPOST_ASSIGN(net::HttpTarget target, net::parse_target("/?" + std::string(body)));
  return std::move(target.query);
}

std::string_view parameter(const Parameters& parameters, std::string_view name) {
  const auto found = std::find_if(parameters.begin(), parameters.end(), [&](const auto& one) { return one.first == name; });
  return found == parameters.end() ? std::string_view() : std::string_view(found->second);
}

std::variant<AuthorizationRequest, AuthorizationRefusal> read_authorization(const Parameters& parameters, const schema::OauthClients& clients) {
  if (auto fault = fault_of(parameters)) return AuthorizationRefusal{*std::move(fault), {}, {}};
  AuthorizationRequest request{
      text(parameters, "client_id"), text(parameters, "redirect_uri"), text(parameters, "state"), text(parameters, "code_challenge"), {}};
  const schema::OauthClient* const client = schema::find_client(clients, request.client);
  if (client == nullptr) return AuthorizationRefusal{{"invalid_request", "this client is not registered here"}, {}, {}};
  if (!schema::allows_redirect(*client, request.redirect)) {
    return AuthorizationRefusal{{"invalid_request", "the client has not registered this redirect_uri"}, {}, {}};
  }
  if (auto fault = fault_of_known(parameters)) {
    const bool is_too_long = request.state.size() > kMaxStateBytes;
    return AuthorizationRefusal{*std::move(fault), std::move(request.redirect), is_too_long ? std::string() : std::move(request.state)};
  }
  const std::string_view scope = parameter(parameters, "scope");
  request.scopes = scope.empty() ? client->scopes : scopes_among(scope, client->scopes);
  if (request.scopes.empty()) {
    return AuthorizationRefusal{
        {"invalid_scope", "none of these scopes is there for this client"}, std::move(request.redirect), std::move(request.state)};
  }
  return request;
}

std::string scope_text(schema::Scopes scopes) {
  std::string text;
  for (const std::string_view name : schema::oauth_names_of(scopes)) text.append(text.empty() ? "" : " ").append(name);
  return text;
}

std::string to_query(const AuthorizationRequest& request) {
  const std::string scopes = scope_text(request.scopes);
  std::string query = "response_type=code&code_challenge_method=S256";
  for (const auto& [name, value] : {std::pair<std::string_view, std::string_view>{"client_id", request.client},
                                    {"redirect_uri", request.redirect},
                                    {"code_challenge", request.challenge},
                                    {"scope", scopes},
                                    {"state", request.state}}) {
    if (!value.empty()) query.append("&").append(name).append("=").append(net::to_segment(value));
  }
  return query;
}

std::variant<CodeGrant, RefreshGrant, OauthError> read_token_request(const Parameters& parameters, const schema::OauthClients& clients) {
  if (auto fault = fault_of_client(parameters, clients)) return *std::move(fault);
  const std::string_view type = parameter(parameters, "grant_type");
  if (type == "authorization_code") {
    CodeGrant grant{text(parameters, "client_id"), text(parameters, "code"), text(parameters, "redirect_uri"), text(parameters, "code_verifier")};
    for (const auto& [name, value] :
         {std::pair<std::string_view, const std::string&>{"code", grant.code}, {"redirect_uri", grant.redirect}, {"code_verifier", grant.verifier}}) {
      if (value.empty()) return OauthError{"invalid_request", std::string(name) + " is missing"};
    }
    return grant;
  }
  if (type != "refresh_token") {
    return type.empty() ? OauthError{"invalid_request", "grant_type is missing"}
                        : OauthError{"unsupported_grant_type", "grant_type must be authorization_code or refresh_token"};
  }
  RefreshGrant grant{text(parameters, "client_id"), text(parameters, "refresh_token"), {}};
  if (grant.token.empty()) return OauthError{"invalid_request", "refresh_token is missing"};
  if (const std::string_view scope = parameter(parameters, "scope"); !scope.empty()) {
    grant.scopes = scopes_among(scope, schema::find_client(clients, grant.client)->scopes);
    if (grant.scopes->empty()) return OauthError{"invalid_scope", "none of these scopes is there for this client"};
  }
  return grant;
}

std::variant<Revocation, OauthError> read_revocation(const Parameters& parameters, const schema::OauthClients& clients) {
  if (auto fault = fault_of_client(parameters, clients)) return *std::move(fault);
  Revocation revocation{text(parameters, "client_id"), text(parameters, "token")};
  if (revocation.token.empty()) return OauthError{"invalid_request", "token is missing"};
  return revocation;
}

std::string challenge_of(std::string_view verifier) { return to_base64url(sha256(verifier).view()); }

bool proves(std::string_view verifier, std::string_view challenge) {
  const bool is_verifier = verifier.size() >= 43 && verifier.size() <= 128 && verifier.find_first_not_of(kUnreserved) == std::string_view::npos;
  return is_verifier && equal_in_constant_time(challenge_of(verifier), challenge);
}

}  // namespace telepost::adapters::access
