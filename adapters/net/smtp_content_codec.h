// The bytes of a message on their way out by SMTP: what they are, and how they are written behind DATA so that the peer finds
// the end where we put it and nowhere else (RFC 5321 sections 2.3.8, 4.1.1.4 and 4.5.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace telepost::adapters::net {

inline constexpr std::size_t kMaxTextLine = 998;  // RFC 5321 section 4.5.3.1.6, without CRLF

// What decides how content may travel.
struct ContentTraits {
  std::uint64_t size_bytes = 0;
  std::size_t longest_line = 0;      // without its end
  bool eight_bit = false;            // a byte over 127: 8BITMIME or an encoding
  bool nul = false;                  // RFC 2045 section 2.8: neither 7bit nor 8bit, so binary
  bool bare_line_end = false;        // a CR or LF alone: binary too
  bool ends_in_crlf = false;
  bool eight_bit_header = false;     // before the first empty line: needs SMTPUTF8 (RFC 6532)

  // Neither DATA nor BODY=8BITMIME may carry it: BDAT with BODY=BINARYMIME (RFC 3030 section 3).
  bool binary() const { return nul || bare_line_end || longest_line > kMaxTextLine; }
  bool operator==(const ContentTraits&) const = default;
};

// One pass over a message in chunks of any size.
class ContentSurvey {
 public:
  void feed(std::string_view chunk);
  ContentTraits finish();  // once

 private:
  ContentTraits traits_;
  std::size_t line_ = 0;  // bytes since the last line end
  bool cr_ = false;       // the last byte was a CR
  void look_at_header(std::string_view chunk);
  unsigned header_end_ = 2;  // of CR LF CR LF, how many bytes were seen; what comes first may be the empty line itself
};
ContentTraits survey(std::string_view content);

// Writes a message behind DATA: a dot that begins a line is doubled, and the end is CRLF "." CRLF. Whatever was said of the
// content before, a bare CR or LF never gets through: some servers take it for a line's end, and a message could end early and
// begin another (SMTP smuggling).
class DotStuffer {
 public:
  // Appends the chunk as it is to be sent. invalid: a bare CR or LF, or a line over kMaxTextLine; nothing may be sent any more.
  Result<void> append(std::string& out, std::string_view chunk);
  // Appends the end of the data, behind a CRLF where the content ends without one. invalid: the content ends in a CR.
  Result<void> finish(std::string& out);

 private:
  bool line_start_ = true;
  bool cr_ = false;
  std::size_t line_ = 0;
};

}  // namespace telepost::adapters::net
