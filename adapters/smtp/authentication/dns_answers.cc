#include "adapters/smtp/authentication/dns_answers.h"

#include <algorithm>

#include "adapters/smtp/authentication/public_suffix.h"
#include "base/bytes.h"

namespace telepost::adapters::smtp::authentication {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

bool has_possible_labels(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    if (end == begin || end - begin > 63) return false;
    begin = end + 1;
  }
  return name.back() != '.';
}

}  // namespace

std::string_view name_of(RecordType type) {
  switch (type) {
    case RecordType::a: return "A";
    case RecordType::aaaa: return "AAAA";
    case RecordType::mx: return "MX";
    case RecordType::txt: return "TXT";
    case RecordType::ptr: return "PTR";
  }
  return "";
}

const Answer* DnsAnswers::find(RecordType type, std::string_view name) {
  static const Answer kNothing;
  static const Answer kTooMany{Answer::Status::too_many, {}};
  const std::optional<std::string> usable = dns_name(name);
  if (!usable) return &kNothing;
  Question question{type, *usable};
  const auto known = known_.find(question);
  if (known != known_.end()) return &known->second;
  if (std::find(missing_.begin(), missing_.end(), question) != missing_.end()) return nullptr;
  if (known_.size() + missing_.size() >= kMostQuestions) return &kTooMany;
  missing_.push_back(std::move(question));
  return nullptr;
}

std::optional<std::string> dns_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > 1024) return std::nullopt;
  const std::optional<std::string> ascii = is_ascii(name) ? to_lower(name) : to_a_labels(name);
  if (!ascii || !has_possible_labels(*ascii)) return std::nullopt;
  // What a resolver would take for an escape, or cut; nobody has such a name.
  if (std::any_of(ascii->begin(), ascii->end(), [](char c) { return c <= ' ' || c == 0x7f || c == '\\'; })) return std::nullopt;
  return ascii;
}

std::string reverse_name(const IpAddress& address) {
  std::string name;
  const std::string_view octets = address.bytes();
  for (std::size_t i = octets.size(); i-- > 0;) {
    const auto octet = static_cast<unsigned char>(octets[i]);
    if (address.is_v6) {
      name.append({kHexDigits[octet & 15], '.', kHexDigits[octet >> 4], '.'});
    } else {
      name.append(std::to_string(octet)).append(".");
    }
  }
  return name + (address.is_v6 ? "ip6.arpa" : "in-addr.arpa");
}

}  // namespace telepost::adapters::smtp::authentication
