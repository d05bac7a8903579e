// A web server for tests: files by host and path over TLS on a free loopback port. One request for each connection; what it reads and
// writes is its own, independent of the code under test.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "adapters/net/io_threads.h"
#include "adapters/net/listener.h"
#include "adapters/net/session_group.h"
#include "adapters/net/tls_identities.h"
#include "base/clock.h"

namespace telepost::test {

// Any thread.
class HttpsServer {
 public:
  struct File {
    std::string body;
    std::string status = "200 OK";
    std::string more = "Content-Type: text/plain\r\n";  // header lines
  };

  explicit HttpsServer(std::shared_ptr<const adapters::net::TlsIdentities> identities);
  ~HttpsServer();
  std::uint16_t port() const { return port_; }
  void serve(const std::string& host, const std::string& path, File file);
  unsigned requests(const std::string& host) const;

 private:
  class Session;
  std::string answer(const std::string& request);

  const std::shared_ptr<const adapters::net::TlsIdentities> identities_;
  SystemClock clock_;
  mutable std::mutex mutex_;
  std::map<std::string, File> files_;          // guarded by mutex_; by host and path
  std::map<std::string, unsigned> requests_;   // the same; by host
  std::uint16_t port_ = 0;
  adapters::net::IoThreads threads_{1, clock_};
  adapters::net::SessionGroup sessions_;
  std::unique_ptr<adapters::net::Listener> listener_;
};

}  // namespace telepost::test
