#include "adapters/smtp/authentication/tag_list.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_tag_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) && std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-';  // the hyphen: unknown tags of records
  });
}

bool is_white(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

bool is_value(std::string_view value) {
  return std::all_of(value.begin(), value.end(), [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return is_white(c) || (octet > ' ' && octet != 0x7f);
  });
}

}  // namespace

Result<TagList> TagList::parse(std::string_view text) {
  TagList list;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(';', begin), text.size());
    const std::string_view spec = trim(text.substr(begin, end - begin));
    begin = end + 1;
    if (spec.empty() && begin >= text.size()) break;  // the last semicolon may end the list
    const std::size_t equals = spec.find('=');
    if (equals == std::string_view::npos) return {Errc::invalid, "a tag without a value"};
    const Tag tag{trim(spec.substr(0, equals)), trim(spec.substr(equals + 1))};
    if (!is_tag_name(tag.name) || !is_value(tag.value)) return {Errc::invalid, "a tag breaks the grammar"};
    if (list.find(tag.name)) return {Errc::invalid, "the tag " + std::string(tag.name.substr(0, 20)) + "= stands twice"};
    if (list.tags_.size() == kMaxTags) return {Errc::too_many, "too many tags"};
    list.tags_.push_back(tag);
  }
  return list;
}

std::optional<std::string_view> TagList::find(std::string_view name) const {
  for (const Tag& tag : tags_) {
    if (tag.name == name) return tag.value;
  }
  return std::nullopt;
}

std::string without_white_space(std::string_view text) {
  std::string bare;
  bare.reserve(text.size());
  std::copy_if(text.begin(), text.end(), std::back_inserter(bare), [](char c) { return !is_white(c); });
  return bare;
}

std::optional<std::uint64_t> number_from(std::string_view digits, std::size_t most) {
  if (digits.empty() || digits.size() > most || digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(number) : std::nullopt;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(trim(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return parts;
}

}  // namespace telepost::adapters::smtp::authentication
