// vCard as content lines (RFC 6350 section 3, RFC 6868): versions 3.0 and 4.0 in, 4.0 out. What the lines mean is told by
// adapters/jmap/vcard_reader.h and vcard_writer.h.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace telepost::adapters::jmap {

inline constexpr std::size_t kMostVcardLines = 2'000;               // of one card
inline constexpr std::size_t kMostVcardBytes = std::size_t{1} << 20;  // of one card

struct VcardLine {
  std::string group;  // "item1", "" for none
  std::string name;   // in capitals
  std::vector<std::pair<std::string, std::vector<std::string>>> parameters;  // names in capitals, values as they are meant
  std::string value;  // as it stands: escaped

  // Of a parameter that stands several times: all values. Empty: it is not there.
  std::vector<std::string> all(std::string_view parameter) const;
  std::string first(std::string_view parameter) const;  // "" where it is not there
};
using Vcard = std::vector<VcardLine>;  // without BEGIN, VERSION and END

// Takes cards off the text one by one.
class VcardReader {
 public:
  explicit VcardReader(std::string_view text) : rest_(text) {}
  bool is_done();  // nothing but blank lines is left
  std::size_t bytes_left() const { return rest_.size(); }
  // The next one; what is broken in it is behind it then. Errors: invalid (no card, or one that is broken), too_large, unsupported (its version).
  Result<Vcard> next();

 private:
  Result<std::string> next_line();  // unfolded
  std::string_view rest_;
};

// A text value: escapes undone, \n a line's end. And its parts where "," or ";" parts it: a list in a list.
std::string vcard_text(std::string_view value);
std::vector<std::string> vcard_list(std::string_view value, char separator);  // still escaped
std::vector<std::vector<std::string>> vcard_structure(std::string_view value);

std::string escaped_vcard_text(std::string_view text);

// A line with its end, folded at 75 bytes between characters.
std::string to_text(const VcardLine& line);

}  // namespace telepost::adapters::jmap
