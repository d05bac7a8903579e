#include "adapters/smtp/authentication/authentication_results.h"

#include <algorithm>

#include "adapters/smtp/authentication/tag_list.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

constexpr std::size_t kMaxValue = 320;    // a whole address
constexpr std::size_t kMaxComment = 160;

// RFC 2045 section 5.1 token, and the "@" of an address (RFC 8601 section 2.2, pvalue).
bool needs_no_quotes(std::string_view value) {
  return !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return octet > ' ' && octet < 0x7f && std::string_view("()<>,;:\\\"/[]?=").find(c) == std::string_view::npos;
  });
}

// Without control characters, and ASCII where it is no UTF-8 (RFC 6532): it may have come from anybody's DNS.
std::string shown(std::string_view text) {
  const bool has_utf8 = is_valid_utf8(text);
  std::string visible;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < ' ' || octet == 0x7f) continue;
    visible.push_back(octet < 0x80 || has_utf8 ? c : '?');
  }
  return visible;
}

std::string quoted(std::string_view value) {
  if (needs_no_quotes(value)) return std::string(value);
  std::string text = "\"";
  for (const char c : shown(value)) {
    if (c == '"' || c == '\\') text.push_back('\\');
    text.push_back(c);
  }
  return text + "\"";
}

std::string comment_of(std::string_view words) {
  std::string text = " (";
  for (const char c : shown(words.substr(0, kMaxComment))) text.push_back(c == '(' || c == ')' || c == '\\' ? '\'' : c);
  return text + ")";
}

void append(std::string& field, const MethodResult& result) {
  field.append(";\r\n\t").append(result.method).append("=").append(result.result);
  if (!result.comment.empty()) field.append(comment_of(result.comment));
  std::size_t line = field.size() - field.rfind('\t');
  for (const MethodResult::Property& property : result.properties) {
    if (property.value.empty()) continue;
    const std::string text = std::string(property.name) + "=" + quoted(std::string_view(property.value).substr(0, kMaxValue));
    const bool folds = line + text.size() > 76;
    field.append(folds ? "\r\n\t " : " ").append(text);
    line = folds ? text.size() + 2 : line + text.size() + 1;
  }
}

// The authserv-id, unquoted; "" where there is none.
std::string authserv_id_of(std::string_view value) {
  const std::string bare = without_comments(value);
  const std::string_view text = trim(bare);
  if (!text.starts_with('"')) return std::string(text.substr(0, text.find_first_of("; \t\r\n")));
  std::string id;
  for (std::size_t i = 1; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    id.push_back(text[i]);
  }
  return id;
}

bool contains_ignoring_case(std::string_view text, std::string_view words) {
  return to_lower(text).find(to_lower(words)) != std::string::npos;
}

}  // namespace

std::string authentication_results(std::string_view authserv_id, const std::vector<MethodResult>& results, std::size_t forged) {
  std::string field = "Authentication-Results: " + quoted(authserv_id);
  if (forged > 0) {
    field += comment_of(std::to_string(forged) + (forged == 1 ? " field" : " fields") + " of this name that claimed to be ours removed");
  }
  for (const MethodResult& result : results) append(field, result);
  if (results.empty()) field += "; none";
  return field + "\r\n";
}

bool claims_to_be_ours(std::string_view value, std::string_view authserv_id) {
  const std::string id = trim(authserv_id_of(value)).empty() ? std::string() : authserv_id_of(value);
  if (equals_ignoring_case(id, authserv_id)) return true;
  const bool is_plain = !id.empty() && id.find_first_of("()\"\\") == std::string::npos && needs_no_quotes(id);
  return !is_plain && contains_ignoring_case(value, authserv_id);
}

bool reports_dmarc_pass(std::string_view value) {
  const std::string bare = without_comments(value);
  for (const std::string_view part : split(bare, ';')) {
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos || !equals_ignoring_case(trim(part.substr(0, equals)), "dmarc")) continue;
    const std::string_view result = trim(part.substr(equals + 1));
    if (equals_ignoring_case(result.substr(0, result.find_first_of(" \t\r\n")), "pass")) return true;
  }
  return false;
}

std::string without_comments(std::string_view text) {
  std::string bare;
  std::size_t depth = 0;
  bool in_quotes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' && i + 1 < text.size() && (depth > 0 || in_quotes)) {
      if (depth == 0) bare.append(text.substr(i, 2));
      ++i;
    } else if (depth > 0) {
      if (c == '(') ++depth;
      if (c == ')' && --depth == 0) bare.push_back(' ');
    } else if (c == '(' && !in_quotes) {
      depth = 1;
    } else {
      if (c == '"') in_quotes = !in_quotes;
      bare.push_back(c);
    }
  }
  return bare;
}

}  // namespace telepost::adapters::smtp::authentication
