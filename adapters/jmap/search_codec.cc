#include "adapters/jmap/search_codec.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "transcoders/unicode.h"

namespace telepost::adapters::jmap {
namespace {

bool is_white_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Each run of white space as one space.
std::string single_spaced(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!is_white_space(c)) out.push_back(c);
    else if (out.empty() || out.back() != ' ') out.push_back(' ');
  }
  return out;
}

// "[list]" at the begin, where something stands behind it.
bool drop_blob(std::string_view& text) {
  if (!text.starts_with('[')) return false;
  const std::size_t end = text.find_first_of("[]", 1);
  if (end == std::string_view::npos || text[end] != ']' || trim(text.substr(end + 1)).empty()) return false;
  text = trim(text.substr(end + 1));
  return true;
}

// "Re:", "Fwd [2]:", with blobs before it.
bool drop_reply(std::string_view& text) {
  std::string_view rest = text;
  while (drop_blob(rest)) {}
  const std::string_view word = starts_with_ignoring_case(rest, "re") ? rest.substr(0, 2) : starts_with_ignoring_case(rest, "fwd") ? rest.substr(0, 3)
                                : starts_with_ignoring_case(rest, "fw") ? rest.substr(0, 2) : std::string_view();
  if (word.empty()) return false;
  rest = trim(rest.substr(word.size()));
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return false;
    rest = trim(rest.substr(end + 1));
  }
  if (!rest.starts_with(':')) return false;
  text = trim(rest.substr(1));
  return true;
}

}  // namespace

std::vector<SoughtPart> parts_of(std::string_view text) {
  std::vector<SoughtPart> parts;
  std::string part;
  char quote = '\0';
  const auto close = [&](bool is_quoted) {
    if (!part.empty()) parts.push_back({std::exchange(part, {}), is_quoted});
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && quote != '\0' && i + 1 < text.size()) part.push_back(text[++i]);
    else if (quote != '\0' ? c == quote : (c == '"' || c == '\'') && part.empty()) {
      close(quote != '\0');
      quote = quote == '\0' ? c : '\0';
    } else if (!is_white_space(c)) part.push_back(c);
    else if (quote == '\0') close(false);
    else if (!part.empty() && part.back() != ' ') part.push_back(' ');
  }
  close(quote != '\0');
  return parts;
}

Needle::Needle(std::string_view text) {
  for (const SoughtPart& part : parts_of(text)) parts_.push_back(transcoders::fold_case(part.text));
}

bool Needle::is_in(std::string_view text) const {
  const std::string folded = single_spaced(transcoders::fold_case(text));
  return std::all_of(parts_.begin(), parts_.end(), [&](const std::string& part) { return folded.find(part) != std::string::npos; });
}

std::string base_subject(std::string_view subject) {
  const std::string line = single_spaced(subject);
  std::string_view text = trim(line);
  for (bool again = true; again;) {
    again = false;
    while (text.size() >= 5 && equals_ignoring_case(text.substr(text.size() - 5), "(fwd)")) text = trim(text.substr(0, text.size() - 5));
    while (drop_reply(text) || drop_blob(text)) {}
    if (starts_with_ignoring_case(text, "[fwd:") && text.ends_with(']')) {
      text = trim(text.substr(5, text.size() - 6));
      again = true;
    }
  }
  return std::string(text);
}

}  // namespace telepost::adapters::jmap
