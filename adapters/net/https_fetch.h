// Fetches small files by HTTPS, with libcurl: verified certificates, no redirects, no cookies, bounded in size and time. The
// name is asked of our own resolver, so that what we connect to is known.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "adapters/net/awaitable.h"
#include "base/clock.h"
#include "base/result.h"
#include "schema/network.h"

namespace telepost::adapters::net {

class Resolver;

struct HttpsOptions {
  std::string authorities;                       // a PEM file; "" takes the system's
  Duration timeout = std::chrono::seconds(30);   // of one fetch, the name aside (RFC 8461 section 3.3 suggests a minute)
  std::uint16_t port = 443;
  std::size_t at_once = 8;                       // further ones wait
  std::size_t most_waiting = 100;                // and still further ones are not fetched
  schema::Networks refuse_networks = {};         // nothing is fetched from there: others write the names' addresses
};

class HttpsFetch {
 public:
  static Result<std::unique_ptr<HttpsFetch>> start(Resolver& resolver, HttpsOptions options);
  ~HttpsFetch();  // after stop(); never on a loop
  // Breaks off what is under way, and what is asked for from now on: cancelled. Any thread.
  void stop();

  // The body of a 200 answer whose type is text. On any loop; the fetch itself runs on a thread of its own. Errors: not_found (any other
  // status), too_large, denied (the certificate), unavailable, timeout, cancelled, invalid (not text/plain),
  // busy (too many wait already: nobody was asked).
  Awaitable<Result<std::string>> get(std::string host, std::string path, std::size_t limit_bytes);

 private:
  struct Parts;
  explicit HttpsFetch(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace telepost::adapters::net
