#include "adapters/jmap/p256_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "base/assert.h"
#include "base/openssl_free.h"

namespace telepost::adapters::jmap {
namespace {

constexpr char kCurve[] = "prime256v1";
constexpr int kScalarBytes = 32;

using Number = std::unique_ptr<BIGNUM, OpenSslFree<BN_clear_free>>;
using Group = std::unique_ptr<EC_GROUP, OpenSslFree<EC_GROUP_free>>;
using Point = std::unique_ptr<EC_POINT, OpenSslFree<EC_POINT_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, OpenSslFree<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, OpenSslFree<EVP_MD_CTX_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, OpenSslFree<OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, OpenSslFree<OSSL_PARAM_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, OpenSslFree<ECDSA_SIG_free>>;

unsigned char* octets(char* bytes) { return reinterpret_cast<unsigned char*>(bytes); }
const unsigned char* octets(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

Number number_from_bytes(std::string_view bytes) { return Number(BN_bin2bn(octets(bytes), static_cast<int>(bytes.size()), nullptr)); }

}  // namespace

void P256Key::Free::operator()(evp_pkey_st* key) const { EVP_PKEY_free(key); }

P256Key::Key P256Key::key_from(std::string_view secret, std::string_view public_key) {
  const Builder builder(OSSL_PARAM_BLD_new());
  const Number number = number_from_bytes(secret);
  bool ok = builder && number && OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, kCurve, 0) == 1;
  ok = ok && OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, public_key.data(), public_key.size()) == 1;
  ok = ok && (secret.empty() || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get()) == 1);
  const Parameters parameters(ok ? OSSL_PARAM_BLD_to_param(builder.get()) : nullptr);
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  const int selection = secret.empty() ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR;
  if (parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1) (void)EVP_PKEY_fromdata(context.get(), &key, selection, parameters.get());
  ERR_clear_error();
  return Key(key);
}

Result<P256Key> P256Key::from_secret(const Digest& secret) {
  const Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const Number number = number_from_bytes(secret.view());
  const Point point(group ? EC_POINT_new(group.get()) : nullptr);
  TELEPOST_ASSERT(group && number && point);
  if (BN_is_zero(number.get()) || BN_cmp(number.get(), EC_GROUP_get0_order(group.get())) >= 0) return {Errc::invalid, "no secret of this curve"};
  std::string public_key(kP256PublicBytes, '\0');
  bool ok = EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, nullptr) == 1;
  ok = ok && EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED, octets(public_key.data()), public_key.size(), nullptr) == kP256PublicBytes;
  Key key = ok ? key_from(secret.view(), public_key) : Key();
  TELEPOST_ASSERT(key);
  return P256Key(std::move(key), std::move(public_key));
}

P256Key P256Key::make(Random& random) {
  for (;;) {
    Result<P256Key> made = from_secret(digest_from_bytes(random.bytes(kScalarBytes)));
    if (made.ok()) return *std::move(made);
  }
}

Result<std::string> P256Key::shared_secret(std::string_view public_key) const {
  if (!is_p256_public_key(public_key)) return {Errc::invalid, "no public key of this curve"};
  const Key other = key_from({}, public_key);
  const KeyContext context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  std::string secret(kScalarBytes, '\0');
  std::size_t size = secret.size();
  bool ok = other && context && EVP_PKEY_derive_init(context.get()) == 1 && EVP_PKEY_derive_set_peer(context.get(), other.get()) == 1;
  ok = ok && EVP_PKEY_derive(context.get(), octets(secret.data()), &size) == 1 && size == secret.size();
  ERR_clear_error();
  if (!ok) return {Errc::invalid, "no public key of this curve"};
  return secret;
}

std::string P256Key::sign(std::string_view text) const {
  const DigestContext context(EVP_MD_CTX_new());
  std::string encoded(80, '\0');  // DER has 72 at most
  std::size_t size = encoded.size();
  bool ok = context && EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1;
  ok = ok && EVP_DigestSign(context.get(), octets(encoded.data()), &size, octets(text), text.size()) == 1;
  const unsigned char* at = octets(encoded);
  const Signature pair(ok ? d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)) : nullptr);
  std::string signature(2 * kScalarBytes, '\0');
  ok = pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), octets(signature.data()), kScalarBytes) == kScalarBytes;
  ok = ok && BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), octets(signature.data() + kScalarBytes), kScalarBytes) == kScalarBytes;
  TELEPOST_ASSERT(ok);
  return signature;
}

bool is_p256_public_key(std::string_view public_key) {
  if (public_key.size() != kP256PublicBytes || public_key[0] != '\x04') return false;
  const Group group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const Point point(group ? EC_POINT_new(group.get()) : nullptr);
  TELEPOST_ASSERT(group && point);
  const bool is_on_curve = EC_POINT_oct2point(group.get(), point.get(), octets(public_key), public_key.size(), nullptr) == 1;
  ERR_clear_error();
  return is_on_curve;
}

}  // namespace telepost::adapters::jmap
