#include "adapters/net/tls_certificate.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/bytes.h"
#include "base/log.h"

namespace telepost::adapters::net {
namespace {

constexpr Duration kLifetime = std::chrono::days(365);
constexpr Duration kRemakeBefore = std::chrono::days(30);
constexpr std::size_t kMostNames = 100;    // a certificate travels in every handshake
constexpr std::size_t kMostCommon = 64;    // RFC 5280 appendix A: ub-common-name

std::string text_of(const ASN1_STRING* string) {
  if (string == nullptr) return {};
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string common_name(X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  return place < 0 ? std::string() : text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)));
}

// What may stand as a dNSName: letters, digits, hyphens and dots (RFC 5280 section 4.2.1.6).
bool is_host_name(const std::string& name) {
  return !name.empty() && name.size() <= 253 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
}

std::vector<std::string> usable(const std::vector<std::string>& names) {
  std::vector<std::string> some;
  for (const std::string& name : names) {
    const std::string lower = to_lower(name);
    if (some.size() < kMostNames && is_host_name(lower) && std::find(some.begin(), some.end(), lower) == some.end()) {
      some.push_back(lower);
    }
  }
  if (some.empty()) some.emplace_back("localhost");
  return some;
}

bool serves(const std::string& path, const std::vector<std::string>& names, Time now) {
  const FilePtr file(BIO_new_file(path.c_str(), "r"));
  if (!file) return ERR_clear_error(), false;
  const KeyPtr key(PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, const_cast<char*>("")));
  const CertificatePtr certificate(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
  const bool whole = key && certificate && X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (!whole || not_after(certificate.get()) - now < kRemakeBefore) return false;
  const std::vector<std::string> named = names_of(certificate.get());
  return std::all_of(names.begin(), names.end(), [&named](const std::string& name) {
    return std::find(named.begin(), named.end(), name) != named.end();
  });
}

bool add_extension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

CertificatePtr make_certificate(EVP_PKEY* key, const std::vector<std::string>& names, Time now) {
  CertificatePtr made(X509_new());
  if (!made) return nullptr;
  X509* const x = made.get();
  unsigned char serial[16];
  if (RAND_bytes(serial, sizeof serial) != 1) return nullptr;
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);  // positive and 16 bytes long (RFC 5280 section 4.1.2.2)
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(x));
  BN_free(number);
  std::time_t from = to_millis(now) / 1000 - 3600;  // a peer whose clock is behind takes it too
  std::time_t until = to_millis(now + kLifetime) / 1000;
  X509_time_adj_ex(X509_getm_notBefore(x), 0, 0, &from);
  X509_time_adj_ex(X509_getm_notAfter(x), 0, 0, &until);
  X509_set_version(x, X509_VERSION_3);
  X509_set_pubkey(x, key);
  const std::string common = names.front().substr(0, kMostCommon);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common.data()),
                             static_cast<int>(common.size()), -1, 0);
  X509_set_issuer_name(x, X509_get_subject_name(x));
  std::string alternatives;
  for (const std::string& name : names) alternatives += (alternatives.empty() ? "DNS:" : ",DNS:") + name;
  const bool extended = add_extension(x, NID_subject_alt_name, alternatives) &&
                        add_extension(x, NID_basic_constraints, "critical,CA:FALSE") &&
                        add_extension(x, NID_ext_key_usage, "serverAuth") && add_extension(x, NID_subject_key_identifier, "hash");
  if (!extended || X509_sign(x, key, EVP_sha256()) == 0) return nullptr;
  return made;
}

Error file_error(const std::string& path, int number) {
  const std::string detail = path + ": " + std::strerror(number);
  return {number == EACCES || number == EPERM || number == EROFS ? Errc::denied : Errc::io, detail};
}

// A reader sees the old file or the new one whole.
Result<void> replace_file(const std::string& path, std::string_view bytes) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return file_error(fresh, errno);
  const bool written = ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && ::fsync(fd) == 0;
  const int number = errno;
  ::close(fd);
  if (!written) return file_error(fresh, number);
  if (::rename(fresh.c_str(), path.c_str()) != 0) return file_error(path, errno);
  return {};
}

}  // namespace

std::string openssl_reason() {
  std::string reason;
  while (const unsigned long code = ERR_get_error()) {
    const char* text = ERR_reason_error_string(code);
    if (reason.empty()) reason = text != nullptr ? text : "error " + std::to_string(code);
  }
  return reason.empty() ? "TLS failed" : reason;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  auto* alternatives = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives, i);
    if (name->type == GEN_DNS) names.push_back(to_lower(text_of(name->d.dNSName)));
  }
  GENERAL_NAMES_free(alternatives);
  if (names.empty()) names.push_back(to_lower(common_name(certificate)));
  return names;
}

Time not_after(X509* certificate) {
  std::tm parts{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts);
  return from_millis(std::int64_t{::timegm(&parts)} * 1000);
}

Result<std::string> self_made_certificate(const std::string& folder, const std::vector<std::string>& names, Time now) {
  const std::string path = folder + "/tls.pem";
  const std::vector<std::string> wanted = usable(names);
  if (serves(path, wanted, now)) return path;
  const KeyPtr key(EVP_EC_gen("P-256"));
  const CertificatePtr certificate = key ? make_certificate(key.get(), wanted, now) : nullptr;
  const FilePtr pem(BIO_new(BIO_s_secmem()));
  if (!certificate || !pem ||
      PEM_write_bio_PKCS8PrivateKey(pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(pem.get(), certificate.get()) != 1) {
    return {Errc::io, "no certificate could be made: " + openssl_reason()};
  }
  char* bytes = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(pem.get(), &bytes));
  TELEPOST_TRY(replace_file(path, {bytes, size}));
  log::info("certificate_made", {{"file", path}, {"name", wanted.front()}, {"until", to_rfc3339(not_after(certificate.get()))}});
  return path;
}

}  // namespace telepost::adapters::net
