// TLS 1.2 and 1.3 for LineStream: whose word a connecting side takes, and what a session may know of a channel that stands.
// OpenSSL stays behind this header. Who we are on the accepting side: tls_identities.h.
//
// Both sides: no compression, no renegotiation, forward secrecy. A channel without traffic holds no record buffers: about
// 15 KiB of OpenSSL's state in all.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

struct ssl_st;
struct ssl_ctx_st;

namespace telepost::adapters::net {

class TlsIdentities;

// What a peer gets for its handshake, as accepting sides ask it: two round trips and a slow processor.
inline constexpr Duration kTlsHandshakeTimeout = std::chrono::seconds(30);

enum class TlsVersion : unsigned char { tls12, tls13 };

// What a connecting side asks of the certificate at the other end.
struct TlsExpectation {
  enum class Trust : unsigned char {
    anybody,   // opportunistic (RFC 7435): better than plain text, and no proof of anything; old algorithms pass as well
    verified,  // a chain to the authorities, in its time, for this name (RFC 6125; a wildcard as the whole first label)
  };
  std::string name;  // sent as SNI unless it is an IP address
  Trust trust = Trust::verified;
  TlsVersion minimum = TlsVersion::tls12;
};

// Whose certificates are believed. Made once and shared: reading the system's bundle takes tens of milliseconds.
// Immutable, any thread.
class TlsAuthorities {
 public:
  // A PEM file of certificates; "" takes the system's. Errors: not_found, invalid.
  static Result<std::shared_ptr<const TlsAuthorities>> open(const std::string& file = {});
  ~TlsAuthorities();
  TlsAuthorities(const TlsAuthorities&) = delete;
  TlsAuthorities& operator=(const TlsAuthorities&) = delete;

 private:
  friend class TlsChannel;
  explicit TlsAuthorities(ssl_ctx_st* context) : context_(context) {}
  ssl_ctx_st* const context_;
};

struct TlsPeerCertificate {
  std::string subject;      // "CN=mx.example.test" (RFC 2253)
  std::string issuer;
  std::string fingerprint;  // SHA-256 of its DER, lower-case hex
  bool is_verified = false; // as Trust::verified says, whatever was asked for
  std::string reason;       // why not: "self-signed certificate"; "" when it is
};

// One TLS connection, made and moved by LineStream, which shows it as tls() once the handshake is done.
class TlsChannel {
 public:
  enum class Binding : unsigned char {
    exporter,          // RFC 9266 "tls-exporter": TLS 1.3, or 1.2 with the extended master secret
    unique,            // RFC 5929 section 3 "tls-unique", the default of RFC 5802: TLS 1.2 with the extended master secret
    server_end_point,  // RFC 5929 section 4 "tls-server-end-point": a hash of the server's certificate
  };

  ~TlsChannel();
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  std::string_view version() const;  // "TLSv1.3", as RFC 8314 section 4.3 wants it in Received
  std::string_view cipher() const;   // "TLS_AES_256_GCM_SHA384"
  int cipher_bits() const;
  bool was_resumed() const;
  std::string sni() const;           // what the connecting side asked for; "" for nothing
  std::string alpn() const;          // "" when none was agreed
  std::optional<TlsPeerCertificate> peer_certificate() const;
  // The raw bytes for SCRAM (RFC 5802 section 6); nothing where the RFC allows none for this connection.
  std::optional<std::string> binding(Binding kind) const;

 private:
  friend class LineStream;
  enum class Step : unsigned char { done, want_read, want_write, closed, failed };
  explicit TlsChannel(ssl_st* ssl);
  // The socket stays the caller's. Errors: unavailable (out of memory), denied (no name to verify).
  static Result<std::unique_ptr<TlsChannel>> accepting(const TlsIdentities& identities, int socket);
  static Result<std::unique_ptr<TlsChannel>> connecting(const TlsAuthorities& authorities, const TlsExpectation& expected,
                                                        int socket);
  Step handshake();
  Step read(char* into, std::size_t room_bytes, std::size_t& size_bytes);
  Step write(std::string_view bytes, std::size_t& size_bytes);
  void shut_down();          // sends close_notify if it goes at once
  bool has_pending() const;  // what was received already and is not read yet
  Step step_of(int result);
  Error failure() const;     // of the last failed step: denied (not verified), unavailable
  bool is_accepting() const;
  std::string first_finished() const;

  ssl_st* const ssl_;
  std::shared_ptr<const void> identities_;  // the set that answers SNI
  std::string failure_;
};

}  // namespace telepost::adapters::net
