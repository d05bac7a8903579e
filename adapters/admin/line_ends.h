// Mail kept in files of Unix often ends its lines in LF; mail ends them in CRLF (RFC 5322 section 2.1).
#pragma once

#include <optional>
#include <string>

namespace telepost::adapters::admin {

// A file whose first line ends in LF alone gets CRLF throughout; any other passes unchanged, byte for byte.
class LineEnds {
 public:
  // The next bytes, converted; those before the first line end are held back until it comes.
  std::string convert(std::string bytes);
  std::string finish();  // what was still held back

 private:
  std::string held_;                // before the first line end is seen; bounded by kMaxFirstLine
  std::optional<bool> converting_;  // decided by the first line
  bool after_cr_ = false;           // the last byte given was a CR
};

}  // namespace telepost::adapters::admin
