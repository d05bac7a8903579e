// The programs of others that a subscriber may let into an account (OAuth 2.0, RFC 6749): the tables [[oauth_clients]] of the configuration.
// All are public clients (section 2.1): what is installed on a device keeps no secret, so none is asked for one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/configuration.h"
#include "schema/scopes.h"

namespace telepost::schema {

struct OauthClient {
  std::string id;                      // 1 to 128 letters, digits and "-._~:/"
  std::string name;                    // as people know it
  std::vector<std::string> redirects;  // at least one
  Scopes scopes;                       // the most that it is given
  bool operator==(const OauthClient&) const = default;
};
using OauthClients = std::vector<OauthClient>;

// Where an answer may be sent to: https; http to 127.0.0.1 or [::1] (RFC 8252 section 7.3); or a scheme of the program's own, which has a dot
// in it (section 7.1), so that no javascript: is one. Without fragment (RFC 6749 section 3.1.2), in ASCII, 512 bytes at most.
bool is_redirect(std::string_view address);
// Letter for letter (RFC 9700 section 4.1.3), but for the port of one on the loopback (RFC 8252 section 7.3).
bool allows_redirect(const OauthClient& client, std::string_view address);
// Null: there is none.
const OauthClient* find_client(const OauthClients& clients, std::string_view id);

// What a configuration's text and its overrides name. invalid, as parse_configuration() says it.
Result<OauthClients> parse_oauth_clients(std::string_view toml, std::string_view name, const std::vector<std::string>& overrides = {});
// What was loaded; the text is read once more, by whoever serves sign-ins and nobody else. not_found, io, invalid.
Result<OauthClients> load_oauth_clients(const LoadedConfiguration& loaded, const std::vector<std::string>& overrides);

}  // namespace telepost::schema
