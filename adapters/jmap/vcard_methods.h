// Contact cards in and out as vCards: our own capability, described in schema/jmap.md.
#pragma once

#include "adapters/jmap/call.h"
#include "adapters/jmap/methods.h"

namespace telepost::adapters::jmap {

inline constexpr std::string_view kVcard = "urn:telepost:params:jmap:vcard";

Method import_vcards, export_vcards;

void add_vcards(Methods& methods);  // and offers it

}  // namespace telepost::adapters::jmap
