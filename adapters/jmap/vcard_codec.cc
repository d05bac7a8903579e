#include "adapters/jmap/vcard_codec.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/unicode.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kFoldBytes = 75;

std::string to_upper(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 100 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// RFC 6868: what a quoted value cannot hold itself.
std::string without_carets(std::string_view text) {
  std::string meant;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '^' && i + 1 < text.size() ? text[i + 1] : '\0';
    if (next == 'n' || next == '^' || next == '\'') {
      meant.push_back(next == 'n' ? '\n' : next == '^' ? '^' : '"');
      ++i;
    } else {
      meant.push_back(text[i]);
    }
  }
  return meant;
}

std::string with_carets(std::string_view text) {
  std::string written;
  for (const char c : text) {
    if (c == '^') written += "^^";
    else if (c == '"') written += "^'";
    else if (c == '\n') written += "^n";
    else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t') written.push_back(c);
  }
  return written;
}

// Up to one of `ends` outside of quotes.
std::size_t end_of(std::string_view text, std::string_view ends) {
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') is_quoted = !is_quoted;
    else if (!is_quoted && ends.find(text[i]) != std::string_view::npos) return i;
  }
  return std::string_view::npos;
}

std::string unquoted(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
  return without_carets(value);
}

Result<VcardLine> line_of(std::string_view text) {
  const std::size_t colon = end_of(text, ":");
  if (colon == std::string_view::npos) return {Errc::invalid, "a line without a colon"};
  VcardLine line;
  line.value = std::string(text.substr(colon + 1));
  std::string_view head = text.substr(0, colon);
  std::size_t end = std::min(end_of(head, ";"), head.size());
  std::string_view name = head.substr(0, end);
  if (const std::size_t dot = name.find('.'); dot != std::string_view::npos) {
    line.group = std::string(name.substr(0, dot));
    name.remove_prefix(dot + 1);
    if (!is_name(line.group)) return {Errc::invalid, "a group with a name that is none"};
  }
  if (!is_name(name)) return {Errc::invalid, "a property with a name that is none"};
  line.name = to_upper(name);
  while (end < head.size()) {
    head.remove_prefix(end + 1);
    end = std::min(end_of(head, ";"), head.size());
    std::string_view parameter = head.substr(0, end);
    const std::size_t equals = parameter.find('=');
    // Version 2.1 has types alone, and so have files of version 3.0 by programs that never forgot it.
    auto& [key, values] = line.parameters.emplace_back(equals == std::string_view::npos ? "TYPE" : to_upper(trim(parameter.substr(0, equals))), std::vector<std::string>());
    if (!is_name(key)) return {Errc::invalid, "a parameter with a name that is none"};
    std::string_view rest = equals == std::string_view::npos ? parameter : parameter.substr(equals + 1);
    for (std::size_t comma = 0; comma != std::string_view::npos;) {
      comma = end_of(rest, ",");
      values.push_back(unquoted(trim(rest.substr(0, comma))));
      if (comma != std::string_view::npos) rest.remove_prefix(comma + 1);
    }
  }
  return line;
}

}  // namespace

std::vector<std::string> VcardLine::all(std::string_view parameter) const {
  std::vector<std::string> values;
  for (const auto& [key, more] : parameters) {
    if (key == parameter) values.insert(values.end(), more.begin(), more.end());
  }
  return values;
}

std::string VcardLine::first(std::string_view parameter) const {
  const auto values = all(parameter);
  return values.empty() ? std::string() : values.front();
}

bool VcardReader::is_done() {
  const std::size_t begin = rest_.find_first_not_of(" \t\r\n");
  rest_.remove_prefix(std::min(begin, rest_.size()));
  return rest_.empty();
}

Result<std::string> VcardReader::next_line() {
  std::string line;
  for (bool is_first = true; !rest_.empty() && (is_first || rest_.front() == ' ' || rest_.front() == '\t'); is_first = false) {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view piece = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (piece.ends_with('\r')) piece.remove_suffix(1);
    if (!is_first) piece.remove_prefix(1);
    if (line.size() + piece.size() > kMostVcardBytes) return {Errc::too_large, "a vCard has at most 1 MiB"};
    line += piece;
  }
  return line;
}

Result<Vcard> VcardReader::next() {
  if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
  Vcard card;
  std::string version;
  std::optional<Error> fault;
  std::size_t bytes = 0;
  bool has_begun = false;
  bool is_skipping = false;  // what stands before a card and is none
  while (!is_done()) {
    const std::string_view from = rest_;
    Result<std::string> text = next_line();
    if (!text.ok()) {
      fault = text.error();
      continue;
    }
    bytes += text->size();
    if (equals_ignoring_case(trim(*text), "BEGIN:VCARD")) {
      if (is_skipping) rest_ = from;
      if (is_skipping) break;
      if (has_begun) fault = Error{Errc::invalid, "a card within a card"};
      has_begun = true;
      continue;
    }
    is_skipping = is_skipping || !has_begun;
    if (is_skipping) continue;
    if (equals_ignoring_case(trim(*text), "END:VCARD")) {
      if (fault) return *fault;
      if (version == "3.0" || version == "4.0") return card;
      return {Errc::unsupported, "a vCard of version '" + version.substr(0, 20) + "'"};
    }
    if (bytes > kMostVcardBytes || card.size() >= kMostVcardLines) fault = Error{Errc::too_large, "a vCard has at most 1 MiB and 2,000 lines"};
    if (fault) continue;
    Result<VcardLine> line = is_valid_utf8(*text) ? line_of(*text) : Result<VcardLine>(Errc::invalid, "a line that is no UTF-8");
    if (!line.ok()) fault = line.error();
    else if (line->name == "VERSION") version = std::string(trim(line->value));
    else card.push_back(*std::move(line));
  }
  return {Errc::invalid, is_skipping ? "text that is no vCard" : "a vCard without its end"};
}

std::string vcard_text(std::string_view value) {
  std::string text;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] != '\\' || i + 1 == value.size()) text.push_back(value[i]);
    else if (++i; value[i] == 'n' || value[i] == 'N') text.push_back('\n');
    else text.push_back(value[i]);
  }
  return text;
}

std::vector<std::string> vcard_list(std::string_view value, char separator) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size()) parts.back().append(value.substr(i++, 2));
    else if (value[i] == separator) parts.emplace_back();
    else parts.back().push_back(value[i]);
  }
  return parts;
}

std::vector<std::vector<std::string>> vcard_structure(std::string_view value) {
  std::vector<std::vector<std::string>> structure;
  for (const std::string& part : vcard_list(value, ';')) {
    std::vector<std::string>& texts = structure.emplace_back();
    for (const std::string& text : vcard_list(part, ',')) texts.push_back(vcard_text(text));
  }
  return structure;
}

std::string escaped_vcard_text(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == ',' || c == ';') escaped.push_back('\\');
    if (c == '\n') escaped += "\\n";
    else if (c != '\r') escaped.push_back(c);
  }
  return escaped;
}

std::string to_text(const VcardLine& line) {
  std::string text = line.group.empty() ? line.name : line.group + "." + line.name;
  for (const auto& [name, values] : line.parameters) {
    text += ";" + name + "=";
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string value = with_carets(values[i]);
      const bool is_plain = !value.empty() && value.find_first_of(":;, \t\\") == std::string::npos;
      text += (i == 0 ? "" : ",") + (is_plain ? value : "\"" + value + "\"");
    }
  }
  text += ":" + line.value;
  std::string folded;
  std::size_t in_line = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t size = std::max<std::size_t>(first_character(std::string_view(text).substr(i)).size_bytes, 1);
    if (in_line + size > kFoldBytes) {
      folded += "\r\n ";
      in_line = 1;
    }
    folded.append(text, i, size);
    in_line += size;
    i += size;
  }
  return folded + "\r\n";
}

}  // namespace telepost::adapters::jmap
