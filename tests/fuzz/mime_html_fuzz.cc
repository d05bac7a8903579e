// Any HTML: what the sanitiser gives, read again by a scanner of its own, has no element, attribute or target but those that are
// harmless, and reading it again changes nothing. Plain text of the same HTML is text.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/html_sanitizer.h"

namespace {

using namespace telepost;
using namespace telepost::transcoders::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_name(std::string_view name) {
  for (const char c : name) {
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9')) return false;
  }
  return !name.empty();
}

void require_attribute(std::string_view element, std::string_view name, std::string_view value) {
  constexpr auto kPlain = std::to_array<std::string_view>(
      {"abbr", "align", "alt", "bgcolor", "border", "cellpadding", "cellspacing", "clear", "color", "colspan", "dir", "face",
       "height", "hspace", "lang", "nowrap", "rel", "rowspan", "size", "span", "start", "target", "title", "type", "valign",
       "value", "vspace", "width"});
  for (const std::string_view plain : kPlain) {
    if (name == plain) return;
  }
  if (name == "href") {
    require(element == "a");
    bool allowed = false;
    for (const std::string_view scheme : {"http:", "https:", "mailto:", "tel:", "sms:", "sip:", "sips:"}) {
      allowed = allowed || starts_with_ignoring_case(value, scheme);
    }
    require(allowed);
  } else if (name == "src") {  // nothing that is fetched: the images are blocked
    require(element == "img" && (starts_with_ignoring_case(value, "cid:") || starts_with_ignoring_case(value, "data:image/")));
  } else {
    require(name == "style");
    for (const std::string_view bad : {"url(", "expression(", "\\", "/*", "@", "position:", "binding:", "behavior:"}) {
      require(to_lower(value).find(bad) == std::string::npos);
    }
  }
}

// A start tag: "<name attr="value" …>", every '<' and '>' of which is markup, since text has none.
std::size_t check_start(std::string_view html, std::size_t at) {
  constexpr auto kBanned = std::to_array<std::string_view>(
      {"script", "style", "iframe", "object", "embed", "applet", "base", "meta", "link", "svg", "math", "form", "input", "title",
       "template", "noscript", "textarea", "xmp", "plaintext", "select", "video", "audio", "frame", "frameset", "html", "body",
       "head", "noembed", "noframes", "option", "button"});
  const std::size_t name_end = html.find_first_of(" >", at + 1);
  require(name_end != std::string_view::npos);
  const std::string_view element = html.substr(at + 1, name_end - at - 1);
  require(is_name(element));
  for (const std::string_view banned : kBanned) require(element != banned);
  std::size_t i = name_end;
  while (html[i] == ' ') {
    const std::size_t equals = html.find("=\"", i);
    require(equals != std::string_view::npos);
    const std::size_t close = html.find('"', equals + 2);
    require(close != std::string_view::npos && close + 1 < html.size());
    const std::string_view value = html.substr(equals + 2, close - equals - 2);
    require(value.find_first_of("<>`") == std::string_view::npos);
    require_attribute(element, html.substr(i + 1, equals - i - 1), value);
    i = close + 1;
  }
  require(html[i] == '>');
  return i + 1;
}

void check_output(std::string_view html) {
  for (std::size_t i = 0; i < html.size();) {
    if (html[i] == '>') require(false);
    if (html[i] != '<') {
      ++i;
      continue;
    }
    require(i + 1 < html.size());
    if (html[i + 1] == '/') {
      const std::size_t end = html.find('>', i);
      require(end != std::string_view::npos && is_name(html.substr(i + 2, end - i - 2)));
      i = end + 1;
    } else {
      i = check_start(html, i);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string html = to_utf8({reinterpret_cast<const char*>(data), size}, "utf-8");
  const SanitizedHtml clean = sanitize_html(html);
  require(is_valid_utf8(clean.html));
  check_output(clean.html);
  require(sanitize_html(clean.html).html == clean.html);
  require(sanitize_html(sanitize_html(html, RemoteImages::kept).html).remote_images == clean.remote_images);
  require(is_valid_utf8(plain_text_of_html(html)) && is_valid_utf8(text_of_html(html)));
  check_output(html_of_text(html));
  return 0;
}
