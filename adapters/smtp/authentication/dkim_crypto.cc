#include "adapters/smtp/authentication/dkim_crypto.h"

#include <openssl/err.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

namespace telepost::adapters::smtp::authentication {
namespace {

constexpr std::size_t kMaxKeyOctets = 4096;
// Nearly all keys have 65537. One as long as the modulus makes a verification cost what signing does, and more, dozens of times a
// message (OpenSSL refuses it for moduli over 3072 bits alone).
constexpr int kMostExponentBits = 64;

using Context = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* octets_of(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

std::shared_ptr<EVP_PKEY> owned(EVP_PKEY* key) { return {key, EVP_PKEY_free}; }

EVP_PKEY* rsa_from(std::string_view octets) {
  const auto size = static_cast<long>(octets.size());
  const unsigned char* at = octets_of(octets);
  if (EVP_PKEY* const key = d2i_PUBKEY(nullptr, &at, size)) return key;
  ERR_clear_error();
  at = octets_of(octets);
  EVP_PKEY* const key = d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size);
  ERR_clear_error();
  return key;
}

int exponent_bits(const EVP_PKEY* key) {
  BIGNUM* exponent = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1) return kMostExponentBits + 1;
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> owner(exponent, BN_free);
  return BN_num_bits(exponent);
}

bool prepare_rsa(EVP_PKEY_CTX* context) {
  return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) > 0 && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0;
}

bool rsa_verifies(EVP_PKEY* key, const Digest& text, std::string_view signature) {
  const Context context(EVP_PKEY_CTX_new(key, nullptr), EVP_PKEY_CTX_free);
  return context && EVP_PKEY_verify_init(context.get()) > 0 && prepare_rsa(context.get()) &&
         EVP_PKEY_verify(context.get(), octets_of(signature), signature.size(), octets_of(text.view()), text.view().size()) == 1;
}

// RFC 8463 section 3: PureEdDSA over the SHA-256 of the text.
bool ed25519_verifies(EVP_PKEY* key, const Digest& text, std::string_view signature) {
  const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) > 0 &&
         EVP_DigestVerify(context.get(), octets_of(signature), signature.size(), octets_of(text.view()), text.view().size()) == 1;
}

Result<std::string> rsa_sign(EVP_PKEY* key, const Digest& text) {
  const Context context(EVP_PKEY_CTX_new(key, nullptr), EVP_PKEY_CTX_free);
  std::string signature(static_cast<std::size_t>(EVP_PKEY_get_size(key)), '\0');
  std::size_t size = signature.size();
  const bool done = context && EVP_PKEY_sign_init(context.get()) > 0 && prepare_rsa(context.get()) &&
                    EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                                  octets_of(text.view()), text.view().size()) > 0;
  ERR_clear_error();
  if (!done) return {Errc::invalid, "the RSA key cannot sign"};
  signature.resize(size);
  return signature;
}

Result<std::string> ed25519_sign(EVP_PKEY* key, const Digest& text) {
  const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::string signature(64, '\0');
  std::size_t size = signature.size();
  const bool done = context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) > 0 &&
                    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                                   octets_of(text.view()), text.view().size()) > 0;
  ERR_clear_error();
  if (!done) return {Errc::invalid, "the Ed25519 key cannot sign"};
  return signature;
}

// No passphrase is asked for on a terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

std::string_view name_of(Algorithm algorithm) {
  return algorithm == Algorithm::rsa_sha256 ? "rsa-sha256" : "ed25519-sha256";
}

PublicKey::PublicKey(Algorithm algorithm, evp_pkey_st* key) : algorithm_(algorithm), key_(owned(key)) {}

Result<PublicKey> PublicKey::from(Algorithm algorithm, std::string_view octets) {
  if (octets.size() > kMaxKeyOctets) return {Errc::invalid, "the key is too long"};
  EVP_PKEY* const key = algorithm == Algorithm::rsa_sha256
                            ? rsa_from(octets)
                            : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets_of(octets), octets.size());
  ERR_clear_error();
  if (key == nullptr) return {Errc::invalid, "the key cannot be read"};
  PublicKey result(algorithm, key);
  if (algorithm == Algorithm::ed25519_sha256) return result;
  if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) return {Errc::invalid, "the key is not of RSA"};
  if (result.bits() < kLeastRsaBits) return {Errc::refused, "an RSA key of less than 1024 bits"};
  if (result.bits() > kMostRsaBits) return {Errc::refused, "an RSA key of more than 8192 bits"};
  if (exponent_bits(key) > kMostExponentBits) return {Errc::refused, "an RSA key with an exponent of more than 64 bits"};
  return result;
}

bool PublicKey::verifies(const Digest& signed_text, std::string_view signature) const {
  const bool valid = algorithm_ == Algorithm::rsa_sha256 ? rsa_verifies(key_.get(), signed_text, signature)
                                                         : ed25519_verifies(key_.get(), signed_text, signature);
  ERR_clear_error();  // the thread's queue of errors is everybody's
  return valid;
}

int PublicKey::bits() const { return EVP_PKEY_get_bits(key_.get()); }

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
  if (pem.size() > 64u << 10) return {Errc::invalid, "no key is so long"};
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::shared_ptr<EVP_PKEY> key = owned(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!key) return {Errc::invalid, "it holds no private key in PEM without a passphrase"};
  if (EVP_PKEY_get_base_id(key.get()) == EVP_PKEY_ED25519) return PrivateKey(Algorithm::ed25519_sha256, key);
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA || EVP_PKEY_get_bits(key.get()) < kLeastRsaBits) {
    return {Errc::invalid, "the key is neither of RSA with 1024 bits or more nor of Ed25519"};
  }
  return PrivateKey(Algorithm::rsa_sha256, key);
}

Result<std::string> PrivateKey::sign(const Digest& text) const {
  return algorithm_ == Algorithm::rsa_sha256 ? rsa_sign(key_.get(), text) : ed25519_sign(key_.get(), text);
}

std::string PrivateKey::public_octets() const {
  if (algorithm_ == Algorithm::ed25519_sha256) {
    std::string raw(32, '\0');
    std::size_t size = raw.size();
    EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
    return raw;
  }
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_.get(), &der);
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(der, [](unsigned char* octets) { OPENSSL_free(octets); });
  return size > 0 ? std::string(reinterpret_cast<char*>(der), static_cast<std::size_t>(size)) : "";
}

}  // namespace telepost::adapters::smtp::authentication
