// The self-made certificate, and what a certificate says of itself. OpenSSL's types: only tls*.cc includes this.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/openssl_free.h"
#include "base/result.h"

namespace telepost::adapters::net {

using CertificatePtr = std::unique_ptr<X509, OpenSslFree<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;
using ContextPtr = std::unique_ptr<SSL_CTX, OpenSslFree<SSL_CTX_free>>;
using FilePtr = std::unique_ptr<BIO, OpenSslFree<BIO_free_all>>;

// What OpenSSL complains of, emptying its queue; never empty.
std::string openssl_reason();

// The DNS names of subjectAltName, lower case; without any the common name (RFC 6125 section 6.4.4).
std::vector<std::string> names_of(X509* certificate);
Time not_after(X509* certificate);

// Path of a PEM file with key and certificate: EC P-256, one year, for these names. Kept and used again while it names them
// all and has a month to live. Errors: io, denied.
Result<std::string> self_made_certificate(const std::string& folder, const std::vector<std::string>& names, Time now);

}  // namespace telepost::adapters::net
