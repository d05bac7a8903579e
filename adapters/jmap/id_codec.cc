#include "adapters/jmap/id_codec.h"

#include <algorithm>
#include <charconv>

namespace telepost::adapters::jmap {
namespace {

// Exactly the digits, as std::to_chars writes them: no sign, no leading zero, lower case.
std::optional<std::uint64_t> number_in(std::string_view digits, int radix) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number, radix);
  const bool is_upper = std::any_of(digits.begin(), digits.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (digits.empty() || failure != std::errc() || end != digits.data() + digits.size() || is_upper) return std::nullopt;
  if (digits[0] == '0' && digits.size() > 1) return std::nullopt;
  return number;
}

std::string digits_of(std::uint64_t number, int radix) {
  char digits[20];
  return {digits, std::to_chars(digits, digits + sizeof digits, number, radix).ptr};
}

}  // namespace

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool is_id_or_reference(std::string_view text) { return is_id(text.starts_with('#') ? text.substr(1) : text); }

std::string to_id(schema::AccountId account) {
  const std::string digits = digits_of(account.value, 16);
  return "a" + std::string(16 - digits.size(), '0') + digits;
}

std::string to_id(schema::MailboxId mailbox) { return "m" + digits_of(mailbox.value, 10); }

std::string to_id(char letter, std::uint64_t number) { return letter + digits_of(number, 16); }

std::optional<schema::AccountId> account_from(std::string_view id) {
  if (id.size() != 17 || id[0] != 'a') return std::nullopt;
  id.remove_prefix(1);
  const auto number = number_in(id.substr(std::min(id.find_first_not_of('0'), std::size_t{15})), 16);
  return number ? std::optional(schema::AccountId{*number}) : std::nullopt;
}

std::optional<schema::MailboxId> mailbox_from(std::string_view id) {
  if (id.empty() || id[0] != 'm') return std::nullopt;
  const auto number = number_in(id.substr(1), 10);
  if (!number || *number == 0 || *number > UINT32_MAX) return std::nullopt;
  return schema::MailboxId{static_cast<std::uint32_t>(*number)};
}

std::optional<std::uint64_t> number_from(char letter, std::string_view id) {
  if (id.empty() || id[0] != letter) return std::nullopt;
  const auto number = number_in(id.substr(1), 16);
  return number && *number != 0 ? number : std::nullopt;
}

std::string to_state(schema::Modseq modseq) { return digits_of(modseq.value, 10); }

std::optional<schema::Modseq> state_from(std::string_view state) {
  const auto number = number_in(state, 10);
  return number ? std::optional(schema::Modseq{*number}) : std::nullopt;
}

std::optional<std::string> CreatedIds::resolve(std::string_view id) const {
  if (!id.starts_with('#')) return std::string(id);
  const auto found = ids_.find(id.substr(1));
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace telepost::adapters::jmap
