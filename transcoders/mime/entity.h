// The bytes of header fields and MIME entities, for the builder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "transcoders/mime/builder.h"

namespace telepost::transcoders::mime {

// name: value, folded at white space to lines of at most 78 bytes where it can be. invalid: a name or value
// that no header can carry (RFC 5322 section 2.2), or a word over 998 bytes.
Result<void> append_field(std::string& header, std::string_view name, std::string_view value);
// Like append_field, for text (RFC 2047 where needed).
Result<void> append_text_field(std::string& header, std::string_view name, std::string_view text);
Result<void> append_mailboxes(std::string& header, std::string_view name,
                              const std::vector<Mailbox>& mailboxes);

// "; filename="a b.txt"", by RFC 2231 where it has to be.
std::string file_parameter(std::string_view name, std::string_view value);

// An entity: its Content-* fields, and its body, which ends without a line end of its own only inside a
// multipart.
struct Entity {
  std::string fields;
  std::string body;
};

enum class Disposition { none, inlined, attachment };

// text/subtype; charset=utf-8, 7bit where it can be, else quoted-printable or base64, whichever is shorter.
Entity text_entity(std::string_view subtype, std::string_view text);
// disposition_parameters and type_parameters: "; name=value …" that stand behind.
Result<Entity> media_entity(const MediaPart& media, Disposition disposition,
                            std::string_view disposition_parameters = {},
                            std::string_view type_parameters = {});
// The boundary occurs in no child.
Result<Entity> multipart_entity(std::string_view subtype, std::string_view parameters,
                                const std::vector<Entity>& children);

}  // namespace telepost::transcoders::mime
