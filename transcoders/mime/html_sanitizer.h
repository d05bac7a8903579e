// Foreign HTML made safe to show inside a page of ours.
//
// What comes out is a fragment of elements and attributes from an allow-list, written anew: every text and value
// escaped, every attribute quoted, no element whose content a browser reads by other rules (script, style, title,
// noscript, template, svg, math, select …), no comment, no id, class or name. So whatever tree another parser makes of
// it, it is one of these elements and nothing can run, style or name what is around it. Reading its own output changes
// nothing: what a second reading would change is read again, up to four times, and else becomes plain text.
//
// The parser is libxml2's (README.md, "Dependencies"); it never sees more than kMaxHtmlBytes, kMaxHtmlDepth open
// elements, or a dictionary of names over kMaxHtmlNameBytes, and what lies behind such a limit is left out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace telepost::transcoders::mime {

inline constexpr std::size_t kMaxHtmlBytes = 1u << 20;
inline constexpr std::size_t kMaxHtmlDepth = 256;
inline constexpr std::size_t kMaxHtmlNameBytes = 16u << 10;
inline constexpr std::size_t kMaxUrlBytes = 8u << 10;
inline constexpr std::size_t kMaxRemoteImages = 1000;

enum class RemoteImages : std::uint8_t {
  blocked,  // an <img> without src stands for each
  kept,     // for a reader who asked for them, or a proxy that rewrites what it finds in remote_images
};

struct SanitizedHtml {
  std::string html;
  std::vector<std::string> remote_images;  // http and https, in order, each once, blocked or kept
  std::vector<std::string> content_ids;    // of cid: images (RFC 2392), in order, each once; they stay as cid:
  bool truncated = false;                  // a limit was met
};

// html: UTF-8 text (decode_text). Links keep http, https, mailto, tel, sms and sip and open outside of the page; of
// styles stay declarations of text, colour and box whose values name nothing (sanitize_style).
SanitizedHtml sanitize_html(std::string_view html, RemoteImages images = RemoteImages::blocked);

// The safe declarations of a style attribute, "" if there are none. No url(), no position, no escapes, no comments.
std::string sanitize_style(std::string_view style);

// A link's or image's target without what browsers skip in it; "" unless its scheme is one of the allowed and it has at
// most kMaxUrlBytes. "//host/" becomes https.
enum class UrlUse : std::uint8_t { link, image };
std::string sanitize_url(std::string_view url, UrlUse use);

// Text as HTML: escaped, line ends as <br>.
std::string html_of_text(std::string_view text);

}  // namespace telepost::transcoders::mime
