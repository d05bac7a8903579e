#include "schema/scopes.h"

namespace telepost::schema {

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::mail: return "mail";
    case Scope::send: return "send";
    case Scope::contacts: return "contacts";
    case Scope::settings: return "settings";
  }
  return "unknown";
}

std::optional<Scope> scope_from(std::string_view name) {
  for (const Scope scope : kScopes) {
    if (name_of(scope) == name) return scope;
  }
  return {};
}

std::optional<Scopes> Scopes::from_bits(std::uint8_t bits) {
  if ((bits & ~all().bits_) != 0) return {};
  Scopes scopes;
  scopes.bits_ = bits;
  return scopes;
}

std::vector<std::string_view> names_of(Scopes scopes) {
  std::vector<std::string_view> names;
  for (const Scope scope : kScopes) {
    if (scopes.contains(scope)) names.push_back(name_of(scope));
  }
  return names;
}

std::optional<Scopes> scopes_of_oauth(std::string_view name) {
  for (const OAuthScope& each : kOAuthScopes) {
    if (each.name == name) return each.scopes;
  }
  return {};
}

std::vector<std::string_view> oauth_names_of(Scopes scopes) {
  std::vector<std::string_view> names;
  for (const OAuthScope& each : kOAuthScopes) {
    if (scopes.contains(each.scopes)) names.push_back(each.name);
  }
  return names;
}

}  // namespace telepost::schema
