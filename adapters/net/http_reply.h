// What a handler answers with.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/net/http_request.h"
#include "base/clock.h"
#include "base/result.h"

namespace telepost::adapters::net {

// What says whether a client's copy is still the same (RFC 9110 section 8.8).
struct HttpValidators {
  std::string etag{};                   // with its quotes: "\"m5-1\"" or "W/\"m5\""; "" for none
  std::optional<Time> last_modified{};  // whole seconds count
};

struct HttpReply {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";  // "" for none
  std::string body{};
  // Without Date, Content-Length, Transfer-Encoding, Connection, Content-Type, ETag, Last-Modified, and HttpServerOptions::fields,
  // which the server writes.
  // CR, LF and other control letters in a value become spaces.
  HttpFields fields{};
  // With status 200 to a GET the conditions of the request are judged by them: 304 or 412 leaves instead.
  HttpValidators validators{};
  // A whole body of text from 1 KiB to 512 KiB is packed for a client that takes gzip, unless `fields` have a Content-Encoding. What is
  // secret beside what a stranger chose should not be (BREACH).
  enum class Packing : unsigned char { allowed, never } packing = Packing::allowed;
  // Let go of once the reply has left, or cannot: what counts requests under way counts those whose replies nobody takes.
  std::shared_ptr<void> ticket{};
};

// RFC 9457: application/problem+json, of the type "about:blank", which has the status's phrase as its title.
HttpReply problem(unsigned status, std::string_view detail = {});
// The status of a failure, with its detail unless it is our own (io, corrupt), which the log tells.
HttpReply problem(const Error& error);
// invalid 400; refused, denied 403; not_found 404; timeout 408 (of a body that does not come); conflict, exists 409; too_large 413;
// too_many 429; io, corrupt 500; unsupported 501; busy, unavailable, cancelled 503; over_quota, disk_full 507.
unsigned http_status_of(Errc kind);

}  // namespace telepost::adapters::net
