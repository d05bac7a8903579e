// Lines as text protocols send them: they end in CRLF and nothing else (RFC 5321 section 2.3.8, RFC 9051 section 2.2).
#pragma once

#include <cstddef>
#include <string_view>

namespace telepost::adapters::net {

struct LineScan {
  enum class Status : unsigned char {
    complete,    // size_bytes is the line's, CRLF included
    incomplete,  // no line end yet; read more
    bare,        // a CR without LF or a LF without CR stands before any CRLF
    too_long,    // more than the limit without a line end
  } status = Status::incomplete;
  std::size_t size_bytes = 0;
};

// Looks at the front of what is buffered. The limit counts CRLF. A CR that is the last byte decides nothing yet.
LineScan scan_line(std::string_view buffered, std::size_t limit_bytes);

}  // namespace telepost::adapters::net
