#include "adapters/net/tls_context.h"

#include "base/assert.h"

namespace telepost::adapters::net {
namespace {

// Mozilla's "intermediate" list (Server Side TLS 5.7) without finite-field DHE, whose handshake costs us many times an ECDHE's
// and whom nobody needs that speaks TLS 1.2 with AEAD.
constexpr const char* kCiphers12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kCiphers13 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";
constexpr unsigned char kSessionContext[] = "telepost";

// A passphrase is never asked for on a terminal that is not there.
int no_passphrase(char*, int, int, void*) { return 0; }

ContextPtr context_with(const SSL_METHOD* method) {
  ContextPtr made(SSL_CTX_new(method));
  TELEPOST_ASSERT(made);
  SSL_CTX* const context = made.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // Buffers of 17 KiB each way go back whenever nothing waits in them: most connections are idle.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);  // one read takes a record's header and body
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  const bool known = SSL_CTX_set_ciphersuites(context, kCiphers13) == 1 && SSL_CTX_set1_groups_list(context, kGroups) == 1;
  TELEPOST_ASSERT(known);
  return made;
}

}  // namespace

ContextPtr accepting_context() {
  ContextPtr made = context_with(TLS_server_method());
  const bool known = SSL_CTX_set_cipher_list(made.get(), kCiphers12) == 1;
  TELEPOST_ASSERT(known);
  // Tickets instead of a cache: what a resumption needs lies with the peer.
  SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(made.get(), kSessionContext, sizeof kSessionContext - 1);
  SSL_CTX_set_num_tickets(made.get(), 1);
  return made;
}

// Any cipher that OpenSSL still calls sound: mail servers are old.
ContextPtr connecting_context() {
  ContextPtr made = context_with(TLS_client_method());
  const bool known = SSL_CTX_set_cipher_list(made.get(), "DEFAULT:!aNULL:!eNULL") == 1;
  TELEPOST_ASSERT(known);
  SSL_CTX_set_session_cache_mode(made.get(), SSL_SESS_CACHE_OFF);
  return made;
}

}  // namespace telepost::adapters::net
