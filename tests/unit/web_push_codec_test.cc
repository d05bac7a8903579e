// Web push on the wire: RFC 8188, RFC 8291, RFC 8292, and where it goes to.
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <random>

#include "adapters/jmap/push_encryption_codec.h"
#include "adapters/jmap/push_pace.h"
#include "adapters/jmap/push_url_codec.h"
#include "adapters/jmap/vapid_codec.h"
#include "base/radix64url.h"
#include "tests/support/store_fixture.h"
#include "tests/support/jmap_json.h"

namespace telepost::adapters::jmap {
namespace {

using namespace std::chrono_literals;

std::string raw(std::string_view text) { return from_base64url(text).value(); }

TEST(Base64Url, Rfc4648Section10AndItsOwnAlphabet) {
  EXPECT_EQ(to_base64url("foobar"), "Zm9vYmFy");
  EXPECT_EQ(to_base64url("fooba"), "Zm9vYmE");
  EXPECT_EQ(to_base64url(""), "");
  EXPECT_EQ(to_base64url("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(raw("-__-"), "\xfb\xff\xfe");
  EXPECT_EQ(raw("Zm9vYg"), "foob");
  EXPECT_EQ(raw("Zm9vYg=="), "foob");
  for (const std::string_view wrong : {"+//+", "Zm9vY", "Zm 9", "Zm9v\n", "Z=m9"}) EXPECT_EQ(from_base64url(wrong).error().kind, Errc::invalid) << wrong;
}

TEST(PushEncryption, Rfc8188Section3_1) {
  const auto coded = code_aes128gcm(raw("yqdlZ-tYemfogSmv7Ws5PQ"), raw("I1BsxtFttlv3u_Oo94xnmw"), "", "I am the walrus");
  ASSERT_TRUE(coded.ok());
  EXPECT_EQ(to_base64url(*coded), "I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg");
}

constexpr std::string_view kDevicePublic = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
constexpr std::string_view kDeviceAuth = "BTBZMqHH6r4Tts7J_aSIgg";

TEST(PushEncryption, Rfc8291Section5) {
  const P256Key sender = P256Key::from_secret(digest_from_bytes(raw("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))).value();
  EXPECT_EQ(to_base64url(sender.public_key()), "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8");
  EXPECT_EQ(to_base64url(sender.shared_secret(raw(kDevicePublic)).value()), "kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs");  // appendix A
  const auto coded = encrypt_push({raw(kDevicePublic), raw(kDeviceAuth)}, sender, raw("DGv6ra1nlYgDCS1FRnbzlw"), "When I grow up, I want to be a watermelon");
  ASSERT_TRUE(coded.ok());
  EXPECT_EQ(to_base64url(*coded),
            "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT"
            "pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN");
}

TEST(PushEncryption, RefusesWhatIsNoKeyAndWhatPushServicesDoNotTake) {
  test::SeededRandom random(1);
  const P256Key sender = P256Key::make(random);
  const std::string salt(kPushSaltBytes, 's');
  std::string off_curve = raw(kDevicePublic);
  off_curve.back() = static_cast<char>(off_curve.back() ^ 1);
  for (const std::string& wrong : {off_curve, std::string(), std::string(65, '\0'), raw(kDevicePublic).substr(0, 64), std::string(65, '\x04')}) {
    EXPECT_FALSE(is_p256_public_key(wrong));
    EXPECT_EQ(encrypt_push({wrong, raw(kDeviceAuth)}, sender, salt, "x").error().kind, Errc::invalid);
  }
  const PushKeys keys{raw(kDevicePublic), raw(kDeviceAuth)};
  EXPECT_EQ(encrypt_push(keys, sender, salt, std::string(kMostPushText, 'x'))->size(), 4096u);  // RFC 8030 section 7.2
  EXPECT_EQ(encrypt_push(keys, sender, salt, std::string(kMostPushText + 1, 'x')).error().kind, Errc::too_large);
  EXPECT_EQ(P256Key::from_secret(Digest{}).error().kind, Errc::invalid);
  EXPECT_EQ(P256Key::from_secret(digest_from_bytes(std::string(32, '\xff'))).error().kind, Errc::invalid);
}

// By OpenSSL's own reading of an ECDSA signature.
bool verifies(const std::string& public_key, const std::string& text, const std::string& signature) {
  const auto octets = [](const std::string& bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); };
  ECDSA_SIG* const pair = ECDSA_SIG_new();
  ECDSA_SIG_set0(pair, BN_bin2bn(octets(signature), 32, nullptr), BN_bin2bn(octets(signature) + 32, 32, nullptr));
  unsigned char* encoded = nullptr;
  const int size = i2d_ECDSA_SIG(pair, &encoded);
  char curve[] = "P-256";
  std::string point = public_key;
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
                             OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()), OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  EVP_PKEY_CTX* const maker = EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr);
  EVP_MD_CTX* const context = EVP_MD_CTX_new();
  const bool holds = EVP_PKEY_fromdata_init(maker) == 1 && EVP_PKEY_fromdata(maker, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1 &&
                     EVP_DigestVerifyInit(context, nullptr, EVP_sha256(), nullptr, key) == 1 &&
                     EVP_DigestVerify(context, encoded, static_cast<std::size_t>(size), octets(text), text.size()) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_CTX_free(maker);
  EVP_PKEY_free(key);
  OPENSSL_free(encoded);
  ECDSA_SIG_free(pair);
  return holds;
}

TEST(Vapid, Rfc8292Section2TheTokenSaysWhoAndForWhom) {
  test::SeededRandom random(2);
  const P256Key key = P256Key::make(random);
  const Time now = from_rfc3339("2026-11-22T05:00:00.500Z").value();
  const std::string value = vapid_authorization(key, "https://push.example.net", "mailto:postmaster@example.test", now);
  ASSERT_TRUE(value.starts_with("vapid t="));
  const std::size_t comma = value.find(", k=");
  ASSERT_NE(comma, std::string::npos);
  EXPECT_EQ(raw(value.substr(comma + 4)), key.public_key());
  const std::string token = value.substr(8, comma - 8);
  const std::size_t first = token.find('.'), last = token.rfind('.');
  EXPECT_EQ(json_of(raw(token.substr(0, first))), (Json{{"typ", "JWT"}, {"alg", "ES256"}}));
  const Json claims = json_of(raw(token.substr(first + 1, last - first - 1)));
  EXPECT_EQ(claims["aud"], "https://push.example.net");
  EXPECT_EQ(claims["sub"], "mailto:postmaster@example.test");
  EXPECT_EQ(claims["exp"], from_rfc3339("2026-11-22T17:00:00Z").value().time_since_epoch() / 1s);
  EXPECT_TRUE(verifies(key.public_key(), token.substr(0, last), raw(token.substr(last + 1))));
  EXPECT_FALSE(verifies(key.public_key(), token.substr(0, last) + "x", raw(token.substr(last + 1))));
  EXPECT_EQ(vapid_authorization(key, "https://a.test", "", now).find("sub"), std::string::npos);
}

TEST(PushUrl, TellsWhereItLeads) {
  const auto plain = push_url_from("https://Push.Example.net/wp?device=X8980fc&client=12c6d086").value();
  EXPECT_EQ(plain.host, "push.example.net");
  EXPECT_EQ(plain.port, 443);
  EXPECT_EQ(plain.target, "/wp?device=X8980fc&client=12c6d086");
  EXPECT_EQ(plain.origin(), "https://push.example.net");
  const auto six = push_url_from("https://[2001:db8::1]:8443?x").value();
  EXPECT_EQ(six.host, "2001:db8::1");
  EXPECT_EQ(six.target, "/?x");
  EXPECT_EQ(six.origin(), "https://[2001:db8::1]:8443");
  EXPECT_EQ(push_url_from("https://192.0.2.1")->target, "/");
  EXPECT_EQ(push_url_from("https://push.example.net:443/")->origin(), "https://push.example.net");
}

TEST(PushUrl, RefusesWhatOthersReadInAnotherWay) {
  for (const std::string_view wrong :
       {"", "http://a.test/", "HTTPS://a.test/", "https://", "https:///x", "https://a.test#x", "https://ann@a.test/", "https://a.test:0/", "https://a.test:65536/",
        "https://a.test:/", "https://a.test:1x/", "https://a..test/", "https://a.test./", "https://2130706433/", "https://0x7f.1/", "https://127.1/",
        "https://0177.0.0.1/", "https://[::1/", "https://[fe80::1%25eth0]/", "https://[127.0.0.1]/", "https://[::/96]/", "https://a.test/ x", "https://a.test\\@b.test/",
        "https://b\xc3\xbc" "cher.test/", "https://a.test/\x7f", "https://[::1]x/"}) {
    EXPECT_EQ(push_url_from(wrong).error().kind, Errc::invalid) << wrong;
  }
  EXPECT_TRUE(push_url_from("https://a.test/" + std::string(kMostPushUrl - 15, 'x')).ok());
  EXPECT_FALSE(push_url_from("https://a.test/" + std::string(kMostPushUrl - 14, 'x')).ok());
}

TEST(PushPace, WaitsLongerEachTimeAndAsLongAsItIsAsked) {
  using Outcome = PushPace::Outcome;
  const SteadyTime now{};
  PushPace pace;
  EXPECT_EQ(pace.note(201, {}, now), Outcome::taken);
  EXPECT_EQ(pace.next(), now + 1s);
  for (const auto& [status, wait] : std::vector<std::pair<std::optional<unsigned>, Duration>>{{500, 1s}, {{}, 2s}, {403, 4s}, {302, 8s}}) {
    EXPECT_EQ(pace.note(status, {}, now), Outcome::failed);
    EXPECT_EQ(pace.next(), now + wait);
  }
  EXPECT_EQ(pace.note(503, 90s, now), Outcome::failed);
  EXPECT_EQ(pace.next(), now + 90s);
  for (int i = 0; i < 20; ++i) pace.note(500, {}, now);
  EXPECT_EQ(pace.next(), now + 1h);
  EXPECT_EQ(pace.note(204, {}, now), Outcome::taken);
  EXPECT_EQ(pace.next(), now + 1s);
}

TEST(PushPace, Rfc8620Section7_2IsSlowedDownBy429) {
  const SteadyTime now{};
  PushPace pace;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pace.note(429, {}, now), PushPace::Outcome::failed);
  EXPECT_EQ(pace.note(201, {}, now), PushPace::Outcome::taken);
  EXPECT_EQ(pace.next(), now + 4s) << "less often, also when it takes them again";
  for (int i = 0; i < 3; ++i) pace.note(201, {}, now);
  EXPECT_EQ(pace.next(), now + 1s);
}

TEST(PushPace, EndsWhereNobodyIsAnyMore) {
  const SteadyTime now{};
  EXPECT_EQ(PushPace().note(404, {}, now), PushPace::Outcome::ended);
  EXPECT_EQ(PushPace().note(410, {}, now), PushPace::Outcome::ended);
  PushPace pace;
  for (unsigned i = 1; i < kMostPushFailures; ++i) EXPECT_EQ(pace.note(500, {}, now), PushPace::Outcome::failed);
  EXPECT_EQ(pace.note(500, {}, now), PushPace::Outcome::ended);
}

}  // namespace
}  // namespace telepost::adapters::jmap
