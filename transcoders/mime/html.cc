// HTML to text for previews: a walk, not a parser.
#include <array>
#include <charconv>
#include <utility>

#include "base/bytes.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {
namespace {

void append_code_point(std::string& out, std::uint32_t code) {
  const bool valid = code >= 0x20 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) && code != 0x7f;
  if (!valid) code = code == 9 || code == 10 || code == 13 ? ' ' : 0xfffd;
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
    return;
  }
  if (code < 0x800) {
    out.push_back(static_cast<char>(0xc0 | code >> 6));
  } else {
    if (code < 0x10000) {
      out.push_back(static_cast<char>(0xe0 | code >> 12));
    } else {
      out.push_back(static_cast<char>(0xf0 | code >> 18));
      out.push_back(static_cast<char>(0x80 | (code >> 12 & 0x3f)));
    }
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
  }
  out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
}

// The entity that begins with '&' at the front; its length, or 0 if it is none.
std::size_t take_entity(std::string_view html, std::string& out) {
  const std::size_t end = html.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 2) return 0;
  std::string_view name = html.substr(1, end - 1);
  if (name[0] == '#') {
    const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
    name.remove_prefix(hex ? 2 : 1);
    std::uint32_t code = 0;
    const auto [last, error] = std::from_chars(name.data(), name.data() + name.size(), code, hex ? 16 : 10);
    if (error != std::errc() || last != name.data() + name.size()) return 0;
    append_code_point(out, code);
    return end + 1;
  }
  constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kEntities = {{{"amp", "&"},
                                                                                        {"lt", "<"},
                                                                                        {"gt", ">"},
                                                                                        {"quot", "\""},
                                                                                        {"apos", "'"},
                                                                                        {"nbsp", " "},
                                                                                        {"copy", "©"},
                                                                                        {"reg", "®"},
                                                                                        {"euro", "€"},
                                                                                        {"hellip", "…"},
                                                                                        {"ndash", "–"},
                                                                                        {"mdash", "—"},
                                                                                        {"rsquo", "’"},
                                                                                        {"lsquo", "‘"},
                                                                                        {"shy", ""},
                                                                                        {"zwnj", ""}}};
  for (const auto& [entity, text] : kEntities) {
    if (name != entity) continue;
    out.append(text);
    return end + 1;
  }
  return 0;
}

// Where the text goes on after the tag or comment at position.
std::size_t skip_tag(std::string_view html, std::size_t position) {
  const auto behind = [&](std::string_view mark, std::size_t from) {
    const std::size_t found = html.find(mark, from);
    return found == std::string_view::npos ? html.size() : found + mark.size();
  };
  if (html.substr(position, 4) == "<!--") return behind("-->", position + 4);
  const std::size_t end = behind(">", position);
  for (const std::string_view hidden : {"style", "script", "title"}) {
    if (!starts_with_ignoring_case(html.substr(position + 1), hidden)) continue;
    for (std::size_t close = html.find("</", end); close != std::string_view::npos;
         close = html.find("</", close + 2)) {
      if (starts_with_ignoring_case(html.substr(close + 2), hidden)) return behind(">", close);
    }
    return html.size();
  }
  return end;
}

// Tags inside a word do not part it.
bool is_inline_tag(std::string_view tag) {
  if (tag.starts_with('/')) tag.remove_prefix(1);
  const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/>"));
  for (const std::string_view word :
       {"b", "i", "u", "a", "em", "strong", "span", "font", "small", "sup", "sub", "wbr"}) {
    if (equals_ignoring_case(name, word)) return true;
  }
  return false;
}

}  // namespace

std::string text_of_html(std::string_view html) {
  std::string text;
  text.reserve(html.size() / 2);
  for (std::size_t i = 0; i < html.size();) {
    const char next = i + 1 < html.size() ? html[i + 1] : ' ';
    const bool tag = html[i] == '<' && (next == '/' || next == '!' || next == '?' ||
                                        (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z'));
    if (tag) {
      if (!is_inline_tag(html.substr(i + 1, 16))) text.push_back(' ');
      i = skip_tag(html, i);
      continue;
    }
    const std::size_t entity = html[i] == '&' ? take_entity(html.substr(i), text) : 0;
    if (entity == 0) text.push_back(html[i]);
    i += entity == 0 ? 1 : entity;
  }
  return clean_text(text);
}

}  // namespace telepost::transcoders::mime
