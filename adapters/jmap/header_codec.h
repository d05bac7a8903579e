// Header fields as RFC 8621 section 4.1.2 and 4.1.3 show them: header:{name}, as one form or another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/jmap/json_codec.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/header.h"

namespace telepost::adapters::jmap {

enum class HeaderForm : std::uint8_t { raw, text, addresses, grouped_addresses, message_ids, date, urls };

struct HeaderProperty {
  std::string name;  // of the field
  HeaderForm form = HeaderForm::raw;
  bool is_all = false;  // every one of that name, in a list; else the last one
  bool operator==(const HeaderProperty&) const = default;
};

// "header:List-Post:asURLs:all". Nothing: it is no such property, or a form that the field may not be asked for in.
std::optional<HeaderProperty> header_property_from(std::string_view property);
// messageId, from, subject … (section 4.1.3): each a form of a field. Nothing: it is none of these.
std::optional<HeaderProperty> convenience_header(std::string_view property);
// Whether the RFC lets the field be asked for in that form (section 4.1.2).
bool is_allowed(std::string_view field, HeaderForm form);

// The fields of one header.
class HeaderFields {
 public:
  HeaderFields() = default;
  explicit HeaderFields(std::string header);
  HeaderFields(HeaderFields&&) = delete;  // views into its own bytes

  Json value(const HeaderProperty& property) const;
  Json list() const;  // EmailHeader[]
  // The last one's value as it stands, without its line ends; nothing: there is none.
  std::optional<std::string> find(std::string_view name) const;
  std::vector<std::string> all(std::string_view name) const;  // the same of every one of them

 private:
  std::string bytes_;
  std::vector<transcoders::mime::FieldView> fields_;
};

Json to_json(const transcoders::mime::Mailbox& mailbox);  // EmailAddress
// Also what a client gives where an EmailAddress[] is wanted. Error: invalid.
Result<std::vector<transcoders::mime::Mailbox>> mailboxes_from(const Json& addresses);

}  // namespace telepost::adapters::jmap
