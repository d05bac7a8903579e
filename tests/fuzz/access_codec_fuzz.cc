// What sign-ins and OAuth clients send, from hostile bytes; the first byte chooses what. Nothing is let through that could lead somewhere else.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/access/oauth_codec.h"
#include "adapters/access/oauth_reply_codec.h"
#include "adapters/access/sign_in_codec.h"
#include "adapters/jmap/basic_codec.h"
#include "adapters/net/cookie_codec.h"
#include "adapters/net/origin_codec.h"
#include "base/bytes.h"

using namespace telepost;
using namespace telepost::adapters;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

const schema::OauthClients& known_clients() {
  static const schema::OauthClients all = {
      {"a", "A", {"org.a.test:/in", "http://127.0.0.1/back", "https://a.test/cb"}, schema::Scopes::of_app_password()}};
  return all;
}

bool is_registered(std::string_view redirect) {
  return redirect == "org.a.test:/in" || redirect == "https://a.test/cb" || (redirect.starts_with("http://127.0.0.1") && redirect.ends_with("/back"));
}

void check_cookies(std::string_view input) {
  const auto found = net::cookie_from({{"Cookie", std::string(input)}}, "t");
  if (found) require(found->size() < input.size() && found->find(';') == std::string::npos);
}

void check_origin(std::string_view input) {
  net::HttpRequest request;
  request.method = "POST";
  request.fields = {{"Origin", std::string(input)}};
  const bool is_own = telepost::to_lower(input) == "https://a.test" || telepost::to_lower(input) == "https://a.test:443";
  require(net::may_use_cookie(request, "https://a.test/x") == is_own);
}

void check_authorization(std::string_view input) {
  const auto parameters = access::form_from(input);
  if (!parameters.ok()) return;
  const auto read = access::read_authorization(*parameters, known_clients());
  if (const auto* const refusal = std::get_if<access::AuthorizationRefusal>(&read)) {
    require(refusal->redirect.empty() || is_registered(refusal->redirect));
    return;
  }
  const auto& request = std::get<access::AuthorizationRequest>(read);
  require(is_registered(request.redirect) && schema::Scopes::of_app_password().contains(request.scopes) && !request.scopes.empty());
  const auto again = access::read_authorization(*access::form_from(access::to_query(request)), known_clients());
  require(access::to_query(std::get<access::AuthorizationRequest>(again)) == access::to_query(request));
  require(access::redirect_with_code(request, "tpc_x", "https://a.test").starts_with(request.redirect));
}

void check_token_request(std::string_view input) {
  const auto parameters = access::form_from(input);
  if (!parameters.ok()) return;
  (void)access::read_revocation(*parameters, known_clients());
  const auto read = access::read_token_request(*parameters, known_clients());
  if (const auto* const code = std::get_if<access::CodeGrant>(&read)) require(code->client == "a" && !access::proves(code->verifier, code->verifier));
}

void check_body(std::string_view input) {
  const auto fields = access::fields_from(input, {{"name"}, {"code"}});
  if (fields.ok()) require(!(*fields)["name"].empty() && (*fields)["name"].size() <= access::kMaxTextBytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  switch (bytes[0] % 6) {
    case 0: check_cookies(input); break;
    case 1: check_origin(input); break;
    case 2: check_authorization(input); break;
    case 3: check_token_request(input); break;
    case 4: check_body(input); break;
    default:
      if (const auto token = jmap::bearer_token_from(input)) require(token->size() <= 512 && token->find(' ') == std::string::npos);
  }
  return 0;
}
