// Content of a known size, sent as the request wants it: conditions (RFC 9110 section 13), one range or several (section 14), HEAD, or
// all of it; in bounded memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "adapters/net/http_exchange.h"

namespace telepost::adapters::net {

struct HttpContent {
  std::uint64_t size_bytes = 0;
  std::string content_type;
  HttpValidators validators{};
  HttpFields fields{};  // of every reply but 412 and 416: Content-Disposition, Cache-Control …
  // Some of it from that byte on, at least one byte, and never empty before the end.
  std::function<Awaitable<Result<std::string>>(std::uint64_t from_byte, std::size_t most_bytes)> read;
};

// Only for GET and HEAD. Returns what is left for the handler to return: a reply without content (304, 412, 416), or nothing when
// all was sent. A read that fails after the head left breaks the connection off.
Awaitable<std::optional<HttpReply>> send_content(HttpExchange& exchange, HttpContent& content);

}  // namespace telepost::adapters::net
