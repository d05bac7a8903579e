#include "adapters/smtp/xclient_codec.h"

#include <arpa/inet.h>

#include <array>

#include "adapters/net/xtext_codec.h"
#include "adapters/smtp/path_codec.h"
#include "adapters/smtp/word_codec.h"
#include "base/bytes.h"
#include "base/unicode.h"

namespace telepost::adapters::smtp {
namespace {

using Name = Xclient::Attribute::Name;

struct Known {
  std::string_view text;
  Name name;
};
constexpr std::array<Known, 8> kKnown{{{"NAME", Name::name}, {"ADDR", Name::address}, {"PORT", Name::port}, {"PROTO", Name::protocol},
                                       {"HELO", Name::hello}, {"LOGIN", Name::login}, {"DESTADDR", Name::destination},
                                       {"DESTPORT", Name::destination_port}}};

// "192.0.2.1" or "IPV6:2001:db8::1"; what it is kept as has no prefix.
bool take_address(std::string& value) {
  const bool is_v6 = starts_with_ignoring_case(value, "IPV6:");
  if (is_v6) value.erase(0, 5);
  std::array<unsigned char, 16> parsed{};
  return inet_pton(is_v6 ? AF_INET6 : AF_INET, value.c_str(), parsed.data()) == 1;
}

bool is_well_formed(Name name, std::string& value) {
  if (value.empty() || value.size() > 255 || !is_harmless_text(value)) return false;
  switch (name) {
    case Name::name: return is_domain(value);
    case Name::hello: return is_domain(value) || is_address_literal(value);
    case Name::address:
    case Name::destination: return take_address(value);
    case Name::port:
    case Name::destination_port: return number_from(value).value_or(65536) <= 65535;
    case Name::protocol: return equals_ignoring_case(value, "SMTP") || equals_ignoring_case(value, "ESMTP");
    case Name::login: return value.find(' ') == std::string::npos;
  }
  return false;
}

}  // namespace

Command parse_xclient(std::string_view rest) {
  Xclient xclient;
  if (rest.empty()) return syntax_error("XCLIENT wants NAME=value …");
  while (!rest.empty()) {
    const Parameter parameter = parameter_from(take_word(rest));
    const Known* known = nullptr;
    for (const Known& one : kKnown) {
      if (equals_ignoring_case(one.text, parameter.name)) known = &one;
    }
    if (known == nullptr || !parameter.value) return syntax_error("XCLIENT knows no such attribute");
    if (equals_ignoring_case(*parameter.value, "[UNAVAILABLE]") || equals_ignoring_case(*parameter.value, "[TEMPUNAVAIL]")) {
      xclient.attributes.push_back({known->name, {}});
      continue;
    }
    Result<std::string> value = net::decode_xtext(*parameter.value);
    if (!value.ok() || !is_well_formed(known->name, *value)) return syntax_error("This value of XCLIENT is not well formed");
    xclient.attributes.push_back({known->name, std::move(*value)});
  }
  return xclient;
}

}  // namespace telepost::adapters::smtp
