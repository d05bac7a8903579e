// A Card of JSContact (RFC 9553): what one may be, and what the store keeps beside it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adapters/jmap/json_codec.h"
#include "schema/contact_records.h"

namespace telepost::adapters::jmap {

inline constexpr std::size_t kMostUidBytes = 1'024;
inline constexpr std::size_t kMostLocalizations = 50;

// What is wrong with a card, by the properties of the card itself; nothing: it is one. Properties that nobody knows are let be
// (section 1.7.1), with whatever they hold.
struct CardFaults {
  std::vector<std::string> properties;  // "emails"
  std::string first;                    // "emails/0/address: wants a text"
};
CardFaults faults_of_card(const Json& card);

// The record of a card without faults: its text, and what is looked for without reading it. Its books are the caller's.
schema::CardRecord record_of_card(const Json& card);

// "urn:uuid:…" of 16 random bytes (RFC 9562, version 4).
std::string uid_of(std::string_view random);

}  // namespace telepost::adapters::jmap
