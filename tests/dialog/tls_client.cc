#include "tests/dialog/tls_client.h"

#include <openssl/ssl.h>

namespace telepost::test {

std::unique_ptr<TlsClient> TlsClient::connect(int socket) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL* const ssl = SSL_new(context);
  std::unique_ptr<TlsClient> client(new TlsClient(context, ssl));
  SSL_set_fd(ssl, socket);
  return SSL_connect(ssl) == 1 ? std::move(client) : nullptr;
}

TlsClient::~TlsClient() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

bool TlsClient::write(std::string_view bytes) { return SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0; }
bool TlsClient::has_pending() const { return SSL_pending(ssl_) > 0; }
ssize_t TlsClient::read(char* into, std::size_t room_bytes) { return SSL_read(ssl_, into, static_cast<int>(room_bytes)); }

}  // namespace telepost::test
