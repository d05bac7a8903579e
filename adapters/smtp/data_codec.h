// What follows DATA: undoes dot-stuffing and finds the end, in chunks of any size (RFC 5321 sections 4.1.1.4 and 4.5.2).
// Only <CRLF>.<CRLF> ends the data, the CRLF of the DATA command counting as the first. A CR without LF or a LF without
// CR ends neither line nor data, whatever stands around it: that is what SMTP smuggling lives on. What BDAT brings (RFC 3030)
// is counted instead, and kept as it is.
#pragma once

#include <cstdint>
#include <string_view>

namespace telepost::adapters::smtp {

// One message; one thread at a time. Any byte is content, NUL too (RFC 5321 section 2.4 allows all of ASCII).
class DataDecoder {
 public:
  // Takes bytes from the front of `input` and returns the next run of content: a view into `input` or of a constant,
  // empty when what was taken is none. Call it until input is empty or ended(). Preconditions: input is not empty,
  // !ended(). After the end `input` holds what belongs to the next command.
  std::string_view next(std::string_view& input);

  bool ended() const { return state_ == State::ended; }
  // A bare CR or LF was seen: the message must be refused once its end is reached.
  bool has_bare_line_end() const { return bare_; }

 private:
  enum class State : std::uint8_t { line_start, dot, dot_cr, text, cr, ended };
  std::string_view scan(std::string_view& input, std::size_t from);

  State state_ = State::line_start;
  bool bare_ = false;
};

// Looks for bare CR and LF in content that no decoder went over: it must not go on by DATA, where a server that takes one for
// a line's end could be made to see a message's end in it.
class LineEndWatch {
 public:
  void see(std::string_view content);
  void end() { bare_ = bare_ || cr_; }
  bool has_bare_line_end() const { return bare_; }

 private:
  bool cr_ = false;  // the last byte was a CR
  bool bare_ = false;
};

}  // namespace telepost::adapters::smtp
