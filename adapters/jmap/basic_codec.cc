#include "adapters/jmap/basic_codec.h"

#include <algorithm>

#include "base/bytes.h"

namespace telepost::adapters::jmap {
namespace {

constexpr std::size_t kMaxBytes = 512;

bool is_text(std::string_view text) {
  const bool controls = std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  return !text.empty() && text.size() <= kMaxBytes && !controls && is_valid_utf8(text);
}

}  // namespace

std::optional<BasicCredentials> basic_credentials_from(std::string_view field) {
  if (!starts_with_ignoring_case(field, "Basic ") || field.size() > 4 * kMaxBytes) return std::nullopt;
  const std::string_view token = trim(field.substr(6));
  if (token.find_first_of("\r\n") != std::string_view::npos) return std::nullopt;
  const Result<std::string> decoded = from_base64(token);
  const std::size_t colon = decoded.ok() ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return std::nullopt;
  BasicCredentials credentials{decoded->substr(0, colon), decoded->substr(colon + 1)};
  if (!is_text(credentials.name) || !is_text(credentials.password)) return std::nullopt;
  return credentials;
}

std::optional<std::string> bearer_token_from(std::string_view field) {
  if (!starts_with_ignoring_case(field, "Bearer ")) return std::nullopt;
  const std::string_view token = trim(field.substr(7));
  const std::size_t letters = std::min(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"), token.size());
  const bool fits = letters > 0 && token.size() <= kMaxBytes && token.find_first_not_of('=', letters) == std::string_view::npos;
  return fits ? std::optional<std::string>(token) : std::nullopt;
}

}  // namespace telepost::adapters::jmap
