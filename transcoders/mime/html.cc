// HTML to text: a walk, not a parser, since what comes out is never markup again.
#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <utility>

#include "base/bytes.h"
#include "transcoders/mime/charset.h"
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
  constexpr auto kEntities = std::to_array<std::pair<std::string_view, std::string_view>>(
     {{"amp", "&"}, {"lt", "<"}, {"gt", ">"}, {"quot", "\""}, {"apos", "'"}, {"nbsp", " "}, {"copy", "©"},
      {"reg", "®"}, {"trade", "™"}, {"euro", "€"}, {"pound", "£"}, {"hellip", "…"}, {"ndash", "–"},
      {"mdash", "—"}, {"rsquo", "’"}, {"lsquo", "‘"}, {"rdquo", "”"}, {"ldquo", "“"}, {"bdquo", "„"},
      {"laquo", "«"}, {"raquo", "»"}, {"bull", "•"}, {"middot", "·"}, {"deg", "°"}, {"times", "×"},
      {"sect", "§"}, {"auml", "ä"}, {"ouml", "ö"}, {"uuml", "ü"}, {"Auml", "Ä"}, {"Ouml", "Ö"},
      {"Uuml", "Ü"}, {"szlig", "ß"}, {"eacute", "é"}, {"egrave", "è"}, {"ecirc", "ê"}, {"agrave", "à"},
      {"aacute", "á"}, {"acirc", "â"}, {"ccedil", "ç"}, {"ntilde", "ñ"}, {"oacute", "ó"}, {"iacute", "í"},
      {"uacute", "ú"}, {"aring", "å"}, {"oslash", "ø"}, {"aelig", "æ"}, {"ensp", " "}, {"emsp", " "},
      {"thinsp", " "}, {"shy", ""}, {"zwnj", ""}, {"zwj", ""}, {"lrm", ""}, {"rlm", ""}});
  for (const auto& [entity, text] : kEntities) {
    if (name != entity) continue;
    out.append(text);
    return end + 1;
  }
  return 0;
}

std::string_view name_of_tag(std::string_view tag) {
  if (tag.starts_with('/')) tag.remove_prefix(1);
  return tag.substr(0, tag.find_first_of(" \t\r\n/>"));
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  for (const std::string_view each : names) {
    if (equals_ignoring_case(name, each)) return true;
  }
  return false;
}

// Behind the '>' that ends the tag at position: one inside a quoted value of ordinary length does not.
std::size_t end_of_tag(std::string_view html, std::size_t position) {
  constexpr std::size_t kLookAhead = 4096;
  for (std::size_t i = position + 1; i < std::min(html.size(), position + kLookAhead); ++i) {
    if (html[i] == '>') return i + 1;
    if ((html[i] != '"' && html[i] != '\'') || html[i - 1] != '=') continue;
    const std::size_t close = html.substr(0, std::min(html.size(), position + kLookAhead)).find(html[i], i + 1);
    if (close == std::string_view::npos) break;
    i = close;
  }
  const std::size_t end = html.find('>', position);
  return end == std::string_view::npos ? html.size() : end + 1;
}

// Where the text goes on after the tag or comment at position.
std::size_t skip_tag(std::string_view html, std::size_t position) {
  if (html.substr(position, 4) == "<!--") {
    const std::size_t end = html.find("-->", position + 4);
    return end == std::string_view::npos ? html.size() : end + 3;
  }
  const std::size_t end = end_of_tag(html, position);
  const std::string_view name = name_of_tag(html.substr(position + 1, 16));
  if (html[position + 1] == '/' || !is_one_of(name, {"style", "script", "title", "template", "textarea", "svg"})) return end;
  for (std::size_t close = html.find("</", end); close != std::string_view::npos; close = html.find("</", close + 2)) {
    if (starts_with_ignoring_case(html.substr(close + 2), name)) return end_of_tag(html, close);
  }
  return html.size();
}

// Tags inside a word do not part it.
bool is_inline_tag(std::string_view name) {
  return is_one_of(name, {"b", "i", "u", "a", "em", "strong", "span", "font", "small", "sup", "sub", "wbr", "img", "o:p",
                          "code", "tt", "s", "abbr"});
}

// Line ends that an element's begin and end stand for.
std::size_t lines_of_tag(std::string_view name) {
  if (is_one_of(name, {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "blockquote", "pre", "hr"})) return 2;
  if (is_one_of(name, {"br", "div", "tr", "li", "dt", "dd", "center", "section", "article", "header", "footer", "body",
                       "address", "form", "head"})) return 1;
  return 0;
}

bool begins_tag(std::string_view html, std::size_t i) {
  const char next = i + 1 < html.size() ? html[i + 1] : ' ';
  return html[i] == '<' && (next == '/' || next == '!' || next == '?' || (next >= 'a' && next <= 'z') ||
                            (next >= 'A' && next <= 'Z'));
}

// Words and line ends as they come; white space between them once.
class Lines {
 public:
  explicit Lines(std::string& out) : out_(out) {}
  void character(char c) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (blank && !preformatted_) {
      space_ = true;
      return;
    }
    if (preformatted_ && c == '\n') return line_end(newlines_ + 1);
    if (preformatted_ && c == '\r') return;
    settle();
    out_.push_back(c);
  }
  void text(std::string_view bytes) {
    settle();
    out_.append(bytes);
  }
  void tag(std::string_view name, bool closes) {
    if (equals_ignoring_case(name, "br")) line_end(newlines_ + 1);
    else if (const std::size_t lines = lines_of_tag(name); lines > 0) line_end(std::max(newlines_, lines));
    else if (!is_inline_tag(name)) space_ = true;
    if (equals_ignoring_case(name, "li") && !closes) text("- ");
    if (equals_ignoring_case(name, "pre")) preformatted_ = !closes;
  }

 private:
  void line_end(std::size_t newlines) {
    newlines_ = std::min<std::size_t>(newlines, preformatted_ ? 64 : 2);
    space_ = false;
  }
  void settle() {
    if (!out_.empty() && newlines_ > 0) out_.append(newlines_, '\n');
    else if (!out_.empty() && space_ && !out_.ends_with("- ")) out_.push_back(' ');
    newlines_ = 0;
    space_ = false;
  }
  std::string& out_;
  std::size_t newlines_ = 0;
  bool space_ = false;
  bool preformatted_ = false;
};

}  // namespace

std::string plain_text_of_html(std::string_view html) {
  std::string text;
  text.reserve(html.size() / 2);
  Lines lines(text);
  std::string entity;
  for (std::size_t i = 0; i < html.size();) {
    if (begins_tag(html, i)) {
      lines.tag(name_of_tag(html.substr(i + 1, 16)), html[i + 1] == '/');
      i = skip_tag(html, i);
      continue;
    }
    entity.clear();
    const std::size_t size = html[i] == '&' ? take_entity(html.substr(i), entity) : 0;
    if (size == 0) lines.character(html[i]);
    else if (entity == " ") lines.character(' ');
    else lines.text(entity);
    i += size == 0 ? 1 : size;
  }
  if (!text.empty()) text.push_back('\n');
  return to_utf8(text, "utf-8");
}

std::string text_of_html(std::string_view html) {
  std::string text;
  text.reserve(html.size() / 2);
  for (std::size_t i = 0; i < html.size();) {
    if (begins_tag(html, i)) {
      if (!is_inline_tag(name_of_tag(html.substr(i + 1, 16)))) text.push_back(' ');
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
