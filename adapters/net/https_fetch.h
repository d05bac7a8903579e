// Fetches small files by HTTPS and posts small bodies, with libcurl: verified certificates, no redirects, no cookies, bounded in size and
// time. The name is asked of our own resolver, and the address is looked at once more when it is connected to.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/net/awaitable.h"
#include "base/clock.h"
#include "base/result.h"
#include "schema/network.h"

namespace telepost::adapters::net {

class Resolver;

struct HttpsOptions {
  std::string authorities;                       // a PEM file; "" takes the system's
  Duration timeout = std::chrono::seconds(30);   // of one fetch, the name aside (RFC 8461 section 3.3 suggests a minute)
  Duration name_timeout = std::chrono::seconds(10);  // of each question for it, within dns.timeout
  std::uint16_t port = 443;
  std::size_t at_once = 8;                       // further ones wait
  std::size_t most_waiting = 100;                // and still further ones are not fetched
  schema::Networks refuse_networks = {};         // nothing is fetched from there: others write the names' addresses
};

struct HttpsPost {
  std::string host;                 // a name, or an IP address (IPv6 without brackets)
  std::uint16_t port = 443;
  std::string target;               // "/push?device=1"
  std::vector<std::string> fields;  // "TTL: 60"
  std::string body;
};
struct HttpsReply {
  unsigned status = 0;
  std::optional<Duration> retry_after;  // as it says (RFC 9110 section 10.2.3)
};

class HttpsFetch {
 public:
  static Result<std::unique_ptr<HttpsFetch>> start(Resolver& resolver, HttpsOptions options);
  ~HttpsFetch();  // after stop(); never on a loop
  // Breaks off what is under way, and what is asked for from now on: cancelled. Any thread.
  void stop();

  // The body of a 200 answer whose type is text. On any loop; the fetch itself runs on a thread of its own. Errors: not_found (any other
  // status), too_large, denied (the certificate), unavailable (no address that may be asked, too), timeout, cancelled, invalid (not
  // text/plain), busy (too many wait already: nobody was asked), and those of Resolver::look_up.
  Awaitable<Result<std::string>> get(std::string host, std::string path, std::size_t limit_bytes);

  // The answer's status, whatever it is; its body is not kept. Errors: denied (the certificate, or no address that may be asked),
  // unavailable, timeout, cancelled, busy, and those of Resolver::look_up.
  Awaitable<Result<HttpsReply>> post(HttpsPost request);

 private:
  struct Parts;
  explicit HttpsFetch(std::unique_ptr<Parts> parts);
  Awaitable<Result<std::string>> find_address(std::string host);  // denied: it has none that may be asked; and those of Resolver
  const std::unique_ptr<Parts> parts_;
};

}  // namespace telepost::adapters::net
