// What a credential opens: each of app passwords, tokens and sessions has a set of scopes, and what asks for another one is not there
// for it.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <vector>

namespace telepost::schema {

enum class Scope : std::uint8_t {
  mail = 1,  // reading and changing messages and mailboxes
  send,      // handing in what goes to others, by submission and by EmailSubmission
  contacts,  // address books and cards
  settings,  // passwords, second factor, sessions, and how the account is set: the portal's alone
};
inline constexpr std::array kScopes = {Scope::mail, Scope::send, Scope::contacts, Scope::settings};

std::string_view name_of(Scope scope);  // "mail", as commands and logs call it
std::optional<Scope> scope_from(std::string_view name);

class Scopes {
 public:
  constexpr Scopes() = default;
  constexpr Scopes(std::initializer_list<Scope> scopes) {
    for (const Scope scope : scopes) add(scope);
  }
  static constexpr Scopes all() { return {Scope::mail, Scope::send, Scope::contacts, Scope::settings}; }
  // What an app password opens where nobody said less, and the most that it can.
  static constexpr Scopes of_app_password() { return {Scope::mail, Scope::send, Scope::contacts}; }

  constexpr bool contains(Scope scope) const { return (bits_ & bit(scope)) != 0; }
  constexpr bool contains(Scopes others) const { return (bits_ & others.bits_) == others.bits_; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr void add(Scope scope) { bits_ = static_cast<std::uint8_t>(bits_ | bit(scope)); }
  constexpr void add(Scopes others) { bits_ = static_cast<std::uint8_t>(bits_ | others.bits_); }
  constexpr bool operator==(const Scopes&) const = default;

  // As records keep them: a bit for each scope. None: a bit that no scope has.
  constexpr std::uint8_t bits() const { return bits_; }
  static std::optional<Scopes> from_bits(std::uint8_t bits);

 private:
  static constexpr std::uint8_t bit(Scope scope) { return static_cast<std::uint8_t>(1u << (static_cast<unsigned>(scope) - 1)); }
  std::uint8_t bits_ = 0;
};

// What is in each of the two.
constexpr Scopes both(Scopes a, Scopes b) {
  Scopes shared;
  for (const Scope scope : kScopes) {
    if (a.contains(scope) && b.contains(scope)) shared.add(scope);
  }
  return shared;
}

std::vector<std::string_view> names_of(Scopes scopes);  // in the order of kScopes

// What OAuth calls them. One of its scopes may open several of ours: "urn:ietf:params:oauth:scope:mail" reads and sends.
struct OAuthScope {
  std::string_view name;
  Scopes scopes;
};
inline constexpr std::array kOAuthScopes = {
    OAuthScope{"urn:ietf:params:oauth:scope:mail", {Scope::mail, Scope::send}},
    OAuthScope{"urn:ietf:params:oauth:scope:contacts", {Scope::contacts}},
    OAuthScope{"urn:telepost:scope:settings", {Scope::settings}},
};
std::optional<Scopes> scopes_of_oauth(std::string_view name);           // of one of them; none: no such scope
std::vector<std::string_view> oauth_names_of(Scopes scopes);            // of those that are open as a whole

}  // namespace telepost::schema
