#include "adapters/net/http_field_codec.h"

#include <algorithm>

#include "adapters/net/http_request.h"
#include "base/bytes.h"

namespace telepost::adapters::net {
namespace {

bool is_token_letter(char c) {
  return is_alphanumeric(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

// "0", "0.5", "0.125", "1", "1.000".
std::optional<unsigned> weight_of(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return {};
  if (text.size() > 1 && text[1] != '.') return {};
  unsigned weight = text[0] == '1' ? 1000 : 0;
  unsigned step = 100;
  for (const char c : text.substr(std::min<std::size_t>(text.size(), 2))) {
    if (c < '0' || c > '9') return {};
    weight += step * static_cast<unsigned>(c - '0');
    step /= 10;
  }
  if (weight > 1000) return {};
  return weight;
}

// Whatever the name is.
std::optional<WeightedToken> weighted(std::string_view element) {
  const std::size_t semicolon = element.find(';');
  WeightedToken made{trim(element.substr(0, semicolon)), 1000};
  if (semicolon == std::string_view::npos) return made;
  const std::string_view parameter = trim(element.substr(semicolon + 1));
  if (!starts_with_ignoring_case(parameter, "q=")) return {};
  const std::optional<unsigned> weight = weight_of(parameter.substr(2));
  if (!weight) return {};
  made.weight = *weight;
  return made;
}

}  // namespace

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool is_http_token(std::string_view text) { return !text.empty() && std::all_of(text.begin(), text.end(), is_token_letter); }

std::vector<std::string_view> http_list(std::string_view value) {
  std::vector<std::string_view> elements;
  bool is_quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= value.size(); ++i) {
    if (i < value.size() && value[i] == '"') is_quoted = !is_quoted;
    if (is_quoted && i < value.size() && value[i] == '\\') ++i;
    if (i < value.size() && (is_quoted || value[i] != ',')) continue;
    if (const std::string_view element = trim(value.substr(begin, i - begin)); !element.empty()) elements.push_back(element);
    begin = i + 1;
    if (begin > value.size()) break;
  }
  return elements;
}

std::optional<WeightedToken> weighted_token(std::string_view element) {
  const std::optional<WeightedToken> made = weighted(element);
  return made && is_http_token(made->name) ? made : std::nullopt;
}

std::optional<WeightedToken> weighted_media_range(std::string_view element) {
  const std::optional<WeightedToken> made = weighted(element);
  if (!made) return {};
  const std::size_t slash = made->name.find('/');
  if (slash == std::string_view::npos) return {};
  return is_http_token(made->name.substr(0, slash)) && is_http_token(made->name.substr(slash + 1)) ? made : std::nullopt;
}

std::optional<std::string> find_field(const HttpFields& fields, std::string_view name) {
  std::optional<std::string> found;
  for (const HttpField& field : fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    if (found) *found += ", " + field.value;
    else found = field.value;
  }
  return found;
}

std::optional<std::string_view> HttpRequest::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

}  // namespace telepost::adapters::net
