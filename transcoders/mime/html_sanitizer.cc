#include "transcoders/mime/html_sanitizer.h"

#include <libxml/HTMLparser.h>
#include <libxml/SAX.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <utility>

#include "base/bytes.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/fields.h"

namespace telepost::transcoders::mime {
namespace {

constexpr int kReadings = 4;

bool is_one_of(std::string_view name, std::span<const std::string_view> sorted) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

constexpr auto kAllowed = std::to_array<std::string_view>({
    "a", "abbr", "acronym", "address", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite",
    "code", "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "font", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "img", "ins", "kbd", "li", "ol", "p", "pre", "q", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "tt", "u", "ul", "var", "wbr"});
constexpr auto kVoid = std::to_array<std::string_view>({"br", "col", "hr", "img", "wbr"});
// Gone with all that is in them.
constexpr auto kHidden = std::to_array<std::string_view>(
    {"applet", "audio", "canvas", "datalist", "frameset", "iframe", "math", "noembed", "noframes", "noscript", "object",
     "optgroup", "option", "plaintext", "portal", "script", "select", "style", "svg", "template", "textarea", "title",
     "video", "xmp"});
// Others are unwrapped; those that a browser lays out as blocks stay blocks.
constexpr auto kBlocks = std::to_array<std::string_view>(
    {"article", "aside", "body", "details", "dir", "fieldset", "figure", "footer", "form", "header", "main", "menu",
     "nav", "section"});

void append_escaped(std::string& out, std::string_view text, bool attribute) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += attribute ? "&quot;" : "\""; break;
      case '`': out += attribute ? "&#96;" : "`"; break;
      default: out.push_back(c); break;
    }
  }
}

bool is_number(std::string_view value) {
  if (value.ends_with('%')) value.remove_suffix(1);
  return !value.empty() && value.size() <= 6 &&
         std::all_of(value.begin(), value.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

// A word, a colour, a language, a list of fonts.
bool is_word(std::string_view value) {
  return !value.empty() && value.size() <= 100 && std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("#-+, ").find(c) != std::string_view::npos;
  });
}

constexpr auto kNumbers = std::to_array<std::string_view>({"border", "cellpadding", "cellspacing", "colspan", "height", "hspace", "rowspan", "size", "span", "start", "value", "vspace", "width"});
constexpr auto kWords = std::to_array<std::string_view>({"align", "bgcolor", "clear", "color", "dir", "face", "lang", "nowrap", "type", "valign"});
constexpr auto kTexts = std::to_array<std::string_view>({"abbr", "alt", "title"});

// Takes libxml2's events and writes what is allowed.
class Writer {
 public:
  Writer(SanitizedHtml& into, RemoteImages images) : into_(into), images_(images) {}

  void start(std::string_view raw_name, const xmlChar** attributes, xmlParserCtxtPtr parser) {
    if (open_.size() >= kMaxHtmlDepth) {
      into_.truncated = true;
      xmlStopParser(parser);
      return;
    }
    const std::string name = to_lower(raw_name);
    if (!std::exchange(framed_, true)) {
      open_.push_back({name, "", false});
      return;
    }
    Open open{name, "", hidden() || is_one_of(name, kHidden)};
    if (!open.hidden) {
      if (is_one_of(name, kAllowed)) open.written = name;
      else if (is_one_of(name, kBlocks)) open.written = "div";
      if (!open.written.empty()) write_start(open.written, attributes);
      if (is_one_of(open.written, kVoid)) open.written.clear();
    }
    open_.push_back(std::move(open));
  }

  void end(std::string_view raw_name) {
    const std::string name = to_lower(raw_name);
    const auto found = std::find_if(open_.rbegin(), open_.rend(), [&](const Open& open) { return open.name == name; });
    if (found == open_.rend()) return;
    close_to(static_cast<std::size_t>(open_.rend() - found) - 1);
  }

  void text(std::string_view text) {
    if (!hidden()) append_escaped(into_.html, to_text(text), false);
  }
  void finish() { close_to(0); }

 private:
  struct Open {
    std::string name;
    std::string written;  // "" if nothing was
    bool hidden;
  };

  bool hidden() const { return !open_.empty() && open_.back().hidden; }

  // The parser's entities may give characters that text may not hold.
  static std::string to_text(std::string_view text) {
    std::string clean(text);
    for (char& c : clean) {
      const bool control = static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t';
      if (control || c == 0x7f) c = ' ';
    }
    return clean;
  }

  void close_to(std::size_t size) {
    for (; open_.size() > size; open_.pop_back()) {
      if (!open_.back().written.empty()) into_.html += "</" + open_.back().written + ">";
    }
  }

  void attribute(std::string_view name, std::string_view value) {
    into_.html += ' ';
    into_.html += name;
    into_.html += "=\"";
    append_escaped(into_.html, to_text(value), true);
    into_.html += '"';
  }

  static void keep(std::vector<std::string>& list, std::string value) {
    if (list.size() < kMaxRemoteImages && std::find(list.begin(), list.end(), value) == list.end())
      list.push_back(std::move(value));
  }

  void image(std::string_view value) {
    std::string url = sanitize_url(value, UrlUse::image);
    if (url.empty()) return;
    const bool own = starts_with_ignoring_case(url, "cid:") || starts_with_ignoring_case(url, "data:");
    if (own || images_ == RemoteImages::kept) attribute("src", url);
    if (starts_with_ignoring_case(url, "cid:")) keep(into_.content_ids, url.substr(4));
    else if (!own) keep(into_.remote_images, std::move(url));
  }

  void link(std::string_view value) {
    const std::string url = sanitize_url(value, UrlUse::link);
    if (url.empty()) return;
    attribute("href", url);
    into_.html += " target=\"_blank\" rel=\"noopener noreferrer nofollow\"";
  }

  void write_start(const std::string& element, const xmlChar** attributes) {
    into_.html += "<" + element;
    for (; attributes != nullptr && attributes[0] != nullptr; attributes += 2) {
      const std::string name = to_lower(reinterpret_cast<const char*>(attributes[0]));
      const std::string_view value =
          attributes[1] == nullptr ? "" : reinterpret_cast<const char*>(attributes[1]);
      if (name == "href" && element == "a") link(value);
      else if (name == "src" && element == "img") image(value);
      else if (name == "style") {
        if (const std::string style = sanitize_style(value); !style.empty()) attribute(name, style);
      } else if ((is_one_of(name, kNumbers) && is_number(value)) || (is_one_of(name, kWords) && is_word(value)) ||
                 (is_one_of(name, kTexts) && value.size() <= 1000)) {
        attribute(name, value);
      }
    }
    into_.html += '>';
  }

  SanitizedHtml& into_;
  const RemoteImages images_;
  std::vector<Open> open_;
  bool framed_ = false;  // the element around it all, which is ours, was seen
};

struct Reading {
  Writer writer;
  xmlParserCtxtPtr parser;
};

std::string_view view(const xmlChar* text) { return reinterpret_cast<const char*>(text); }

void on_start(void* context, const xmlChar* name, const xmlChar** attributes) {
  auto& reading = *static_cast<Reading*>(context);
  reading.writer.start(view(name), attributes, reading.parser);
}
void on_end(void* context, const xmlChar* name) { static_cast<Reading*>(context)->writer.end(view(name)); }
void on_text(void* context, const xmlChar* text, int size) {
  static_cast<Reading*>(context)->writer.text({reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)});
}

void read_once(std::string_view html, RemoteImages images, SanitizedHtml& into) {
  [[maybe_unused]] static const bool ready = (xmlInitParser(), true);
  const std::unique_ptr<xmlParserCtxt, decltype(&xmlFreeParserCtxt)> parser(htmlNewParserCtxt(), &xmlFreeParserCtxt);
  if (parser == nullptr) throw std::bad_alloc();
  Reading reading{Writer(into, images), parser.get()};
  std::memset(parser->sax, 0, sizeof(*parser->sax));
  parser->sax->startElement = on_start;
  parser->sax->endElement = on_end;
  parser->sax->characters = on_text;
  parser->sax->ignorableWhitespace = on_text;
  parser->userData = &reading;
  xmlDictSetLimit(parser->dict, kMaxHtmlNameBytes);
  constexpr int kOptions = HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                           HTML_PARSE_NOIMPLIED | HTML_PARSE_NODEFDTD | HTML_PARSE_IGNORE_ENC;
  // Inside an element of its own, so that no paragraph is implied around bare text.
  const std::string framed = "<span>" + std::string(html) + "</span>";
  xmlDocPtr none = htmlCtxtReadMemory(parser.get(), framed.data(), static_cast<int>(framed.size()), nullptr, "UTF-8",
                                      kOptions);
  if (none != nullptr) xmlFreeDoc(none);
  if (parser->errNo == XML_ERR_NO_MEMORY) into.truncated = true;  // the dictionary's limit
  reading.writer.finish();
}

}  // namespace

SanitizedHtml sanitize_html(std::string_view html, RemoteImages images) {
  SanitizedHtml first;
  first.truncated = html.size() > kMaxHtmlBytes;
  read_once(truncate_utf8(html, kMaxHtmlBytes), images, first);
  for (int reading = 1; reading < kReadings; ++reading) {
    SanitizedHtml again;
    read_once(first.html, images, again);
    if (again.html == first.html) return first;
    first.html = std::move(again.html);
    first.truncated = first.truncated || again.truncated;
  }
  first.html = html_of_text(plain_text_of_html(first.html));
  return first;
}

std::string html_of_text(std::string_view text) {
  std::string html;
  html.reserve(text.size() + text.size() / 16);
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    std::string_view line = text.substr(0, newline);
    text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    append_escaped(html, line, false);
    if (newline != std::string_view::npos) html += "<br>\n";
  }
  return html;
}

}  // namespace telepost::transcoders::mime
