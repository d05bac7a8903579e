// What a client or a sender writes and JMAP reads of emails: property names, blob ids, texts to look for, and any header in every form,
// which must be values that JSON can say.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/jmap/blob_codec.h"
#include "adapters/jmap/header_codec.h"
#include "adapters/jmap/header_write_codec.h"
#include "adapters/jmap/search_codec.h"

using namespace telepost::adapters::jmap;

namespace {

// What a value says stays in its field.
void write(const HeaderProperty& property, const Json& value) {
  std::string header;
  if (!append_header(header, property, value).ok()) return;
  const Json fields = HeaderFields(header).list();
  if (fields.size() > value.size() || !header.empty() != !fields.empty() || header.find("\r\n\r\n") != std::string::npos) std::abort();
  for (const Json& field : fields) {
    if (field["name"] != property.name) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(text.find('\n'), text.size());
  const std::string_view name = text.substr(0, line);
  if (const auto blob = blob_from(name); blob && to_id(*blob) != name) std::abort();
  (void)base_subject(name);
  (void)Needle(name).is_in(text);
  const auto property = header_property_from(name);
  if (property && !is_allowed(property->name, property->form)) std::abort();
  const HeaderFields fields{std::string(text)};
  (void)to_text(fields.list());
  for (const HeaderForm form : {HeaderForm::raw, HeaderForm::text, HeaderForm::addresses, HeaderForm::grouped_addresses, HeaderForm::message_ids, HeaderForm::date,
                                HeaderForm::urls}) {
    const HeaderProperty field{"To", form, true};
    const Json value = fields.value(field);
    (void)to_text(value);
    write(field, value);
  }
  return 0;
}
