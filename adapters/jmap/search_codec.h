// Texts as a search sees them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace telepost::adapters::jmap {

// A piece of a text that somebody looks for (section 4.4.1): what stands in quotes, or a word that does not.
struct SoughtPart {
  std::string text;
  bool is_quoted = false;
};
std::vector<SoughtPart> parts_of(std::string_view text);

// A text to look for (section 4.4.1): phrases in quotes and words, each to be found somewhere, without regard to case.
class Needle {
 public:
  explicit Needle(std::string_view text);
  bool is_in(std::string_view text) const;

 private:
  std::vector<std::string> parts_;  // folded
};

// The subject by which mails of a conversation stand together (RFC 5256 section 2.1).
std::string base_subject(std::string_view subject);

}  // namespace telepost::adapters::jmap
