#include "adapters/smtp/authentication/spf_macro.h"

#include <algorithm>
#include <vector>

#include "adapters/smtp/authentication/tag_list.h"

namespace telepost::adapters::smtp::authentication {
namespace {

constexpr std::string_view kLetters = "slodiphv";  // c, r and t are for explanations alone (section 7.2)
constexpr std::string_view kDelimiters = ".-+,/_=";
constexpr std::string_view kDigits = "0123456789";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// What stands between the braces.
std::optional<Macro> macro_from(std::string_view body) {
  if (body.empty() || !is_letter(body.front())) return std::nullopt;
  Macro macro;
  macro.escaped = body.front() < 'a';
  macro.letter = macro.escaped ? static_cast<char>(body.front() - 'A' + 'a') : body.front();
  if (kLetters.find(macro.letter) == std::string_view::npos) return std::nullopt;
  body.remove_prefix(1);
  const std::size_t digits = std::min(body.find_first_not_of(kDigits), body.size());
  if (digits > 0) {
    const std::optional<std::uint64_t> parts = number_from(body.substr(0, digits));
    if (!parts || *parts == 0) return std::nullopt;
    macro.parts = *parts;
    body.remove_prefix(digits);
  }
  if (body.starts_with('r') || body.starts_with('R')) {
    macro.reversed = true;
    body.remove_prefix(1);
  }
  if (body.find_first_not_of(kDelimiters) != std::string_view::npos) return std::nullopt;
  if (!body.empty()) macro.delimiters = body;
  return macro;
}

// toplabel of section 7.1: letters, digits and inner hyphens, and not digits alone.
bool is_top_label(std::string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == '-'; };
  return std::all_of(label.begin(), label.end(), allowed) && !std::all_of(label.begin(), label.end(), is_digit);
}

bool ends_with_macro(std::string_view text) {
  bool is_macro = false;
  while (!text.empty()) {
    const std::string_view before = text;
    const std::optional<MacroOrText> next = next_of_macro_string(text);
    if (!next) return false;
    is_macro = before.starts_with('%');
  }
  return is_macro;
}

std::string escaped(std::string_view value) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text;
  for (const char c : value) {
    const auto octet = static_cast<unsigned char>(c);
    if (is_letter(c) || is_digit(c) || std::string_view("-._~").find(c) != std::string_view::npos) text.push_back(c);
    else text.append({'%', kHex[octet >> 4], kHex[octet & 15]});
  }
  return text;
}

}  // namespace

std::optional<MacroOrText> next_of_macro_string(std::string_view& text) {
  if (!text.starts_with('%')) {
    const std::size_t size = std::min(text.find('%'), text.size());
    const std::string_view run = text.substr(0, size);
    if (std::any_of(run.begin(), run.end(), [](char c) { return c <= ' ' || c >= 0x7f; })) return std::nullopt;
    text.remove_prefix(size);
    return MacroOrText{std::nullopt, run};
  }
  if (text.size() < 2) return std::nullopt;
  const char kind = text[1];
  if (kind == '%' || kind == '_' || kind == '-') {
    text.remove_prefix(2);
    return MacroOrText{std::nullopt, kind == '%' ? "%" : kind == '_' ? " " : "%20"};
  }
  const std::size_t end = text.find('}');
  if (kind != '{' || end == std::string_view::npos) return std::nullopt;
  const std::optional<Macro> macro = macro_from(text.substr(2, end - 2));
  if (!macro) return std::nullopt;
  text.remove_prefix(end + 1);
  return MacroOrText{macro, {}};
}

bool is_macro_string(std::string_view text) {
  while (!text.empty()) {
    if (!next_of_macro_string(text)) return false;
  }
  return true;
}

bool is_domain_spec(std::string_view text) {
  if (text.empty() || !is_macro_string(text)) return false;
  if (ends_with_macro(text)) return true;
  if (text.ends_with('.')) text.remove_suffix(1);
  const std::size_t dot = text.rfind('.');
  return dot != std::string_view::npos && is_top_label(text.substr(dot + 1));
}

std::string transformed(const Macro& macro, std::string_view value) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find_first_of(macro.delimiters, begin), value.size());
    parts.push_back(value.substr(begin, end - begin));
    begin = end + 1;
  }
  if (macro.reversed) std::reverse(parts.begin(), parts.end());
  const std::size_t skipped = macro.parts != 0 && macro.parts < parts.size() ? parts.size() - macro.parts : 0;
  std::string text;
  for (std::size_t i = skipped; i < parts.size(); ++i) {
    if (i > skipped) text.push_back('.');
    text.append(parts[i]);
  }
  return macro.escaped ? escaped(text) : text;
}

}  // namespace telepost::adapters::smtp::authentication
