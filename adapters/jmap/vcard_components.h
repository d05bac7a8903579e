// N and ADR (RFC 9555 sections 2.5.5 and 2.7.1): values of several fields, as the components of a Name or an Address.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "adapters/jmap/json_codec.h"
#include "adapters/jmap/vcard_codec.h"

namespace telepost::adapters::jmap {

// Which kind each field holds, and the fields that are repeated in one before them for readers of older versions.
struct VcardFields {
  std::span<const std::string_view> kinds;
  std::size_t of_old = 0;  // so many fields had the older version
};
const VcardFields& name_fields();
const VcardFields& address_fields();

// Sets components and, where JSCOMPS tells an order, isOrdered and defaultSeparator. False: there are none.
bool read_components(const VcardLine& line, const VcardFields& fields, Json& into);
// The value, with JSCOMPS where the components have an order.
void write_components(const Json& object, const VcardFields& fields, VcardLine& into);
// As one text, in their order.
std::string text_of_components(const Json& object);

}  // namespace telepost::adapters::jmap
