#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include <memory>

#include "adapters/smtp/authentication/dkim_crypto.h"

namespace telepost::adapters::smtp::authentication {
namespace {

// A key of 2048 bits whose exponent has so many bits.
std::string key_with_exponent_of(int bits) {
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> modulus(BN_new(), BN_free), exponent(BN_new(), BN_free);
  BN_set_bit(modulus.get(), 2047);
  BN_set_bit(modulus.get(), 0);
  BN_set_bit(exponent.get(), bits - 1);
  BN_set_bit(exponent.get(), 0);
  const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> build(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  const std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)> params(OSSL_PARAM_BLD_to_param(build.get()), OSSL_PARAM_free);
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr), EVP_PKEY_CTX_free);
  EVP_PKEY* made = nullptr;
  EVP_PKEY_fromdata_init(context.get());
  if (EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) return {};
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(made, EVP_PKEY_free);
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key.get(), &der);
  const std::string octets(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return octets;
}

// A verification costs what the exponent's length costs, and the key is the sender's choice.
TEST(DkimCrypto, RefusesAKeyThatMakesVerificationCostly) {
  EXPECT_TRUE(PublicKey::from(Algorithm::rsa_sha256, key_with_exponent_of(17)).ok());
  EXPECT_TRUE(PublicKey::from(Algorithm::rsa_sha256, key_with_exponent_of(64)).ok());
  const Result<PublicKey> costly = PublicKey::from(Algorithm::rsa_sha256, key_with_exponent_of(2047));
  ASSERT_FALSE(costly.ok());
  EXPECT_EQ(costly.error().kind, Errc::refused);
}

}  // namespace
}  // namespace telepost::adapters::smtp::authentication
