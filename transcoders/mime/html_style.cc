// Values of HTML attributes: style declarations and targets.
#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "transcoders/mime/html_sanitizer.h"

namespace telepost::transcoders::mime {
namespace {

constexpr std::size_t kMaxStyleBytes = 4096;
constexpr std::size_t kMaxDeclarations = 64;
constexpr std::size_t kMaxImageBytes = 256u << 10;  // of a data: image

constexpr auto kProperties = std::to_array<std::string_view>({
    "background", "background-color", "border", "border-bottom", "border-bottom-color", "border-bottom-style",
    "border-bottom-width", "border-collapse", "border-color", "border-left", "border-left-color", "border-left-style",
    "border-left-width", "border-radius", "border-right", "border-right-color", "border-right-style",
    "border-right-width", "border-spacing", "border-style", "border-top", "border-top-color", "border-top-style",
    "border-top-width", "border-width", "caption-side", "clear", "color", "direction", "display", "empty-cells",
    "float", "font", "font-family", "font-size", "font-style", "font-variant", "font-weight", "height",
    "letter-spacing", "line-height", "list-style-type", "margin", "margin-bottom", "margin-left", "margin-right",
    "margin-top", "max-height", "max-width", "min-width", "opacity", "overflow-wrap", "padding", "padding-bottom",
    "padding-left", "padding-right", "padding-top", "table-layout", "text-align", "text-decoration", "text-indent",
    "text-transform", "vertical-align", "visibility", "white-space", "width", "word-spacing", "word-wrap"});
static_assert(std::is_sorted(kProperties.begin(), kProperties.end()));

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_color_function(std::string_view name) {
  for (const std::string_view function : {"rgb", "rgba", "hsl", "hsla"}) {
    if (equals_ignoring_case(name, function)) return true;
  }
  return false;
}

// Words, numbers, colours and quoted names; the only functions are those of colours. A minus stands inside words alone:
// negative boxes would lie over what is beside them.
bool is_safe_value(std::string_view value) {
  std::size_t word = 0;
  bool quoted = false;
  bool call = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\'' && !call) quoted = !quoted;
    else if (is_letter(c) || c == '-') {
      if (c == '-' && !quoted && (i == word || !is_letter(value[i - 1]))) return false;
      continue;
    } else if (c == '(' && !quoted) {
      if (call || !is_color_function(value.substr(word, i - word))) return false;
      call = true;
    } else if (c == ')' && !quoted) {
      if (!std::exchange(call, false)) return false;
    } else if (!is_digit(c) && std::string_view(" #.,%!_").find(c) == std::string_view::npos) {
      return false;
    }
    word = i + 1;
  }
  return !quoted && !call && !value.empty() && value.size() <= 200;
}

std::string collapsed(std::string_view value) {
  std::string out;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) out.push_back(c == '"' ? '\'' : c);
    else if (!out.empty() && out.back() != ' ') out.push_back(' ');
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

// The scheme at the front, lower case; "" if there is none.
std::string scheme_of(std::string_view url) {
  const std::size_t end = url.find_first_of(":/?#");
  if (end == std::string_view::npos || end == 0 || url[end] != ':') return {};
  return to_lower(url.substr(0, end));
}

bool is_image_of_letters(std::string_view url) {
  if (url.size() > kMaxImageBytes) return false;
  for (const std::string_view type : {"png", "jpeg", "jpg", "gif", "webp"}) {
    const std::string prefix = "data:image/" + std::string(type) + ";base64,";
    if (!starts_with_ignoring_case(url, prefix)) continue;
    url.remove_prefix(prefix.size());
    return !url.empty() && std::all_of(url.begin(), url.end(), [](char c) {
      return is_letter(c) || is_digit(c) || c == '+' || c == '/' || c == '=';
    });
  }
  return false;
}

}  // namespace

std::string sanitize_style(std::string_view style) {
  if (style.size() > kMaxStyleBytes || style.find_first_of("\\@<>{}") != std::string_view::npos ||
      style.find("/*") != std::string_view::npos) {
    return {};
  }
  std::string out;
  std::size_t kept = 0;
  while (!style.empty() && kept < kMaxDeclarations) {
    const std::size_t end = std::min(style.find(';'), style.size());
    const std::string_view declaration = style.substr(0, end);
    style.remove_prefix(std::min(end + 1, style.size()));
    const std::size_t colon = declaration.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string name = to_lower(trim(declaration.substr(0, colon)));
    const std::string value = collapsed(declaration.substr(colon + 1));
    if (!std::binary_search(kProperties.begin(), kProperties.end(), name) || !is_safe_value(value)) continue;
    out += (out.empty() ? "" : "; ") + name + ": " + value;
    ++kept;
  }
  return out;
}

std::string sanitize_url(std::string_view url, UrlUse use) {
  std::string clean;
  for (const char c : trim(url)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) continue;  // browsers skip tabs and line ends anywhere
    if (clean.empty() && c == ' ') continue;
    if (std::string_view(" \"'<>`{}|^").find(c) == std::string_view::npos) {
      clean.push_back(c);
      continue;
    }
    constexpr std::string_view kHex = "0123456789ABCDEF";
    clean += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  if (clean.starts_with("//")) clean = "https:" + clean;
  if (use == UrlUse::image && starts_with_ignoring_case(clean, "data:")) return is_image_of_letters(clean) ? clean : "";
  if (clean.size() > kMaxUrlBytes || clean.find('\\') != std::string::npos) return {};
  const std::string scheme = scheme_of(clean);
  if (scheme == "http" || scheme == "https") return clean;
  if (use == UrlUse::image) return scheme == "cid" && clean.size() > 4 ? clean : "";
  for (const std::string_view allowed : {"mailto", "tel", "sms", "sip", "sips"}) {
    if (scheme == allowed) return clean;
  }
  return {};
}

}  // namespace telepost::transcoders::mime
