#include "adapters/jmap/reference_codec.h"

#include <algorithm>
#include <charconv>
#include <span>

namespace telepost::adapters::jmap {
namespace {

constexpr std::ptrdiff_t kMaxTokens = 64;

Result<std::vector<std::string>> tokens_of(std::string_view pointer) {
  if (pointer.empty()) return std::vector<std::string>();  // the whole value
  if (pointer[0] != '/') return {Errc::invalid, "a pointer begins with /"};
  if (std::count(pointer.begin(), pointer.end(), '/') > kMaxTokens) return {Errc::invalid, "the pointer is too long"};
  return pointer_tokens(pointer.substr(1));
}

// RFC 6901 section 4: digits without a leading zero; "-" names nothing that is there.
std::optional<std::size_t> index_from(std::string_view token) {
  std::size_t index = 0;
  const auto [end, failure] = std::from_chars(token.data(), token.data() + token.size(), index);
  const bool is_plain = !token.empty() && (token == "0" || token[0] != '0');
  if (!is_plain || failure != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return index;
}

Result<Json> copy_of(const Json& value, ReferenceBudget& budget) {
  const std::size_t weight = weight_of(value, budget.bytes);
  if (weight > budget.bytes) return {Errc::too_large, "the references of this request copy too much"};
  budget.bytes -= weight;
  return value;
}

Result<Json> evaluate(const Json& value, std::span<const std::string> tokens, ReferenceBudget& budget) {
  const Json* at = &value;
  for (; !tokens.empty(); tokens = tokens.subspan(1)) {
    const std::string& token = tokens.front();
    if (at->is_array() && token == "*") break;
    if (at->is_object()) {
      const auto member = at->find(token);
      if (member == at->end()) return {Errc::not_found, "it has no member '" + token + "'"};
      at = &*member;
    } else {
      const auto index = at->is_array() ? index_from(token) : std::nullopt;
      if (!index || *index >= at->size()) return {Errc::not_found, "'" + token + "' points at nothing"};
      at = &(*at)[*index];
    }
  }
  if (tokens.empty()) return copy_of(*at, budget);
  Json mapped = Json::array();
  for (const Json& item : *at) {
    TELEPOST_ASSIGN(Json one, evaluate(item, tokens.subspan(1), budget));
    if (!one.is_array()) mapped.push_back(std::move(one));
    else for (Json& each : one) mapped.push_back(std::move(each));
  }
  return mapped;
}

// The three texts of a ResultReference; empty where it is none.
std::optional<std::string> text_member(const Json& reference, const char* name) {
  const auto member = reference.find(name);
  if (member == reference.end() || !member->is_string()) return std::nullopt;
  return member->get<std::string>();
}

Result<Json> resolve(const Json& reference, const std::vector<Invocation>& responses, ReferenceBudget& budget) {
  if (!reference.is_object()) return {Errc::invalid, "it is no ResultReference"};
  const auto result_of = text_member(reference, "resultOf"), name = text_member(reference, "name"), path = text_member(reference, "path");
  if (!result_of || !name || !path) return {Errc::invalid, "a ResultReference has resultOf, name and path"};
  const auto first = std::find_if(responses.begin(), responses.end(), [&](const Invocation& one) { return one.call_id == *result_of; });
  if (first == responses.end()) return {Errc::not_found, "no earlier call has the id '" + *result_of + "'"};
  if (first->name != *name) return {Errc::not_found, "the response of '" + *result_of + "' is " + first->name};
  return evaluate_pointer(first->arguments, *path, budget);
}

}  // namespace

std::optional<std::string> unescape_token(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      text += token[i];
      continue;
    }
    if (++i == token.size() || (token[i] != '0' && token[i] != '1')) return std::nullopt;
    text += token[i] == '0' ? '~' : '/';
  }
  return text;
}

Result<std::vector<std::string>> pointer_tokens(std::string_view behind_the_slash) {
  std::vector<std::string> tokens;
  for (std::size_t begin = 0; begin <= behind_the_slash.size();) {
    const std::size_t end = std::min(behind_the_slash.find('/', begin), behind_the_slash.size());
    auto token = unescape_token(behind_the_slash.substr(begin, end - begin));
    if (!token) return {Errc::invalid, "in '" + std::string(behind_the_slash) + "' ~ is followed by neither 0 nor 1"};
    tokens.push_back(*std::move(token));
    begin = end + 1;
  }
  return tokens;
}

Result<Json> evaluate_pointer(const Json& value, std::string_view pointer, ReferenceBudget& budget) {
  TELEPOST_ASSIGN(const std::vector<std::string> tokens, tokens_of(pointer));
  return evaluate(value, tokens, budget);
}

std::optional<MethodError> resolve_references(Json& arguments, const std::vector<Invocation>& responses, ReferenceBudget& budget) {
  std::vector<std::string> names;
  for (const auto& [name, value] : arguments.items()) {
    if (name.starts_with('#')) names.push_back(name);
  }
  for (const std::string& name : names) {
    if (arguments.contains(name.substr(1))) return MethodError{"invalidArguments", name.substr(1) + " and " + name + " exclude each other"};
  }
  for (const std::string& name : names) {
    Result<Json> value = resolve(arguments[name], responses, budget);
    if (!value.ok()) return MethodError{"invalidResultReference", name + ": " + value.error().detail};
    arguments.erase(name);
    arguments[name.substr(1)] = *std::move(value);
  }
  return std::nullopt;
}

}  // namespace telepost::adapters::jmap
