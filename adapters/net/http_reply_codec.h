// Replies as bytes (RFC 9112 sections 4 to 7).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "adapters/net/http_reply.h"

namespace telepost::adapters::net {

// RFC 9110 section 15: "Not Found"; "Unknown" for a number that has no name.
std::string_view reason_phrase(unsigned status);

struct HttpFraming {
  Time date;
  std::optional<std::uint64_t> size_bytes{};  // Content-Length; nothing: chunks, or up to the connection's end
  bool is_chunked = false;
  bool closes = false;
};

// The head of the reply, with `more` fields behind its own; its body is not looked at. Nothing of a value can end its line.
void append_head(std::string& out, const HttpReply& reply, const HttpFraming& framing, const HttpFields& more = {});
// 101, with the fields of the other protocol.
void append_switch(std::string& out, const HttpFields& fields);
// A piece of the body as one chunk; nothing for "", which would be its end.
void append_chunk(std::string& out, std::string_view piece);
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
// Whether a reply of that status has content at all (RFC 9110 section 6.4.1).
bool has_content(unsigned status);

}  // namespace telepost::adapters::net
