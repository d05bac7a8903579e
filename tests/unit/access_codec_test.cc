// What browsers and OAuth clients send, read without a network: RFC 6265, 6454, 6749, 7636, 8252, 8414, 9207.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "adapters/access/oauth_codec.h"
#include "adapters/access/oauth_reply_codec.h"
#include "adapters/access/pages.h"
#include "adapters/access/sign_in_codec.h"
#include "adapters/jmap/basic_codec.h"
#include "adapters/net/cookie_codec.h"
#include "adapters/net/origin_codec.h"
#include "adapters/net/own_url.h"

namespace telepost::adapters::access {
namespace {

using net::CookieChannel;
using net::HttpRequest;
using net::PageOrigin;
using nlohmann::json;
using schema::Scope;
using schema::Scopes;

// RFC 7636 appendix B.
constexpr std::string_view kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
constexpr std::string_view kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

schema::OauthClients clients() {
  return {{"org.example.mail",
           "Example Mail",
           {"org.example.mail:/signed-in", "http://127.0.0.1/back?x=1", "https://mail.example.test/cb"},
           Scopes::of_app_password()}};
}

Parameters asked() {
  return {{"response_type", "code"},
          {"client_id", "org.example.mail"},
          {"redirect_uri", "https://mail.example.test/cb"},
          {"state", "a b&c"},
          {"code_challenge", std::string(kChallenge)},
          {"code_challenge_method", "S256"},
          {"scope", "urn:ietf:params:oauth:scope:mail offline_access"}};
}

Parameters with(Parameters parameters, std::string_view name, std::string value) {
  std::erase_if(parameters, [&](const auto& one) { return one.first == name; });
  if (!value.empty()) parameters.emplace_back(name, std::move(value));
  return parameters;
}

AuthorizationRefusal refusal(const Parameters& parameters) {
  const auto read = read_authorization(parameters, clients());
  const auto* const refused = std::get_if<AuthorizationRefusal>(&read);
  return refused == nullptr ? AuthorizationRefusal{{"accepted"}, {}, {}} : *refused;
}

std::string token_error(const Parameters& parameters) {
  const auto read = read_token_request(parameters, clients());
  const auto* const error = std::get_if<OauthError>(&read);
  return error == nullptr ? "none" : std::string(error->code);
}

TEST(CookieCodec, FindsACookieAmongOthers) {
  const net::HttpFields fields = {{"cookie", "a=1; __Host-telepost=tps_x;b=\"2\""}};
  EXPECT_EQ(net::cookie_from(fields, "__Host-telepost"), "tps_x");
  EXPECT_EQ(net::cookie_from(fields, "b"), "2");
  EXPECT_EQ(net::cookie_from(fields, "telepost"), std::nullopt);
  EXPECT_EQ(net::cookie_from(fields, "A"), std::nullopt);
}

TEST(CookieCodec, OfTwoOfOneNameTakesNeither) {
  EXPECT_EQ(net::cookie_from({{"Cookie", "t=1; t=2"}}, "t"), std::nullopt);
  EXPECT_EQ(net::cookie_from({{"Cookie", "t=1"}, {"Cookie", "t=1"}}, "t"), std::nullopt);
}

TEST(CookieCodec, WritesACookieThatNoScriptAndNoOtherSiteSees) {
  EXPECT_EQ(net::session_cookie(CookieChannel::tls, "tps_1", std::chrono::seconds(60)),
            "__Host-telepost=tps_1; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure");
  EXPECT_EQ(net::session_cookie(CookieChannel::plain, "tps_1", std::chrono::seconds(60)),
            "telepost-session=tps_1; Max-Age=60; Path=/; HttpOnly; SameSite=Strict");
  EXPECT_NE(net::no_session_cookie(CookieChannel::tls).find("Max-Age=0"), std::string::npos);
}

HttpRequest request(std::string method, net::HttpFields fields) {
  HttpRequest made;
  made.method = std::move(method);
  made.fields = std::move(fields);
  return made;
}

TEST(OriginCodec, KnowsItsOwnPages) {
  constexpr std::string_view kOwn = "https://Mail.Example.test:443/portal";
  EXPECT_EQ(net::origin_of(kOwn), "https://mail.example.test");
  EXPECT_EQ(net::page_origin(request("GET", {{"Origin", "https://mail.example.test"}}), kOwn), PageOrigin::own);
  for (const char* const other : {"null", "http://mail.example.test", "https://mail.example.test:8443", "https://mail.example.test.evil.test",
                                  "https://evil.test", "https://mail.example.test/", "", "https://"}) {
    EXPECT_EQ(net::page_origin(request("GET", {{"Origin", other}}), kOwn), PageOrigin::other) << other;
  }
  EXPECT_EQ(net::page_origin(request("GET", {{"Sec-Fetch-Site", "cross-site"}}), kOwn), PageOrigin::other);
  EXPECT_EQ(net::page_origin(request("GET", {}), kOwn), PageOrigin::untold);
}

TEST(OriginCodec, ACookieCountsOnlyWhereThePageIsKnown) {
  constexpr std::string_view kOwn = "https://a.test";
  EXPECT_TRUE(net::may_use_cookie(request("POST", {{"Origin", "https://a.test"}}), kOwn));
  EXPECT_FALSE(net::may_use_cookie(request("POST", {{"Sec-Fetch-Site", "same-origin"}}), kOwn));
  EXPECT_FALSE(net::may_use_cookie(request("POST", {{"Origin", "https://b.test"}, {"Sec-Fetch-Site", "same-origin"}}), kOwn));
  EXPECT_TRUE(net::may_use_cookie(request("GET", {{"Sec-Fetch-Site", "same-origin"}}), kOwn));
  EXPECT_FALSE(net::may_use_cookie(request("GET", {{"Sec-Fetch-Site", "same-site"}}), kOwn));
  EXPECT_FALSE(net::may_use_cookie(request("GET", {}), kOwn));
  EXPECT_FALSE(net::may_use_cookie(request("GET", {{"Sec-Fetch-Site", "same-origin"}, {"Upgrade", "websocket"}}), kOwn));
  EXPECT_FALSE(net::may_use_cookie(request("POST", {{"Origin", ""}}), ""));
}

// A name of anybody's may come to lead here.
TEST(OwnUrl, KnowsTheNamesOfThisMachine) {
  for (const char* const own : {"localhost", "LocalHost:8080", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:8080"}) {
    EXPECT_TRUE(net::names_this_machine(own)) << own;
  }
  for (const char* const other : {"", ":80", "evil.test", "evil.test:8080", "localhost.evil.test", "evil.localhost", "127.0.0.1.evil.test", "[::1", "[::2]",
                                  "::1", "[::1].evil.test", "[::1]evil.test:80"}) {
    EXPECT_FALSE(net::names_this_machine(other)) << other;
  }
}

TEST(BearerCodec, TakesTokensOfItsGrammarAlone) {
  EXPECT_EQ(jmap::bearer_token_from("bearer tpa_0-~+/.=="), "tpa_0-~+/.==");
  for (const char* const wrong : {"Bearer", "Bearer ", "Bearer a b", "Bearer =", "Bearer a=b", "Basic dGVzdA==", "Bearer \"x\""}) {
    EXPECT_EQ(jmap::bearer_token_from(wrong), std::nullopt) << wrong;
  }
  EXPECT_EQ(jmap::bearer_token_from("Bearer " + std::string(513, 'a')), std::nullopt);
}

TEST(OauthCodec, ProvesByS256AsRfc7636Shows) {
  EXPECT_EQ(challenge_of(kVerifier), kChallenge);
  EXPECT_TRUE(proves(kVerifier, kChallenge));
  EXPECT_FALSE(proves(kChallenge, kChallenge));
  EXPECT_FALSE(proves("short", challenge_of("short")));
  EXPECT_FALSE(proves(std::string(129, 'a'), challenge_of(std::string(129, 'a'))));
  EXPECT_FALSE(proves(std::string(43, '!'), challenge_of(std::string(43, '!'))));
}

TEST(OauthCodec, ReadsAnAuthorizationRequestAndWritesItAgain) {
  const auto read = read_authorization(asked(), clients());
  ASSERT_TRUE(std::holds_alternative<AuthorizationRequest>(read));
  const auto& request = std::get<AuthorizationRequest>(read);
  EXPECT_EQ(request.scopes, (Scopes{Scope::mail, Scope::send}));
  EXPECT_EQ(request.state, "a b&c");
  const auto again = read_authorization(*form_from(to_query(request)), clients());
  ASSERT_TRUE(std::holds_alternative<AuthorizationRequest>(again));
  EXPECT_EQ(to_query(std::get<AuthorizationRequest>(again)), to_query(request));
  EXPECT_EQ(std::get<AuthorizationRequest>(again).redirect, "https://mail.example.test/cb");
}

TEST(OauthCodec, TellsNobodyWhoIsNotRegistered) {
  EXPECT_EQ(refusal(with(asked(), "client_id", "other")).redirect, "");
  for (const char* const redirect :
       {"https://evil.test/", "https://mail.example.test/cb/", "https://mail.example.test/cb?x", "https://mail.example.test/CB",
        "https://mail.example.test/cb#x", "javascript:alert(1)", "http://127.0.0.1:0/back?x=1", "http://127.0.0.1:x/back?x=1",
        "http://127.0.0.1.evil.test/back?x=1", "http://127.0.0.1@evil.test/back?x=1", "http://[::1]:9/back?x=1", "http://localhost:9/back?x=1"}) {
    const AuthorizationRefusal refused = refusal(with(asked(), "redirect_uri", redirect));
    EXPECT_EQ(refused.error.code, "invalid_request") << redirect;
    EXPECT_EQ(refused.redirect, "") << redirect;
  }
  EXPECT_EQ(refusal(with(asked(), "redirect_uri", "http://127.0.0.1:51004/back?x=1")).error.code, "accepted");  // RFC 8252 section 7.3
  EXPECT_EQ(refusal(with(asked(), "redirect_uri", "org.example.mail:/signed-in")).error.code, "accepted");
}

TEST(OauthCodec, TellsTheClientWhatIsWrong) {
  EXPECT_EQ(refusal(with(asked(), "response_type", "token")).error.code, "unsupported_response_type");
  EXPECT_EQ(refusal(with(asked(), "response_type", "")).error.code, "invalid_request");
  EXPECT_EQ(refusal(with(asked(), "code_challenge_method", "plain")).error.code, "invalid_request");
  EXPECT_EQ(refusal(with(asked(), "code_challenge_method", "")).error.code, "invalid_request");
  EXPECT_EQ(refusal(with(asked(), "code_challenge", "short")).error.code, "invalid_request");
  EXPECT_EQ(refusal(with(asked(), "scope", "urn:telepost:scope:settings")).error.code, "invalid_scope");
  EXPECT_EQ(refusal(with(asked(), "request_uri", "https://evil.test/")).error.code, "request_uri_not_supported");
  const AuthorizationRefusal refused = refusal(with(asked(), "scope", "openid"));
  EXPECT_EQ(refused.redirect, "https://mail.example.test/cb");
  EXPECT_EQ(refused.state, "a b&c");
  Parameters twice = asked();
  twice.emplace_back("redirect_uri", "https://evil.test/");
  EXPECT_EQ(refusal(twice).redirect, "");
}

TEST(OauthCodec, AsksTokenRequestsForAllThatTheyNeed) {
  const Parameters code = {{"grant_type", "authorization_code"},
                           {"client_id", "org.example.mail"},
                           {"code", "tpc_x"},
                           {"redirect_uri", "https://mail.example.test/cb"},
                           {"code_verifier", std::string(kVerifier)}};
  EXPECT_EQ(token_error(code), "none");
  for (const char* const name : {"client_id", "code", "redirect_uri", "code_verifier", "grant_type"})
    EXPECT_EQ(token_error(with(code, name, "")), "invalid_request") << name;
  EXPECT_EQ(token_error(with(code, "client_id", "other")), "invalid_client");
  EXPECT_EQ(token_error(with(code, "client_secret", "x")), "invalid_client");
  EXPECT_EQ(token_error(with(code, "grant_type", "password")), "unsupported_grant_type");
  EXPECT_EQ(token_error(with(code, "code", std::string(3000, 'x'))), "invalid_request");
  const Parameters refresh = {{"grant_type", "refresh_token"}, {"client_id", "org.example.mail"}, {"refresh_token", "tpr_x"}};
  EXPECT_EQ(token_error(refresh), "none");
  EXPECT_EQ(token_error(with(refresh, "refresh_token", "")), "invalid_request");
  EXPECT_EQ(token_error(with(refresh, "scope", "openid")), "invalid_scope");
}

TEST(OauthReplyCodec, AnswersBehindTheRedirectsOwnQueryAndSaysWho) {
  AuthorizationRequest request{"c", "http://127.0.0.1:9/back?x=1", "a b&c", "", {}};
  EXPECT_EQ(redirect_with_code(request, "tpc_1", "https://a.test"),
            "http://127.0.0.1:9/back?x=1&code=tpc_1&state=a%20b%26c&iss=https%3A%2F%2Fa.test");
  EXPECT_EQ(redirect_with_error("org.example.mail:/in", "", {"access_denied"}, "https://a.test"),
            "org.example.mail:/in?error=access_denied&iss=https%3A%2F%2Fa.test");
}

TEST(OauthReplyCodec, MetadataNamesWhatThereIs) {
  const json there = json::parse(metadata("https://a.test"));
  EXPECT_EQ(there["issuer"], "https://a.test");
  EXPECT_EQ(there["token_endpoint"], "https://a.test/oauth/token");
  EXPECT_EQ(there["code_challenge_methods_supported"], json({"S256"}));
  EXPECT_EQ(there["grant_types_supported"], json({"authorization_code", "refresh_token"}));
  EXPECT_EQ(there["authorization_response_iss_parameter_supported"], true);
}

TEST(OauthReplyCodec, APolicyNamesWhereAFormMayLead) {
  EXPECT_EQ(form_target("https://mail.example.test/cb"), "https://mail.example.test");
  EXPECT_EQ(form_target("http://127.0.0.1:9/back"), "http://127.0.0.1:9");
  EXPECT_EQ(form_target("http://[::1]:9/back"), "http:");
  EXPECT_EQ(form_target("org.example.mail:/in"), "org.example.mail:");
}

TEST(SignInCodec, ReadsTextsAndNothingElse) {
  const FieldNames names{{"name", "password"}, {"code"}};
  const auto read = fields_from(R"({"name":"ann@example.test","password":"p w"})", names);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ((*read)["password"], "p w");
  EXPECT_EQ((*read)["code"], "");
  for (const char* const wrong :
       {"", "[]", "\"x\"", "{", R"({"name":1,"password":"x"})", R"({"name":"a"})", R"({"name":"a","password":""})",
        R"({"name":"a","password":"b","other":"c"})", R"({"name":"a","name":"b","password":"c"})", R"({"name":{"x":"y"},"password":"c"})",
        R"({"name":"a\u0000b","password":"c"})", R"({"name":"a","password":"c"} x)"}) {
    EXPECT_EQ(fields_from(wrong, names).error().kind, Errc::invalid) << wrong;
  }
  EXPECT_FALSE(fields_from("{\"name\":\"a\",\"password\":\"" + std::string(513, 'x') + "\"}", names).ok());
  EXPECT_FALSE(fields_from(std::string(10'000, '['), names).ok());
}

TEST(SignInCodec, CountsAPasswordsLetters) {
  EXPECT_TRUE(fits_as_password("12345678").ok());
  EXPECT_FALSE(fits_as_password("1234567").ok());
  EXPECT_FALSE(fits_as_password("\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4").ok());  // four letters in eight bytes
}

TEST(AccessPages, EscapeWhatComesFromOutsideAndCannotBeFramed) {
  const std::string html = to_html(SignInPage{"<b>\"'&", "/oauth/authorize?a=1&b=2", "<i>", "\"><script>"});
  EXPECT_EQ(html.find("<b>"), std::string::npos);
  EXPECT_EQ(html.find("<script>"), std::string::npos);
  EXPECT_NE(html.find("value=\"&quot;&gt;&lt;script&gt;\""), std::string::npos);
  const net::HttpReply reply = to_reply({200, "t", html, "https://mail.example.test"});
  EXPECT_EQ(net::find_field(reply.fields, "X-Frame-Options"), "DENY");
  const std::string policy = *net::find_field(reply.fields, "Content-Security-Policy");
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_NE(policy.find("form-action 'self' https://mail.example.test"), std::string::npos);
  EXPECT_EQ(policy.find("script"), std::string::npos);
}

TEST(AccessPages, TellThatWhoReadsMailCanHaveItForwarded) {
  ConsentPage page;
  page.scopes = {Scope::mail, Scope::send};
  EXPECT_NE(to_html(page).find("set rules that forward"), std::string::npos);
  page.scopes = {Scope::contacts};
  EXPECT_EQ(to_html(page).find("forward"), std::string::npos);
}

TEST(OauthClients, AreReadFromTheConfigurationAndToldWhatIsWrong) {
  const auto one = [](const std::string& rows) {
    return schema::parse_oauth_clients("[[oauth_clients]]\nid = \"a\"\nname = \"A\"\n" + rows, "t.toml");
  };
  const auto read = one("redirects = [\"https://a.test/cb\"]\n");
  ASSERT_TRUE(read.ok()) << to_string(read.error());
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(read->front().scopes, Scopes::of_app_password());
  for (const char* const wrong :
       {"", "redirects = []\n", "redirects = [\"http://a.test/\"]\n", "redirects = [\"https://a.test/#x\"]\n", "redirects = [\"javascript:x\"]\n",
        "redirects = [\"https://u@a.test/\"]\n", "redirects = [\"https://a.test/\"]\nscopes = [\"all\"]\n",
        "redirects = [\"https://a.test/\"]\nscopes = [\"mail\"]\n", "redirects = [\"https://a.test/\"]\ncolour = 1\n"}) {
    EXPECT_EQ(one(wrong).error().kind, Errc::invalid) << wrong;
    EXPECT_FALSE(schema::parse_configuration("[[oauth_clients]]\nid = \"a\"\nname = \"A\"\n" + std::string(wrong), "t.toml").ok()) << wrong;
  }
}

}  // namespace
}  // namespace telepost::adapters::access
