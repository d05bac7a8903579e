// Any value: every field parser ends, and what it gives as text is UTF-8 that XML 1.0 can hold.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/bytes.h"
#include "transcoders/mime/charset.h"
#include "transcoders/mime/describe.h"
#include "transcoders/mime/fields.h"
#include "transcoders/mime/transfer.h"

namespace {

using namespace telepost;
using namespace telepost::transcoders::mime;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_text(std::string_view text, bool one_line = true) {
  require(is_valid_utf8(text));
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    require(c != 0x7f && (c >= 0x20 || c == '\t' || (!one_line && (c == '\n' || c == '\r'))));
    require(text.substr(i, 3) != "\xEF\xBF\xBE" && text.substr(i, 3) != "\xEF\xBF\xBF");
  }
}

void check_parameters(std::string_view value) {
  const ParameterizedValue parsed = parse_parameterized(value);
  require(parsed.parameters.size() <= kMaxParameters);
  for (const Parameter& parameter : parsed.parameters) {
    require_text(parsed.text_of(parameter.name));
    if (parameter.extended) require_text(parameter.value);
  }
  require(is_token(parse_encoding(value)));
}

void check_addresses(std::string_view value) {
  for (const Mailbox& mailbox : parse_addresses(value)) {
    require_text(mailbox.display_name);
    require_text(mailbox.address);
    require(mailbox.address.find('@') != std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view value(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 8) {
    case 0: check_parameters(value); break;
    case 1: check_addresses(value); break;
    case 2:
      require_text(decode_words(value));
      require_text(decode_words(value, WordContext::phrase));
      break;
    case 3: (void)parse_date(value); break;
    case 4:
      for (const std::string& id : parse_message_ids(value)) require_text(id);
      require_text(parse_message_id(value));
      break;
    case 5: {
      constexpr std::string_view kLabels[] = {"iso-2022-jp", "gb18030",   "utf-7",  "euc-kr",
                                              "big5",        "shift_jis", "utf-16", "windows-1252",
                                              "utf-8",       "",          "koi8-r", "no-such"};
      for (const std::string_view label : kLabels) require_text(to_utf8(value, label), false);
      break;
    }
    case 6:
      require(decode_quoted_printable(encode_quoted_printable(decode_words(value))) == decode_words(value));
      require(decode_base64(encode_base64_lines(value)) == value);
      (void)decode_base64(value);
      (void)decode_quoted_printable(value);
      break;
    case 7:
      require_text(text_of_html(value));
      require(trim(decode_words(unfold(encode_words(value)))) == trim(clean_text(value)));
      break;
    default: break;
  }
  return 0;
}
