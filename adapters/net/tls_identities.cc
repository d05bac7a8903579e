#include "adapters/net/tls_identities.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <map>

#include <unistd.h>

#include "adapters/net/tls_certificate.h"
#include "adapters/net/tls_context.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

std::string reason_for(const std::string& file, const std::string& what) {
  return file + ": " + what + ": " + openssl_reason();
}

Result<void> check_readable(const std::string& file) {
  if (::access(file.c_str(), R_OK) == 0) return {};
  if (errno == ENOENT || errno == ENOTDIR) return {Errc::not_found, file + " is not there"};
  return {Errc::denied, file + " cannot be read"};
}

struct Identity {
  ContextPtr context;
  std::vector<std::string> names;
  Time until{};
};

Result<Identity> identity_from(const schema::TlsCertificate& certificate) {
  TELEPOST_TRY(check_readable(certificate.chain));
  TELEPOST_TRY(check_readable(certificate.key));
  ERR_clear_error();
  Identity identity{accepting_context(), certificate.names, {}};
  SSL_CTX* const context = identity.context.get();
  if (SSL_CTX_use_certificate_chain_file(context, certificate.chain.c_str()) != 1) {
    return {Errc::invalid, reason_for(certificate.chain, "no certificate chain in PEM")};
  }
  // The check that key and certificate belong together is part of it.
  if (SSL_CTX_use_PrivateKey_file(context, certificate.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return {Errc::invalid, reason_for(certificate.key, "no key in PEM that belongs to " + certificate.chain)};
  }
  X509* const shown = SSL_CTX_get0_certificate(context);
  identity.until = not_after(shown);
  if (identity.names.empty()) identity.names = names_of(shown);
  return identity;
}

}  // namespace

struct TlsIdentities::Set {
  std::vector<Identity> identities;                // never empty; the first is the default
  std::map<std::string, SSL_CTX*, std::less<>> by_name;  // lower case; "*.example.test" for one label

  SSL_CTX* find(std::string_view name) const {
    const std::string lower = to_lower(name);
    if (const auto exact = by_name.find(lower); exact != by_name.end()) return exact->second;
    const std::size_t dot = lower.find('.');
    if (dot == std::string::npos) return nullptr;
    const auto wild = by_name.find("*" + lower.substr(dot));
    return wild == by_name.end() ? nullptr : wild->second;
  }
  // A name that nobody has gets the default: mail servers ask for the MX name that they know, and take what they get.
  static int choose(SSL* ssl, int*, void* set) {
    const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_OK;
    SSL_CTX* const chosen = static_cast<const Set*>(set)->find(name);
    if (chosen != nullptr) SSL_set_SSL_CTX(ssl, chosen);
    return SSL_TLSEXT_ERR_OK;
  }
};

TlsIdentities::TlsIdentities(Options options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}
TlsIdentities::~TlsIdentities() = default;

Result<std::unique_ptr<TlsIdentities>> TlsIdentities::open(Options options, const Clock& clock) {
  std::unique_ptr<TlsIdentities> made(new TlsIdentities(std::move(options), clock));
  TELEPOST_TRY(made->reload());
  return made;
}

Result<std::shared_ptr<const TlsIdentities::Set>> TlsIdentities::load() const {
  std::vector<schema::TlsCertificate> certificates = options_.settings.certificates;
  if (certificates.empty()) {
    TELEPOST_ASSIGN(const std::string path, self_made_certificate(options_.folder, options_.names, clock_.now()));
    certificates.push_back({path, path, {}});
  }
  const auto set = std::make_shared<Set>();
  for (const schema::TlsCertificate& certificate : certificates) {
    TELEPOST_ASSIGN(Identity identity, identity_from(certificate));
    for (const std::string& name : identity.names) set->by_name.emplace(to_lower(name), identity.context.get());
    set->identities.push_back(std::move(identity));
  }
  SSL_CTX* const first = set->identities.front().context.get();
  SSL_CTX_set_tlsext_servername_callback(first, &Set::choose);
  SSL_CTX_set_tlsext_servername_arg(first, set.get());
  return std::shared_ptr<const Set>(set);
}

Result<void> TlsIdentities::reload() {
  TELEPOST_ASSIGN(std::shared_ptr<const Set> fresh, load());
  const std::lock_guard lock(mutex_);
  current_.swap(fresh);
  return {};
}

std::string TlsIdentities::default_not_after() const { return to_rfc3339(current()->identities.front().until); }

std::shared_ptr<const TlsIdentities::Set> TlsIdentities::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

ssl_ctx_st* TlsIdentities::context_of(const Set& set) { return set.identities.front().context.get(); }

}  // namespace telepost::adapters::net
