// What the portal's pages send and are answered, in JSON: objects of texts and nothing else, a few of them.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/net/http_reply.h"
#include "base/result.h"
#include "schema/oauth_clients.h"
#include "store/second_factor.h"
#include "store/tokens.h"

namespace telepost::adapters::access {

inline constexpr std::size_t kMaxBodyBytes = 16 << 10;
inline constexpr std::size_t kMaxTextBytes = 512;        // of a name, a password, a code
inline constexpr std::size_t kLeastPasswordLetters = 8;  // of a new one

// Each of `wanted`, where it is there (without: ""), and all of `required`.
struct Fields {
  std::map<std::string, std::string, std::less<>> texts;
  const std::string& operator[](std::string_view name) const;  // "" where it is not there
};
struct FieldNames {
  std::vector<std::string_view> required, optional;
};
// invalid: no JSON, no object, a member that is no text or stands twice or is unknown, a text of more than kMaxTextBytes or with control
// letters, one that is missing or empty and required.
Result<Fields> fields_from(std::string_view body, const FieldNames& names);

// invalid, with what is wrong.
Result<void> fits_as_password(std::string_view password);

// 200 with JSON that is kept nowhere and never packed: it is secret, or stands beside what is.
net::HttpReply json_reply(std::string text);
// RFC 9457, of our own types: "urn:telepost:access:refused".
net::HttpReply problem_of(unsigned status, std::string_view type, std::string_view detail);

std::string signed_in(schema::AccountId account, std::string_view username);
// `own` is the family of who asks.
std::string session_list(const std::vector<store::Token>& tokens, std::uint64_t own, const schema::OauthClients& clients);
std::string enrolment(const store::Enrolment& enrolment);
std::string recovery_codes(const std::vector<std::string>& codes);
std::string second_factor_state(const store::SecondFactor::State& state);

}  // namespace telepost::adapters::access
