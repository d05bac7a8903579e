#include "adapters/net/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "adapters/net/tls_context.h"
#include "adapters/net/tls_identities.h"
#include "base/assert.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

// OpenSSL's own socket BIO writes with write(2), which may raise SIGPIPE. Ours does not, and it never owns the socket.
int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int receive(BIO* bio, char* into, int room) {
  BIO_clear_retry_flags(bio);
  const ssize_t size = ::recv(socket_of(bio), into, static_cast<std::size_t>(room), MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(size);
}

int send(BIO* bio, const char* bytes, int count) {
  BIO_clear_retry_flags(bio);
  const ssize_t size = ::send(socket_of(bio), bytes, static_cast<std::size_t>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(size);
}

long control(BIO*, int what, long, void*) { return what == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* socket_method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "telepost socket");
    BIO_meth_set_read(made, receive);
    BIO_meth_set_write(made, send);
    BIO_meth_set_ctrl(made, control);
    return made;
  }();
  return method;
}

SSL* ssl_on(SSL_CTX* context, int socket) {
  SSL* const ssl = SSL_new(context);
  BIO* const bio = ssl == nullptr ? nullptr : BIO_new(socket_method());
  if (bio == nullptr) {
    SSL_free(ssl);
    return nullptr;
  }
  BIO_set_data(bio, reinterpret_cast<void*>(std::intptr_t{socket}));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl, bio, bio);
  return ssl;
}

std::string name_text(const X509_NAME* name) {
  const FilePtr text(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_RFC2253);
  char* bytes = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(text.get(), &bytes));
  return std::string(bytes, size).substr(0, 256);
}

std::optional<std::string> digest_of(X509* certificate, const EVP_MD* kind) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  if (X509_digest(certificate, kind, bytes.data(), &size) != 1) return {};
  return std::string(reinterpret_cast<const char*>(bytes.data()), size);
}

// RFC 5929 section 4.1: the signature's own hash; SHA-256 instead of MD5 and SHA-1; undefined for a signature without one.
std::optional<std::string> end_point_of(X509* certificate) {
  int digest = NID_undef;
  if (certificate == nullptr || X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) != 1) return {};
  if (digest == NID_md5 || digest == NID_sha1) digest = NID_sha256;
  const EVP_MD* const kind = EVP_get_digestbynid(digest);
  if (kind == nullptr) return {};
  return digest_of(certificate, kind);
}

bool is_ip_address(const std::string& name) {
  in6_addr ignored{};
  return inet_pton(AF_INET, name.c_str(), &ignored) == 1 || inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
}

// False: the name cannot be asked for, and without one OpenSSL would take anybody's certificate.
bool expect(SSL* ssl, const TlsExpectation& expected) {
  const bool verified = expected.trust == TlsExpectation::Trust::verified;
  if (verified && (expected.name.empty() || expected.name.front() == '.')) return false;  // a dot in front: any name below it
  bool named = true;
  X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_ip_address(expected.name)) {
    named = X509_VERIFY_PARAM_set1_ip_asc(rules, expected.name.c_str()) == 1;
  } else {
    named = X509_VERIFY_PARAM_set1_host(rules, expected.name.data(), expected.name.size()) == 1;
    if (!expected.name.empty()) SSL_set_tlsext_host_name(ssl, expected.name.c_str());
  }
  // Without SSL_VERIFY_PEER OpenSSL judges the chain all the same, and goes on whatever it finds.
  SSL_set_verify(ssl, verified ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (!verified) SSL_set_security_level(ssl, 0);
  if (expected.minimum == TlsVersion::tls13) SSL_set_min_proto_version(ssl, TLS1_3_VERSION);
  return named || !verified;
}

}  // namespace

Result<std::shared_ptr<const TlsAuthorities>> TlsAuthorities::open(const std::string& file) {
  ContextPtr context = connecting_context();
  ERR_clear_error();
  if (file.empty() ? SSL_CTX_set_default_verify_paths(context.get()) != 1
                   : SSL_CTX_load_verify_file(context.get(), file.c_str()) != 1) {
    return {Errc::invalid, (file.empty() ? "the system's authorities" : file) + ": no certificates in PEM: " + openssl_reason()};
  }
  return std::shared_ptr<const TlsAuthorities>(new TlsAuthorities(context.release()));
}

TlsAuthorities::~TlsAuthorities() { SSL_CTX_free(context_); }

TlsChannel::TlsChannel(ssl_st* ssl) : ssl_(ssl) {}
TlsChannel::~TlsChannel() { SSL_free(ssl_); }

Result<std::unique_ptr<TlsChannel>> TlsChannel::accepting(const TlsIdentities& identities, int socket) {
  std::shared_ptr<const TlsIdentities::Set> set = identities.current();
  SSL* const ssl = ssl_on(TlsIdentities::context_of(*set), socket);
  if (ssl == nullptr) return {Errc::unavailable, openssl_reason()};
  SSL_set_accept_state(ssl);
  std::unique_ptr<TlsChannel> made(new TlsChannel(ssl));
  made->identities_ = std::move(set);
  return made;
}

Result<std::unique_ptr<TlsChannel>> TlsChannel::connecting(const TlsAuthorities& authorities, const TlsExpectation& expected,
                                                           int socket) {
  SSL* const ssl = ssl_on(authorities.context_, socket);
  if (ssl == nullptr) return {Errc::unavailable, openssl_reason()};
  SSL_set_connect_state(ssl);
  std::unique_ptr<TlsChannel> made(new TlsChannel(ssl));
  if (!expect(ssl, expected)) return {Errc::denied, "a certificate without a name to hold for"};
  return made;
}

TlsChannel::Step TlsChannel::step_of(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_NONE: return Step::done;
    case SSL_ERROR_WANT_READ: return Step::want_read;
    case SSL_ERROR_WANT_WRITE: return Step::want_write;
    case SSL_ERROR_ZERO_RETURN: return Step::closed;
    case SSL_ERROR_SYSCALL:
      failure_ = result == 0 || errno == 0 ? "the peer closed the connection" : std::strerror(errno);
      ERR_clear_error();
      return Step::failed;
    default: failure_ = openssl_reason(); return Step::failed;
  }
}

TlsChannel::Step TlsChannel::handshake() {
  ERR_clear_error();
  errno = 0;
  return step_of(SSL_do_handshake(ssl_));
}

TlsChannel::Step TlsChannel::read(char* into, std::size_t room_bytes, std::size_t& size_bytes) {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_read_ex(ssl_, into, room_bytes, &size_bytes);
  return result == 1 ? Step::done : step_of(result);
}

TlsChannel::Step TlsChannel::write(std::string_view bytes, std::size_t& size_bytes) {
  ERR_clear_error();
  errno = 0;
  const int result = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &size_bytes);
  return result == 1 ? Step::done : step_of(result);
}

void TlsChannel::shut_down() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_) == 1 && failure_.empty()) SSL_shutdown(ssl_);
  ERR_clear_error();
}

bool TlsChannel::has_pending() const { return SSL_has_pending(ssl_) == 1; }
bool TlsChannel::is_accepting() const { return SSL_is_server(ssl_) == 1; }

Error TlsChannel::failure() const {
  const long verified = SSL_get_verify_result(ssl_);
  if (!is_accepting() && verified != X509_V_OK && SSL_get_verify_mode(ssl_) != SSL_VERIFY_NONE) {
    return {Errc::denied, std::string("the certificate is not trusted: ") + X509_verify_cert_error_string(verified)};
  }
  return {Errc::unavailable, failure_.empty() ? "the peer ended TLS" : failure_};
}

std::string_view TlsChannel::version() const { return SSL_get_version(ssl_); }
std::string_view TlsChannel::cipher() const { return SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl_)); }
int TlsChannel::cipher_bits() const { return SSL_CIPHER_get_bits(SSL_get_current_cipher(ssl_), nullptr); }
bool TlsChannel::was_resumed() const { return SSL_session_reused(ssl_) == 1; }

std::string TlsChannel::sni() const {
  const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

std::string TlsChannel::alpn() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::optional<TlsPeerCertificate> TlsChannel::peer_certificate() const {
  X509* const certificate = SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr) return {};
  const long verified = SSL_get_verify_result(ssl_);
  return TlsPeerCertificate{name_text(X509_get_subject_name(certificate)), name_text(X509_get_issuer_name(certificate)),
                            to_hex(digest_of(certificate, EVP_sha256()).value_or("")), verified == X509_V_OK,
                            verified == X509_V_OK ? "" : X509_verify_cert_error_string(verified)};
}

// The first Finished message of the handshake: the connecting side's, or the accepting side's where a session was resumed.
std::string TlsChannel::first_finished() const {
  std::array<char, EVP_MAX_MD_SIZE> bytes{};
  const bool is_ours = is_accepting() == was_resumed();
  const std::size_t size = is_ours ? SSL_get_finished(ssl_, bytes.data(), bytes.size()) : SSL_get_peer_finished(ssl_, bytes.data(), bytes.size());
  return {bytes.data(), std::min(size, bytes.size())};
}

std::optional<std::string> TlsChannel::binding(Binding kind) const {
  if (kind == Binding::server_end_point) {
    return end_point_of(is_accepting() ? SSL_get_certificate(ssl_) : SSL_get0_peer_certificate(ssl_));
  }
  // RFC 9266 section 4.2: TLS 1.2 without the extended master secret binds nothing (the triple handshake).
  const bool is_tls12 = SSL_version(ssl_) < TLS1_3_VERSION;
  if (is_tls12 && SSL_get_extms_support(ssl_) != 1) return {};
  if (kind == Binding::unique) return is_tls12 ? std::optional(first_finished()) : std::nullopt;
  constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  std::array<unsigned char, 32> bytes{};
  const unsigned char no_context = 0;
  if (SSL_export_keying_material(ssl_, bytes.data(), bytes.size(), kLabel.data(), kLabel.size(), &no_context, 0, 1) != 1) return {};
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace telepost::adapters::net
