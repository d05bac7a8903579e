// The connecting side of TLS on a blocking socket, with OpenSSL alone: none of the program's own code stands between the test
// and the wire. It believes any certificate.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string_view>

struct ssl_st;
struct ssl_ctx_st;

namespace telepost::test {

class TlsClient {
 public:
  // Shakes hands. Null: it failed.
  static std::unique_ptr<TlsClient> connect(int socket);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool write(std::string_view bytes);
  bool has_pending() const;                       // read() will not wait
  ssize_t read(char* into, std::size_t room_bytes);  // 0 or less: the end

 private:
  TlsClient(ssl_ctx_st* context, ssl_st* ssl) : context_(context), ssl_(ssl) {}
  ssl_ctx_st* const context_;
  ssl_st* const ssl_;
};

}  // namespace telepost::test
